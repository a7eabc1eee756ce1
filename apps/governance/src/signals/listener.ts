import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { Log } from '@sallyport/platform-telemetry';
import { bodyOf, type Answer, type Asked } from './asked.ts';
import type { KnownDirectory } from './directories.ts';

const maxBody = 1024 * 1024;
/** A request is one small document: who is slower than this is not asking. In milliseconds. */
const patience = 10_000;
const maxConnections = 500;

/** A protocol behind its path, spoken by directories of one kind. */
export interface Protocol {
  /** `/scim/v2`. */
  readonly prefix: string;
  readonly kind: KnownDirectory['kind'];
  readonly contentType: string;
  answer(asked: Asked): Promise<Answer>;
  /** What somebody is told whose token is not known, who comes too often, or whom we cannot look up. */
  refusal(status: 401 | 429 | 503, say: string): object;
}

export interface ListenerParts {
  readonly host: string;
  readonly port: number;
  /** PEM texts. Null: plain HTTP, which the configuration lets through on loopback alone. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** By which directories know us, without a trailing slash; null: by the Host that they ask for. */
  readonly publicUrl: string | null;
  readonly protocols: readonly Protocol[];
  /** Whose token this is. Throws where that cannot be looked up. */
  known(token: string): Promise<KnownDirectory | null>;
  /** @returns seconds to wait, 0 for none */
  wait(directory: string): number;
  /** Somebody came with no token of ours. @returns seconds until this address may try again */
  stranger(address: string, prefix: string): Promise<number>;
  readonly log: Log;
}

export interface Listener {
  readonly url: string;
  close(): Promise<void>;
}

/** Where directories and transmitters of security events come in: a door of its own, since neither machines nor operators have business there. */
export async function listen(parts: ListenerParts): Promise<Listener> {
  const options = { maxHeaderSize: 16 * 1024, requestTimeout: patience, headersTimeout: patience, keepAliveTimeout: 15_000 };
  const answer = (request: IncomingMessage, response: ServerResponse) => void serve(parts, request, response);
  const server = parts.tls === null ? createHttp(options, answer) : createHttps({ ...options, ...parts.tls, minVersion: 'TLSv1.2', handshakeTimeout: patience }, answer);
  server.maxConnections = maxConnections;
  await new Promise<void>((done, failed) => server.once('error', failed).listen(parts.port, parts.host, done));
  const at = server.address();
  const port = typeof at === 'object' && at !== null ? at.port : parts.port;
  return {
    url: `${parts.tls === null ? 'http' : 'https'}://${parts.host.includes(':') ? `[${parts.host}]` : parts.host}:${port}`,
    close: () => new Promise((done) => {
      server.close(() => done());
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 2000).unref();
    }),
  };
}

async function serve(parts: ListenerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const target = request.url ?? '/';
    if (!target.startsWith('/') || !URL.canParse(target, 'http://here')) return send(response, 'text/plain', { status: 400, body: null });
    const url = new URL(target, 'http://here');
    const protocol = parts.protocols.find(({ prefix }) => url.pathname === prefix || url.pathname.startsWith(`${prefix}/`));
    if (protocol === undefined) return send(response, 'text/plain', { status: 404, body: null });
    const { status, body, headers = {} } = await admitted(parts, protocol, request, url);
    send(response, protocol.contentType, { status, body, headers: status === 413 || status === 429 || status === 401 ? { ...headers, connection: 'close' } : headers });
  } catch (error) {
    if (!request.destroyed) parts.log.error('a request of a directory failed', { error });
    send(response, 'text/plain', { status: 500, body: null });
  }
}

async function admitted(parts: ListenerParts, protocol: Protocol, request: IncomingMessage, url: URL): Promise<Answer> {
  const token = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(request.headers.authorization ?? '')?.[1];
  const directory = await look(parts, token);
  if (directory === 'unknown') return { status: 503, body: protocol.refusal(503, 'who you are cannot be looked up at this moment; try again'), headers: { 'retry-after': '2' } };
  if (directory === null || directory.kind !== protocol.kind) {
    const wait = await parts.stranger(request.socket.remoteAddress ?? 'unknown', protocol.prefix);
    if (wait > 0) return { status: 429, body: protocol.refusal(429, `too many requests without a token of ours: wait ${wait} s`), headers: { 'retry-after': String(wait) } };
    return { status: 401, body: protocol.refusal(401, 'a token of a directory is needed: `sallyport directories add` gives one'), headers: { 'www-authenticate': 'Bearer' } };
  }
  const wait = parts.wait(directory.name);
  if (wait > 0) return { status: 429, body: protocol.refusal(429, `too many requests: wait ${wait} s`), headers: { 'retry-after': String(wait) } };
  const scheme = parts.tls === null ? 'http' : 'https';
  return protocol.answer({
    directory, method: request.method ?? 'GET', path: url.pathname.slice(protocol.prefix.length).replace(/\/+$/, ''), query: url.searchParams, type: request.headers['content-type'] ?? '',
    base: `${parts.publicUrl ?? `${scheme}://${request.headers.host ?? 'localhost'}`}${protocol.prefix}`, body: () => bodyOf(request, maxBody),
  });
}

async function look(parts: ListenerParts, token: string | undefined): Promise<KnownDirectory | null | 'unknown'> {
  if (token === undefined) return null;
  try {
    return await parts.known(token);
  } catch (error) {
    parts.log.warn('a directory cannot be looked up', { error });
    return 'unknown';
  }
}

function send(response: ServerResponse, contentType: string, { status, body, headers = {} }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const text = body === null ? '' : JSON.stringify(body);
  response.writeHead(status, { ...(body === null ? {} : { 'content-type': contentType }), 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store', ...headers }).end(text);
}
