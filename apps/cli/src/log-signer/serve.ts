import { chmodSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { RefusedToSign, type KeyKeeper } from './keeper.ts';

/** A request is a checkpoint in base64 at most; longer ones are none. Characters. */
const longest = 4096;
/** A client that asks nothing is let go. Milliseconds. */
const idleMs = 10_000;
/** At once. There is one client, and one who looks after it. */
const mostClients = 16;

export type Say = (line: string) => void;

/**
 * Answers at a Unix socket, one line for each line: `key` → `ok VKEY`; `sign BASE64` → `ok BASE64` of the signature, or `no REASON`. Who may connect, the rights of the socket and of its directory say. Throws when somebody
 * else answers there.
 */
export async function serve(keeper: KeyKeeper, path: string, mode: number, say: Say): Promise<Server> {
  if (await answers(path)) throw new Error(`another signer answers at ${path}`);
  rmSync(path, { force: true });
  const server = createServer((socket) => listen(socket, keeper, say));
  server.maxConnections = mostClients;
  // Nobody else may connect between the making of the socket and its rights.
  const before = process.umask(0o177);
  try {
    await new Promise<void>((done, failed) => server.once('error', failed).listen(path, done));
  } finally {
    process.umask(before);
  }
  chmodSync(path, mode);
  return server;
}

function listen(socket: Socket, keeper: KeyKeeper, say: Say): void {
  let open = '';
  socket.setEncoding('utf8').setTimeout(idleMs, () => socket.destroy());
  // A client that goes is no event.
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    open += text;
    for (let end = open.indexOf('\n'); end !== -1; end = open.indexOf('\n')) {
      socket.write(`${answer(open.slice(0, end), keeper, say)}\n`);
      open = open.slice(end + 1);
    }
    if (open.length > longest) socket.destroy();
  });
}

function answer(line: string, keeper: KeyKeeper, say: Say): string {
  if (line === 'key') return `ok ${keeper.vkey}`;
  const [, encoded] = /^sign ([A-Za-z0-9+/]{1,4000}={0,2})$/.exec(line) ?? [];
  if (encoded === undefined) return 'no not a request: key, or sign and base64';
  try {
    return `ok ${Buffer.from(keeper.sign(Buffer.from(encoded, 'base64'))).toString('base64')}`;
  } catch (error) {
    if (!(error instanceof RefusedToSign)) {
      say(`cannot sign: ${error instanceof Error ? error.message : 'it failed'}`);
      return 'no the signer cannot keep what it signs';
    }
    say(`refused: ${error.message}`);
    return `no ${error.message}`;
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection(path);
    socket.on('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => done(false));
  });
}
