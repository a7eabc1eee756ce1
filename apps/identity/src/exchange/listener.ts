import { createHash } from 'node:crypto';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket, type DetailedPeerCertificate } from 'node:tls';
import { maxManifestBytes } from '@sallyport/platform-bus';
import { dpopAlgorithms, plainAddress } from '@sallyport/platform-identity';
import type { Log } from '@sallyport/platform-telemetry';
import type { AccessAnswer, AccessCall } from '../entitlements/access-door.ts';
import type { Exchanged } from './exchanger.ts';
import type { Asker } from './grant.ts';
import { OAuthError } from './oauth-error.ts';
import { readRequest, type ExchangeRequest } from './request.ts';
import { exchangeGrant } from './token-types.ts';

const maxBody = 64 * 1024;
/** An exchange is one small request: who is slower than this is not asking. In milliseconds. */
const patience = 10_000;
const maxConnections = 1000;
/** Of a client's chain; one more than any path may have. */
const mostCertificates = 6;

export interface ListenerParts {
  readonly host: string;
  readonly port: number;
  /** PEM texts. Null: plain HTTP, which the configuration lets through on loopback alone. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** By which clients know us, without a trailing slash; null: by the Host that they ask for. */
  readonly publicUrl: string | null;
  /** @returns seconds to wait, 0 for none */
  wait(address: string): number;
  exchange(request: ExchangeRequest, asker: Asker): Promise<Exchanged>;
  /** Verifies a DPoP proof and remembers it. Throws OAuthError. @returns `jkt` */
  prove(proof: string, url: string): Promise<string>;
  /** Machines ask for access. */
  access(call: AccessCall): Promise<AccessAnswer>;
  /** Machines ask leave for many statements at once. */
  manifests(call: AccessCall): Promise<AccessAnswer>;
  /** Texts by path that anybody may read. */
  readonly wellKnown: ReadonlyMap<string, string>;
  readonly log: Log;
}

export interface Listener {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Where machines exchange tokens: a door of its own. It is not the console's, because machines need not reach the operators' API, and because client certificates and
 * tokens go to the one service that looks at them, through nobody else.
 */
export async function listen(parts: ListenerParts): Promise<Listener> {
  const options = { maxHeaderSize: 32 * 1024, requestTimeout: patience, headersTimeout: patience, keepAliveTimeout: 5000 };
  const answer = (request: IncomingMessage, response: ServerResponse) => void serve(parts, request, response);
  // A client certificate binds the ticket to its key (RFC 8705); whose it is does not matter, so that self-signed ones will do.
  const server = parts.tls === null ? createHttp(options, answer) : createHttps({ ...options, ...parts.tls, minVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: false, handshakeTimeout: patience }, answer);
  server.maxConnections = maxConnections;
  await new Promise<void>((done, failed) => server.once('error', failed).listen(parts.port, parts.host, done));
  const at = server.address() satisfies AddressInfo | string | null;
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
    const path = (request.url ?? '/').split('?', 1).join('');
    if (path === '/v1/token') return send(request, response, 200, await exchange(parts, request));
    if (path === '/v1/access' || path.startsWith('/v1/access/')) return await ask(parts, request, response, { path, most: maxBody, answer: (call) => parts.access(call) });
    if (path === '/v1/manifests' || path.startsWith('/v1/manifests/')) return await ask(parts, request, response, { path, most: maxManifestBytes, answer: (call) => parts.manifests(call) });
    const text = request.method === 'GET' ? wellKnown(parts, request, path) : undefined;
    if (text === undefined) return void response.writeHead(404, { 'content-type': 'text/plain' }).end('not found; POST /v1/token exchanges tokens, POST /v1/access asks for access, POST /v1/manifests for leave for many statements\n');
    response.writeHead(200, { 'content-type': path.endsWith('-server') ? 'application/json' : 'text/plain; charset=utf-8', 'cache-control': 'max-age=300' }).end(text);
  } catch (error) {
    refuse(parts, request, response, error);
  }
}

async function exchange(parts: ListenerParts, request: IncomingMessage): Promise<Exchanged> {
  const address = plainAddress(request.socket.remoteAddress ?? 'unknown');
  if (request.method !== 'POST') throw new OAuthError('invalid_request', 'method', 'an exchange is a POST');
  const wait = parts.wait(address);
  if (wait > 0) throw new OAuthError('slow_down', String(wait), `too many exchanges from this address: wait ${wait} s`);
  if (!/^application\/x-www-form-urlencoded(?:;|$)/i.test(request.headers['content-type'] ?? '')) throw new OAuthError('invalid_request', 'content-type', 'the body must be application/x-www-form-urlencoded');
  const proof = request.headersDistinct['dpop'];
  if (proof !== undefined && proof.length !== 1) throw new OAuthError('invalid_dpop_proof', 'dpop', 'one DPoP header at most');
  const asked = readRequest(new URLSearchParams(await body(request)));
  const [dpop] = proof ?? [];
  const jkt = dpop === undefined ? null : await parts.prove(dpop, `${urlOf(parts, request)}/v1/token`);
  return parts.exchange(asked, { address, jkt, x5t: thumbprint(request), chain: chainOf(request) });
}

interface Door {
  readonly path: string;
  /** Bytes of a body. */
  readonly most: number;
  answer(call: AccessCall): Promise<AccessAnswer>;
}

/** Asking is limited like exchanges are, by the same count; looking at what became of it too. */
async function ask(parts: ListenerParts, request: IncomingMessage, response: ServerResponse, { path, most, answer }: Door): Promise<void> {
  const address = plainAddress(request.socket.remoteAddress ?? 'unknown');
  const wait = parts.wait(address);
  if (wait > 0) throw new OAuthError('slow_down', String(wait), `too many requests from this address: wait ${wait} s`);
  const { status, headers, json } = await answer({
    method: request.method ?? '', path, address, contentType: request.headers['content-type'] ?? '', authorization: request.headers.authorization ?? null, x5t: thumbprint(request), body: () => body(request, most),
  });
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache', ...headers }).end(`${JSON.stringify(json)}\n`);
}

/** `x5t#S256` of the certificate whose key the client has proven to hold in the handshake. */
function thumbprint({ socket }: IncomingMessage): string | null {
  if (!(socket instanceof TLSSocket)) return null;
  const { raw } = socket.getPeerCertificate();
  return raw === undefined ? null : createHash('sha256').update(raw).digest('base64url');
}

/** As the client sent them. A certificate that names itself as its issuer ends the list. */
function chainOf({ socket }: IncomingMessage): readonly Uint8Array[] {
  if (!(socket instanceof TLSSocket)) return [];
  const chain: Uint8Array[] = [];
  for (let at: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true); at?.raw !== undefined && chain.length < mostCertificates; at = at.issuerCertificate === at ? undefined : at.issuerCertificate) chain.push(at.raw);
  return chain;
}

async function body(request: IncomingMessage, most = maxBody): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > most) throw new OAuthError('invalid_request', 'too-large', `the body is larger than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function urlOf({ publicUrl, tls }: ListenerParts, request: IncomingMessage): string {
  return publicUrl ?? `${tls === null ? 'http' : 'https'}://${request.headers.host ?? 'localhost'}`;
}

function wellKnown(parts: ListenerParts, request: IncomingMessage, path: string): string | undefined {
  if (path !== '/.well-known/oauth-authorization-server') return parts.wellKnown.get(path);
  // RFC 8414, as far as there is something to say.
  const issuer = urlOf(parts, request);
  return `${JSON.stringify({ issuer, token_endpoint: `${issuer}/v1/token`, grant_types_supported: [exchangeGrant], response_types_supported: [], token_endpoint_auth_methods_supported: ['none'], dpop_signing_alg_values_supported: dpopAlgorithms, tls_client_certificate_bound_access_tokens: true })}\n`;
}

/** JSON as RFC 8693 has it; for `Accept: text/plain` the ticket or certificate alone, so that curl can write it into a file. */
function send(request: IncomingMessage, response: ServerResponse, status: number, answer: Exchanged): void {
  const plain = wantsText(request);
  response.writeHead(status, { 'content-type': plain ? 'text/plain; charset=utf-8' : 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' }).end(plain ? `${answer.access_token}\n` : `${JSON.stringify(answer)}\n`);
}

function refuse({ log }: ListenerParts, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const known = error instanceof OAuthError ? error : new OAuthError('server_error', 'internal', 'our fault; the log has the rest');
  if (error !== known && !request.destroyed) log.error('an exchange failed', { error });
  if (response.headersSent || response.destroyed) return;
  const plain = wantsText(request);
  const headers = { 'content-type': plain ? 'text/plain; charset=utf-8' : 'application/json', 'cache-control': 'no-store', pragma: 'no-cache', ...(known.code === 'slow_down' ? { 'retry-after': known.reason } : {}), ...(known.reason === 'too-large' ? { connection: 'close' } : {}) };
  response.writeHead(known.status, headers).end(plain ? `${known.code}: ${known.description}\n` : `${JSON.stringify({ error: known.code, error_description: known.description })}\n`);
}

const wantsText = (request: IncomingMessage) => /^text\/plain(?:;|,|$)/i.test(request.headers.accept ?? '');
