import { createServer as createPlain, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { metricsText, type Log } from '@sallyport/platform-telemetry';
import type { Readiness } from './readiness.ts';

/**
 * The service's HTTP server. Health and metrics answer from the first moment, before the bus and the database are there; the rest
 * answers 503 until Nest's handler is set.
 */
export class HttpDoor {
  readonly server: Server;
  readonly #readiness: Readiness;
  readonly #log: Log;
  #rest: RequestListener | null = null;

  constructor(readiness: Readiness, tls: { readonly cert: string; readonly key: string } | null, log: Log) {
    this.#readiness = readiness;
    this.#log = log;
    const listener: RequestListener = (request, response) => this.#serve(request, response);
    const limits = { requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 5_000, maxHeaderSize: 32 * 1024 };
    this.server = tls === null ? createPlain(limits, listener) : createTls({ ...limits, cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2' }, listener);
  }

  /** What answers everything besides health and metrics. */
  handOver(rest: RequestListener): void {
    this.#rest = rest;
  }

  /** @returns `host:port` */
  async listen(host: string, port: number): Promise<string> {
    await new Promise<void>((done, failed) => {
      this.server.once('error', failed);
      this.server.listen(port, host, () => {
        this.server.off('error', failed);
        done();
      });
    });
    const bound: AddressInfo | string | null = this.server.address();
    return typeof bound === 'object' && bound !== null ? `${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}` : '';
  }

  /** Takes no more connections and ends the idle ones; those at work get one second. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise<void>((done) => this.server.close(() => done()));
    this.server.closeIdleConnections();
    const cut = setTimeout(() => this.server.closeAllConnections(), 1000);
    await closed;
    clearTimeout(cut);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    switch (request.url) {
      case '/livez':
        return json(response, 200, { live: true });
      case '/readyz':
        return this.#ready(response);
      case '/metrics':
        return void this.#metrics(response);
      default:
        if (this.#rest === null) json(response, 503, { error: { code: 'unavailable', say: 'the service is starting' } });
        else this.#rest(request, response);
    }
  }

  #ready(response: ServerResponse): void {
    const waiting = this.#readiness.waiting();
    const ready = Object.keys(waiting).length === 0;
    const notes = this.#readiness.notes();
    json(response, ready ? 200 : 503, { ready, waiting, ...(Object.keys(notes).length === 0 ? {} : { notes }) });
  }

  async #metrics(response: ServerResponse): Promise<void> {
    try {
      const { type, text } = await metricsText();
      response.writeHead(200, { 'content-type': type }).end(text);
    } catch (error) {
      this.#log.error('metrics could not be read', { error });
      json(response, 500, { error: { code: 'internal', say: 'metrics could not be read' } });
    }
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body));
}
