import { randomBytes } from 'node:crypto';
import { refusal, type Refusal } from '@sallyport/domain-model';
import type { ServedSession, SessionEnd } from '@sallyport/protocol-spi';
import { FrameSplitter, Inlet, Outlet } from '@sallyport/protocol-relay';
import { isLargeBackend, isLargeFrontend } from '../frame.ts';
import type { PostgresGreeting } from '../greet.ts';
import { writeBackendKeyData } from '../messages/backend-key-data.ts';
import { writeReadyForQuery } from '../messages/ready-for-query.ts';
import { writeAuthenticationOk } from '../messages/authentication.ts';
import { fatalFor, noticeFor } from '../refuse.ts';
import { isUnreadable, type StatementReader } from '../sql/index.ts';
import type { Upstream } from '../upstream.ts';
import { welcomeParameter } from './aside.ts';
import { Back } from './back.ts';
import type { CatalogueCache } from './catalogue-cache.ts';
import { closingRefusal } from './closing.ts';
import { discard, type Conversation } from './conversation.ts';
import { Front } from './front.ts';
import { OpQueue } from './op.ts';
import { Outflow } from './outflow.ts';
import { Registry } from './registry.ts';
import { SessionScope } from './scope.ts';

/** Client bytes that may wait behind a held command before the client is no longer read. */
const maxBehindHold = 256 * 1024;
/** Milliseconds that a peer has to close its side when a session ends; then it is cut off. */
const graceMs = 700;

/** What the client sent goes to the server at the end of the loop's turn, up to this many bytes of a chunk; more goes at once, uncopied. */
const deferUpTo = 16 * 1024;

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
  #waiting: (() => void)[] = [];
  #cancelling: Promise<void> | null = null;
  #blocked = false;
  #inServerChunk = false;
  #deferred: Buffer[] = [];

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
    const { reader } = parts;
    const scope = new SessionScope(parts.catalogue, session.gate, {
      prepared: (name, names) => {
        const text = registry.preparedText(name);
        const read = text === undefined ? [] : reader.read(text, names);
        const [statement] = isUnreadable(read) ? [] : read;
        return statement?.control.prepare?.means ?? statement?.means;
      },
      cursor: (name) => registry.cursor(name),
    });
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
      gate: session.gate, reader, scope, ops: new OpQueue(), registry, status: 'I', skipping: false, copyingIn: false, copies: new Set(), batch: false, runs: 0,
      user: greeting.target, farewell: false, over: false,
      notice: (say, hint) => this.#notice(say, hint),
      cancelUpstream: () => this.#cancelUpstream(),
      fatal: (code, say) => {
        const said = refusal(code, say, session.id);
        session.gate.refused(said, 'session');
        this.#fatal(said);
      },
      goodbye: () => this.#finish({ by: 'client', why: 'terminated' }),
      sendUpstream: (bytes) => this.#toServer(bytes),
      turn: () => new Promise((wake) => this.#waiting.push(wake)),
      wake: () => this.#wake(),
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
      const kill = () => this.#fatal(closingRefusal(closing, this.#session.id), 'killed');
      closing.addEventListener('abort', kill, { once: true });
      this.#ended = () => {
        forget();
        closing.removeEventListener('abort', kill);
      };
      if (closing.aborted) return kill();
      if (this.#clientIn.socket.destroyed) return this.#finish({ by: 'client', why: 'closed' });
      if (this.#serverIn.socket.destroyed) return this.#targetGone('closed');
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
    for (const [name, value] of this.#upstream.parameters) parts.push(welcomeParameter(name, value, this.#greeting.target));
    parts.push(writeBackendKeyData(key.readUInt32BE(0), key.subarray(4)), writeReadyForQuery('I'));
    this.#clientOut.write(Buffer.concat(parts), 'owned');
    return key;
  }

  #fromClient(chunk: Buffer): void {
    if (this.#over) return;
    try {
      this.#clientFrames.push(chunk, this.#onClientFrame);
      if (this.#blocked && this.#clientFrames.kept > maxBehindHold) this.#clientIn.pause();
      this.#flushFrontSoon();
    } catch (error) {
      this.#broken(error);
    }
  }

  #onClientFrame = (type: number, bytes: Buffer, start: number, end: number): 'stop' | void => {
    if (this.#over) return 'stop';
    const waiting = this.#cancelling === null ? this.#front.frame(type, bytes, start, end) : this.#behindCancel(type, bytes, start, end);
    if (waiting === undefined) return this.#over ? 'stop' : undefined;
    this.#blocked = true;
    waiting.then(
      () => this.#unblock(),
      (error: unknown) => this.#broken(error),
    );
    return 'stop';
  };

  /** A cancel request that is on its way must not hit what comes after it. */
  #behindCancel(type: number, bytes: Buffer, start: number, end: number): Promise<void> {
    const frame = Buffer.from(bytes.subarray(start - 5, end));
    this.#flushFront();
    return Promise.resolve(this.#cancelling).then(() => (this.#over ? undefined : this.#front.frame(type, frame, 5, frame.length)));
  }

  #unblock(): void {
    if (this.#over) return;
    this.#blocked = false;
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
    if (bytes === null) this.#sendDeferred();
    else this.#toServer(bytes);
  }

  /**
   * The events of this turn become durable while the server works, so their write comes first: to wake a server can take longer than all
   * else that is done for a statement.
   */
  #flushFrontSoon(): void {
    const bytes = this.#front.take();
    if (bytes === null) return;
    if (bytes.length > deferUpTo) return this.#toServer(bytes);
    if (this.#deferred.length === 0) setImmediate(() => this.#sendDeferred());
    this.#deferred.push(Buffer.from(bytes));
  }

  #sendDeferred(): void {
    const [only] = this.#deferred;
    if (only === undefined || this.#over) return;
    const bytes = this.#deferred.length === 1 ? only : Buffer.concat(this.#deferred);
    this.#deferred = [];
    this.#write(bytes, 'owned');
  }

  #toServer(bytes: Buffer): void {
    this.#sendDeferred();
    this.#write(bytes, 'borrowed');
  }

  #write(bytes: Buffer, memory: 'owned' | 'borrowed'): void {
    if (this.#over) return;
    if (this.#serverOut.write(bytes, memory) === 'kept') this.#clientIn.giveAway();
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

  /** The client may mean what runs or what waits for people: both stop. */
  #cancelled(): void {
    if (this.#over) return;
    if (this.#conversation.ops.running) this.#cancelUpstream();
    else if (this.#blocked) this.#front.cancelWaiting();
    this.#front.giveUp();
  }

  #cancelUpstream(): void {
    this.#cancelling ??= this.#upstream.cancel().finally(() => {
      this.#cancelling = null;
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #targetGone(why: string): void {
    if (this.#over) return;
    if (this.#conversation.farewell) return this.#finish({ by: 'target', why });
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
    // What came before in the same chunk was in order: it goes on as if it had come alone.
    this.#flushFront();
    this.#flushBack();
    if (this.#over) return;
    this.#clientOut.write(fatalFor(said), 'owned');
    this.#finish({ by, why });
  }

  #finish(end: SessionEnd): void {
    if (this.#over) return;
    // What was recorded as allowed goes, as it would have without us.
    this.#sendDeferred();
    if (this.#over) return;
    const running = this.#conversation.ops.running;
    this.#over = true;
    this.#conversation.over = true;
    this.#outflow.close();
    for (const op of this.#conversation.ops.drain()) {
      if (op.kind === 'execute') op.run.settle('lost', null);
      else if (op.kind === 'query') for (const run of op.runs) run.settle('lost', null);
      else discard([op]);
    }
    this.#front.giveUp();
    this.#wake();
    this.#ended();
    // A server does not look for our end while it works: what we end, we stop.
    if (running && end.by !== 'client' && end.by !== 'target') void this.#upstream.cancel();
    this.#close(end);
  }

  #close(end: SessionEnd): void {
    const inlets = [this.#clientIn, this.#serverIn];
    const cut = setTimeout(() => {
      for (const { socket } of inlets) socket.destroy();
    }, graceMs);
    for (const inlet of inlets) {
      inlet.socket.end();
      // What still comes is read and thrown away: else a reset could take our last words with it.
      inlet.resume();
    }
    const closed = inlets.map(({ socket }) => (socket.destroyed ? Promise.resolve() : new Promise<void>((done) => socket.once('close', () => done()))));
    void Promise.all(closed).then(() => {
      clearTimeout(cut);
      this.#end?.(end);
    });
  }
}
