import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Target } from '@sallyport/domain-model';
import { FrameSplitter } from '@sallyport/protocol-relay';
import type { ScriptedTarget, TargetCredential } from '@sallyport/testing-conformance';
import { catalogueQueries, pathQuery } from '../catalogue/index.ts';
import {
  bindComplete, closeComplete, emptyQueryResponse, noData, parseComplete, readPassword, writeAuthenticationCleartext, writeAuthenticationOk, writeBackendKeyData, writeCommandComplete, writeDataRow,
  writeErrorFields, writeParameterStatus, writeReadyForQuery,
} from '../messages/index.ts';
import { Body } from '../messages/body.ts';
import { targetOf } from './world.ts';

const own: readonly string[] = Object.values(catalogueQueries);
const ready = writeReadyForQuery('I');
const copyIn = new Body().uint8(0).int16(1).int16(0).frame('G');

/** A PostgreSQL that knows no SQL: it lets in, answers each message in the simplest way, and does what a test tells it. */
export class ScriptedPostgres implements ScriptedTarget {
  mood: ScriptedTarget['mood'] = 'answers';
  reply: readonly Buffer[] | null = null;
  readonly target: Target;
  readonly credential: TargetCredential;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #received: Buffer[] = [];
  #live: Socket | null = null;

  private constructor(server: Server, credential: TargetCredential) {
    this.#server = server;
    this.credential = credential;
    this.target = targetOf(portOf(server));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
      new Backend(socket, this);
    });
  }

  static async start(credential: TargetCredential): Promise<ScriptedPostgres> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ScriptedPostgres(server, credential);
  }

  received(): Buffer {
    return Buffer.concat(this.#received);
  }

  forget(): void {
    this.#received = [];
  }

  record(frame: Buffer): void {
    this.#received.push(frame);
  }

  loggedIn(socket: Socket): void {
    this.#live = socket;
  }

  connection(): Socket {
    if (this.#live === null) throw new Error('nobody has logged in');
    return this.#live;
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** One connection. */
class Backend {
  readonly #socket: Socket;
  readonly #of: ScriptedPostgres;
  readonly #frames = new FrameSplitter({ maxFrame: 1024 * 1024 * 1024 });
  #start: Buffer | null = Buffer.alloc(0);
  #authenticated = false;
  #failed = false;
  #copying: 'simple' | 'extended' | null = null;

  constructor(socket: Socket, of: ScriptedPostgres) {
    this.#socket = socket;
    this.#of = of;
    socket.on('data', (chunk: Buffer) => this.#chunk(chunk));
  }

  #chunk(chunk: Buffer): void {
    if (this.#start === null) return this.#frames.push(chunk, (type, bytes, start, end) => this.#frame(String.fromCharCode(type), Buffer.from(bytes.subarray(start - 5, end))));
    this.#start = Buffer.concat([this.#start, chunk]);
    if (this.#start.length < 8 || this.#start.length < this.#start.readInt32BE(0)) return;
    const rest = this.#start.subarray(this.#start.readInt32BE(0));
    // Anything but a StartupMessage is a cancel request.
    if (this.#start.readInt16BE(4) !== 3) return void this.#socket.end();
    this.#start = null;
    if (this.#of.mood === 'refuses the login') return void this.#socket.end(error('28P01', `password authentication failed for user "${this.#of.credential.username}", not ${this.#of.credential.secret}`, 'FATAL'));
    this.#socket.write(writeAuthenticationCleartext());
    this.#chunk(rest);
  }

  #frame(type: string, frame: Buffer): void {
    if (!this.#authenticated) return this.#login(frame);
    const text = type === 'Q' || type === 'P' ? frame.toString('utf8') : '';
    const asked = type === 'Q' ? ownQuery(text.slice(5, -1)) : null;
    if (asked !== null) return this.#ours(asked);
    this.#of.record(frame);
    if (type === 'X') return void this.#socket.end();
    const refused = text.includes('sallyport: refused');
    if (this.#of.mood === 'is silent' && !refused && type !== 'S') return;
    if (this.#of.reply !== null && (type === 'Q' || type === 'S')) return void this.#play(this.#of.reply);
    if (this.#of.reply !== null) return;
    if (this.#failed && type !== 'S') return;
    this.#answer(type, text, refused);
  }

  #answer(type: string, text: string, refused: boolean): void {
    switch (type) {
      case 'Q':
        if (refused) return this.#say(error('42601', 'syntax error'), ready);
        if (/from stdin/.test(text)) return this.#copy('simple');
        return this.#say(...completions(text.slice(5, -1)), ready);
      case 'P':
        this.#failed = refused;
        this.#wantsCopy = /from stdin/.test(text);
        return this.#say(refused ? error('42601', 'syntax error') : parseComplete);
      case 'B':
        return this.#say(bindComplete);
      case 'D':
        return this.#say(noData);
      case 'E':
        return this.#wantsCopy ? this.#copy('extended') : this.#say(writeCommandComplete('SELECT 0'));
      case 'C':
        return this.#say(closeComplete);
      case 'c':
      case 'f': {
        const how = this.#copying;
        this.#copying = null;
        return how === 'simple' ? this.#say(writeCommandComplete('COPY 1'), ready) : this.#say(writeCommandComplete('COPY 1'));
      }
      case 'S':
        if (this.#copying !== null) return;
        this.#failed = false;
        return this.#say(ready);
      default:
        return;
    }
  }

  #wantsCopy = false;

  #copy(how: 'simple' | 'extended'): void {
    this.#copying = how;
    this.#say(copyIn);
  }

  #login(frame: Buffer): void {
    const { username, secret } = this.#of.credential;
    if (readPassword(frame, 5, frame.length) !== secret) return void this.#socket.end(error('28P01', `no such password for ${username}`, 'FATAL'));
    this.#authenticated = true;
    this.#of.loggedIn(this.#socket);
    const parameters = Object.entries({ client_encoding: 'UTF8', standard_conforming_strings: 'on', server_version: '18.0', session_authorization: username });
    this.#say(writeAuthenticationOk(), ...parameters.map(([name, value]) => writeParameterStatus(name, value)), writeBackendKeyData(4711, Buffer.alloc(4, 9)), ready);
  }

  /** What the gateway asks by itself: an empty catalogue, and two schemas on the path. */
  #ours(text: string): void {
    const rows = text === pathQuery ? ['pg_catalog', 'public'].map((name) => writeDataRow([Buffer.from(name)])) : [];
    this.#say(...rows, writeCommandComplete('SELECT 0'), ready);
  }

  async #play(pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) {
      if (piece.length === 0) continue;
      this.#socket.write(piece);
      // Two turns: the other side, in the same process, reads this piece by itself.
      if (pieces.length > 1) for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #say(...frames: readonly Buffer[]): void {
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat(frames));
  }
}

/** What the gateway asks by itself, which may have settings before it. */
function ownQuery(text: string): string | null {
  return own.find((each) => text.endsWith(each)) ?? null;
}

/** One for each statement of a text without quoted semicolons. */
function completions(text: string): readonly Buffer[] {
  const statements = text.split(';').filter((each) => each.trim() !== '');
  return statements.length === 0 ? [emptyQueryResponse] : statements.map(() => writeCommandComplete('SELECT 0'));
}

function error(sqlstate: string, say: string, severity = 'ERROR'): Buffer {
  return writeErrorFields('E', new Map([['S', severity], ['V', severity], ['C', sqlstate], ['M', say]]));
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the port has no number');
  return address.port;
}
