import { randomBytes } from 'node:crypto';
import { refusal, type Refusal } from '@sallyport/domain-model';
import type { ServedSession, SessionEnd } from '@sallyport/protocol-spi';
import { FrameSplitter, Inlet, Outlet } from '@sallyport/protocol-relay';
import { isLargeBackend, isLargeFrontend } from '../frame.ts';
import type { PostgresGreeting } from '../greet.ts';
import { writeBackendKeyData } from '../messages/backend-key-data.ts';
import { writeParameterStatus } from '../messages/parameter-status.ts';
import { writeReadyForQuery } from '../messages/ready-for-query.ts';
import { writeAuthenticationOk } from '../messages/authentication.ts';
import { fatalFor, noticeFor } from '../refuse.ts';
import type { StatementReader } from '../sql/index.ts';
import type { Upstream } from '../upstream.ts';
import { Back } from './back.ts';
import type { CatalogueCache } from './catalogue-cache.ts';
import { discard, type Conversation } from './conversation.ts';
import { Front } from './front.ts';
import { OpQueue } from './op.ts';
import { Outflow } from './outflow.ts';
import { Registry } from './registry.ts';
import { SessionScope } from './scope.ts';

/** Client bytes that may wait behind a held command before the client is no longer read. */
const maxBehindHold = 256 * 1024;

/** One client connection joined to one server connection. `run` resolves when both are closed. */
export class PostgresSession {
  readonly #session: ServedSession;
  readonly #upstream: Upstream;
  readonly #greeting: PostgresGreeting;
  readonly #conversation: Conversation;
  readonly #front: Front;
  readonly #back: Back;
  readonly #clientFrames: FrameSplitter;
  readonly #serverFrames: FrameSplitter;
  readonly #clientIn: Inlet;
  readonly #serverIn: Inlet;
  readonly #serverOut: Outlet;
  readonly #clientOut: Outlet;
  readonly #outflow: Outflow;
  #end: ((end: SessionEnd) => void) | null = null;
  #over = false;
  #blocked = false;
  #inServerChunk = false;

  constructor(parts: { readonly session: ServedSession; readonly greeting: PostgresGreeting; readonly upstream: Upstream; readonly reader: StatementReader; readonly catalogue: CatalogueCache; readonly maxFrame: number }) {
    const { session, greeting, upstream } = parts;
    this.#session = session;
    this.#greeting = greeting;
    this.#upstream = upstream;
    this.#clientFrames = new FrameSplitter({ maxFrame: parts.maxFrame, large: isLargeFrontend });
    this.#serverFrames = new FrameSplitter({ maxFrame: parts.maxFrame, large: isLargeBackend });
    this.#clientIn = new Inlet(greeting.socket, (chunk) => this.#fromClient(chunk));
    this.#serverIn = new Inlet(upstream.socket, (chunk) => this.#fromServer(chunk));
    this.#clientOut = new Outlet(this.#clientIn.socket);
    this.#serverOut = new Outlet(this.#serverIn.socket);
    const registry = new Registry();
    const scope = new SessionScope(parts.catalogue, session.gate, registry);
    this.#outflow = new Outflow(
      {
        write: (bytes) => {
          if (this.#clientOut.write(bytes, 'borrowed') === 'kept') this.#serverIn.giveAway();
        },
      },
      session.gate,
      () => this.#fatal(refusal('evidence-unavailable', 'the record of a command could not be made durable, so its result is not shown', session.id)),
    );
    this.#conversation = {
      gate: session.gate, reader: parts.reader, scope, ops: new OpQueue(), registry, status: 'I', skipping: false, copyingIn: false,
      notice: (say, hint) => this.#notice(say, hint),
      cancelUpstream: () => void upstream.cancel(),
      fatal: (code, say) => {
        const said = refusal(code, say, session.id);
        session.gate.refused(said, 'session');
        this.#fatal(said);
      },
      goodbye: () => this.#finish({ by: 'client', why: 'terminated' }),
      sendUpstream: (bytes) => this.#toServer(bytes),
    };
    this.#front = new Front(this.#conversation);
    this.#back = new Back(this.#conversation);
  }

  run(): Promise<SessionEnd> {
    return new Promise((resolve) => {
      this.#end = resolve;
      const key = this.#welcome();
      const forget = this.#session.onCancel(key, () => this.#cancelled());
      this.#clientIn.socket.on('error', () => this.#finish({ by: 'client', why: 'connection error' }));
      this.#clientIn.socket.on('end', () => this.#finish({ by: 'client', why: 'closed' }));
      this.#clientIn.socket.on('close', () => this.#finish({ by: 'client', why: 'closed' }));
      this.#serverIn.socket.on('error', () => this.#targetGone('connection error'));
      this.#serverIn.socket.on('end', () => this.#targetGone('closed'));
      this.#serverIn.socket.on('close', () => this.#targetGone('closed'));
      const closing = this.#session.gate.closing;
      const kill = () => this.#fatal(isRefusal(closing.reason) ? closing.reason : refusal('closing', 'the session was ended', this.#session.id), 'killed');
      closing.addEventListener('abort', kill, { once: true });
      this.#ended = () => {
        forget();
        closing.removeEventListener('abort', kill);
      };
      if (closing.aborted) return kill();
      if (this.#upstream.rest.length > 0) this.#fromServer(this.#upstream.rest);
      if (this.#greeting.rest.length > 0) this.#fromClient(this.#greeting.rest);
      this.#serverIn.resume();
      this.#clientIn.resume();
    });
  }

  #ended: () => void = () => undefined;

  /** Login is over: the server's own settings, our own cancel key, and the client may begin. */
  #welcome(): Buffer {
    const key = Buffer.concat([randomBytes(4), randomBytes(this.#greeting.protocol === '3.2' ? 32 : 4)]);
    key[0] = (key[0] ?? 0) & 0x7f; // drivers read the process id as a signed number
    const parts = [writeAuthenticationOk()];
    for (const [name, value] of this.#upstream.parameters) parts.push(writeParameterStatus(name, value));
    parts.push(writeBackendKeyData(key.readUInt32BE(0), key.subarray(4)), writeReadyForQuery('I'));
    this.#clientOut.write(Buffer.concat(parts), 'owned');
    return key;
  }

  #fromClient(chunk: Buffer): void {
    if (this.#over) return;
    try {
      this.#clientFrames.push(chunk, this.#onClientFrame);
      if (this.#blocked && this.#clientFrames.kept > maxBehindHold) this.#clientIn.pause();
      this.#flushFront();
    } catch (error) {
      this.#broken(error);
    }
  }

  #onClientFrame = (type: number, bytes: Buffer, start: number, end: number): 'stop' | void => {
    const waiting = this.#front.frame(type, bytes, start, end);
    if (waiting === undefined) return;
    this.#blocked = true;
    waiting.then(
      () => this.#unblock(),
      (error: unknown) => this.#broken(error),
    );
    return 'stop';
  };

  #unblock(): void {
    if (this.#over) return;
    this.#blocked = false;
    this.#front.cancelWait = null;
    try {
      this.#flushFront();
      this.#clientFrames.resume(this.#onClientFrame);
      this.#flushFront();
    } catch (error) {
      return this.#broken(error);
    }
    if (!this.#blocked && this.#clientIn.paused && this.#serverOut.writable) this.#clientIn.resume();
  }

  #flushFront(): void {
    const bytes = this.#front.take();
    if (bytes !== null) this.#toServer(bytes);
  }

  #toServer(bytes: Buffer): void {
    if (this.#over) return;
    if (this.#serverOut.write(bytes, 'borrowed') === 'kept') this.#clientIn.giveAway();
    if (!this.#serverOut.writable) {
      this.#clientIn.pause();
      this.#serverOut.onDrain(() => {
        if (!this.#over && !this.#blocked) this.#clientIn.resume();
      });
    }
  }

  #fromServer(chunk: Buffer): void {
    if (this.#over) return;
    this.#inServerChunk = true;
    try {
      this.#serverFrames.push(chunk, (type, bytes, start, end) => {
        if (!this.#over) this.#back.frame(type, bytes, start, end);
      });
      this.#flushBack();
    } catch (error) {
      return this.#broken(error);
    } finally {
      this.#inServerChunk = false;
    }
    if (this.#outflow.full || !this.#clientOut.writable) {
      this.#serverIn.pause();
      this.#outflow.onRoom(() => {
        this.#clientOut.onDrain(() => {
          if (!this.#over) this.#serverIn.resume();
        });
      });
    }
  }

  #flushBack(): void {
    const bytes = this.#back.take();
    if (bytes !== null) this.#outflow.send(bytes, this.#back.position);
  }

  /** Inside a server chunk the notice takes its place in the stream; else it goes at once. */
  #notice(say: string, hint: string): void {
    this.#back.insert(noticeFor(say, hint));
    if (!this.#inServerChunk) this.#flushBack();
  }

  #cancelled(): void {
    if (this.#front.cancelWait !== null && this.#blocked) this.#front.cancelWait.abort();
    else if (this.#conversation.ops.size > 0) void this.#upstream.cancel();
  }

  #targetGone(why: string): void {
    if (this.#over) return;
    this.#fatal(refusal('target-unavailable', 'the target closed the connection', this.#session.id, { hint: 'connect again' }), 'target', why);
  }

  #broken(error: unknown): void {
    if (this.#over) return;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'ERR_INTERNAL';
    const known = code === 'ERR_FRAME_TOO_LARGE' ? 'too-large' : code === 'ERR_MALFORMED_FRAME' || code === 'ERR_MALFORMED_MESSAGE' ? 'unreadable' : 'internal';
    const say = known === 'too-large' ? 'a message is larger than the gateway takes' : known === 'unreadable' ? 'a message is malformed' : 'the gateway failed on this session';
    const said = refusal(known, say, this.#session.id);
    this.#session.gate.refused(said, code);
    this.#fatal(said);
  }

  /** The last words to the client, then both sides close. */
  #fatal(said: Refusal, by: SessionEnd['by'] = 'failed', why: string = said.say): void {
    if (this.#over) return;
    this.#clientOut.write(fatalFor(said), 'owned');
    this.#finish({ by, why });
  }

  #finish(end: SessionEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#front.cancelWait?.abort();
    this.#outflow.close();
    for (const op of this.#conversation.ops.drain()) {
      if (op.kind === 'execute') op.run.settle('lost', null);
      else if (op.kind === 'query') for (const run of op.runs) run.settle('lost', null);
      else discard([op]);
    }
    this.#ended();
    this.#clientIn.socket.end();
    this.#serverIn.socket.end();
    // A peer that does not close in time is cut off.
    const cut = setTimeout(() => {
      this.#clientIn.socket.destroy();
      this.#serverIn.socket.destroy();
    }, 2000);
    const sockets = [this.#clientIn.socket, this.#serverIn.socket];
    for (const socket of sockets) socket.resume();
    Promise.all(sockets.map((socket) => (socket.destroyed ? Promise.resolve() : new Promise<void>((done) => socket.once('close', () => done()))))).then(() => {
      clearTimeout(cut);
      this.#end?.(end);
    }, () => this.#end?.(end));
  }
}

function isRefusal(reason: unknown): reason is Refusal {
  return typeof reason === 'object' && reason !== null && 'kind' in reason && reason.kind === 'refusal';
}
