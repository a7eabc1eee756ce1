import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { longestAddCheckpoint } from '@sallyport/engine-evidence';
import type { Answer, Witness } from './witness.ts';

/** One line a fact: the message is a constant sentence. */
export type Say = (level: 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** `POST /add-checkpoint`, `GET /vkey`, `/livez`, `/readyz`. Not listening yet. */
export function witnessServer(witness: Witness, say: Say): Server {
  const limits = { requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 60_000, maxHeaderSize: 8 * 1024 };
  const server = createServer(limits, (request, response) => {
    serve(witness, say, request, response).catch((error: unknown) => {
      say('error', 'a request failed', { error: error instanceof Error ? error.message : 'unknown' });
      if (!response.headersSent) text(response, 500, 'it failed; the log of the witness says why\n');
    });
  });
  server.maxConnections = 256;
  return server;
}

async function serve(witness: Witness, say: Say, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '' } = request;
  if (url === '/add-checkpoint') {
    if (method !== 'POST') return text(response, 405, 'POST it\n', { allow: 'POST' });
    const body = await bodyOf(request);
    if (body === null) return text(response, 413, 'too large\n', { connection: 'close' });
    return answer(response, witness.add(body), say);
  }
  if (method !== 'GET') return text(response, 404, 'not found\n');
  switch (url) {
    case '/vkey':
      return text(response, 200, `${witness.verifierKey}\n`);
    case '/livez':
    case '/readyz':
      return text(response, 200, 'ok\n');
    default:
      return text(response, 404, 'not found\n');
  }
}

function answer(response: ServerResponse, what: Answer, say: Say): void {
  switch (what.status) {
    case 200:
      say('info', 'cosigned', { origin: what.checkpoint.origin, size: what.checkpoint.size });
      return text(response, 200, what.line);
    case 409:
      if (what.conflict) say('error', 'a log has signed two roots for one size', { size: what.size });
      return text(response, 409, `${what.size}\n`, { 'content-type': 'text/x.tlog.size' });
    default:
      if (what.status === 422) say('error', 'a log has signed what does not continue its last checkpoint, or has sent a wrong proof');
      return text(response, what.status, `${what.say}\n`);
  }
}

/** Null as soon as it is too long. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | null> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    if (!(part instanceof Uint8Array)) throw new TypeError('a body is bytes');
    length += part.length;
    if (length > longestAddCheckpoint) return null;
    parts.push(Buffer.from(part));
  }
  return Buffer.concat(parts);
}

function text(response: ServerResponse, status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headers }).end(body);
}
