import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '@sallyport/platform-telemetry';
import { requestId } from '../auth/request.ts';
import { ApiError } from './api-error.ts';

/** Turns whatever a request ended in into the one shape of errors. Texts of errors that were not written for people stay in the log. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const id = requestId(http.getRequest<FastifyRequest>());
    const error = thrown instanceof ApiError ? thrown : this.#known(thrown, id);
    void http.getResponse<FastifyReply>().status(error.status).send({ error: { code: error.code, say: error.message, requestId: id } });
  }

  #known(thrown: unknown, id: string): ApiError {
    const status = thrown instanceof HttpException ? thrown.getStatus() : statusCode(thrown);
    switch (status) {
      case 404:
        return new ApiError('not-found', 'there is no such route');
      case 413:
        return new ApiError('too-large', 'the request is too large');
      case 400:
      case 415:
        return new ApiError('invalid', 'the request is not JSON of the expected form');
      default:
        this.#log.error('a request failed', { requestId: id, error: thrown });
        return new ApiError('internal', 'failed; the log of the console has the rest under the request id');
    }
  }
}

/** Fastify's own errors carry their status. */
function statusCode(thrown: unknown): number {
  return typeof thrown === 'object' && thrown !== null && 'statusCode' in thrown && typeof thrown.statusCode === 'number' ? thrown.statusCode : 500;
}
