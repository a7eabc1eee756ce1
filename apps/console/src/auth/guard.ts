import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mayUse } from '../access.ts';
import { ApiError } from '../errors/api-error.ts';
import { Audit } from './audit.ts';
import { bootstrapName, bootstrapWarning } from './bootstrap-token.ts';
import { People } from './people.ts';
import { callerOf, identify, requestId, type Identity } from './request.ts';

/** Stands before every route: who is there, and may he. What access.ts does not allow is refused. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly people: People,
    private readonly audit: Audit,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    void reply.header('Sallyport-Request-Id', requestId(request)).header('Cache-Control', 'no-store');
    const route = `${request.method} ${request.routeOptions.url ?? ''}`;
    if (mayUse(route, null) === 'allowed') return true;
    const identity = await this.#login(request, reply);
    identify(request, identity);
    if (mayUse(route, identity.roles) === 'allowed') return true;
    if (request.method !== 'GET') await this.audit.note(callerOf(request, identity), route, request.url.slice(0, 200), 'forbidden');
    throw new ApiError('forbidden', `${identity.person} may not use ${route}`);
  }

  async #login(request: FastifyRequest, reply: FastifyReply): Promise<Identity> {
    const token = /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) {
      void reply.header('WWW-Authenticate', 'Bearer');
      throw new ApiError('unauthenticated', 'a token is needed: Authorization: Bearer …');
    }
    const { remoteAddress = 'unknown', remotePort = 0 } = request.socket;
    const identity = await this.people.who({ token, address: remoteAddress, port: remotePort, client: request.headers['user-agent']?.slice(0, 256) ?? null });
    if (identity.person === bootstrapName) void reply.header('Sallyport-Warning', bootstrapWarning);
    return identity;
  }
}
