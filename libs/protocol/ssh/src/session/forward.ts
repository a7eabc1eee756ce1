import type { Duplex } from 'node:stream';
import { refusal, type Refusal, type Understanding } from '@sallyport/domain-model';
import type { Outcome, Passed, Permit } from '@sallyport/protocol-spi';
import type { ServerChannel } from 'ssh2';
import { refusalLine } from '../refuse.ts';
import { commandOf, means } from './commands.ts';
import type { House } from './house.ts';
import { relayInput } from './input.ts';

export interface ForwardTerms {
  readonly house: House;
  /** What evidence calls it: `forward db.internal:5432`. */
  readonly text: string;
  readonly means: Understanding;
  /** Who asks for the connection: then the other side is dialled first. */
  readonly from: 'client' | 'target';
  /** The connection of the side that is asked to make it. Rejects when it does not. */
  readonly dial: () => Promise<Duplexed>;
  /** Opens the channel of the side that asks; nothing when that has gone. */
  readonly take: () => Duplexed | undefined;
  /** Tells the side that asks why its channel is not opened. */
  readonly reject: (why: string) => void;
}

/** As much of ssh2's channels as both of its ends have. */
export type Duplexed = Pick<ServerChannel, 'eof'> & Duplex & { close(): void };

/** Everything that can be known of a forward before it is open: what goes through is never looked at. */
export function forwardMeans(schema: 'forward' | 'socket' | 'listen', name: string): Understanding {
  return means('forward', 'forward: a connection whose bytes are counted and not read', [{ verb: 'transfer', resource: { kind: 'remote', schema, name } }]);
}

/** One connection through the gateway beside the session's channels, from its request to its end. */
export class Forward {
  readonly #of: ForwardTerms;
  readonly #gone = new AbortController();
  /** The client's side, and the target's. */
  #channel: Duplexed | null = null;
  #target: Duplexed | null = null;
  #read = 0;
  #written = 0;
  #open = false;
  #cut = false;
  /** Both sides have ended their half, and have been given everything. */
  #whole = false;
  /** Resolves when nothing of it is left; never rejects. */
  readonly over: Promise<void>;

  constructor(of: ForwardTerms) {
    this.#of = of;
    for (const one of [of.house.socket, of.house.upstreamSocket]) one.once('close', this.#leave);
    this.over = this.#run().catch(this.#leave).finally(() => {
      for (const one of [of.house.socket, of.house.upstreamSocket]) one.off('close', this.#leave);
    });
  }

  /** Bytes that the client has sent and nobody has taken yet. */
  get unread(): number {
    return this.#channel?.readableLength ?? 0;
  }

  /** The session ends. */
  kill(said: Refusal): void {
    if (!this.#open && !this.#gone.signal.aborted) this.#of.reject(refusalLine(said));
    this.#leave();
  }

  async #run(): Promise<void> {
    const { house, text, means, reject } = this.#of;
    const { gate } = house.session;
    const command = commandOf(text, means);
    const permit = await gate.submit(command, { signal: this.#gone.signal });
    if (permit.kind === 'refusal') return reject(refusalLine(permit));
    const began = performance.now();
    const ending = await this.#permitted(permit, command.id).catch((): Ending => ({ status: 'failed', error: 'internal' }));
    permit.settle({ rows: 0, bytes: this.#read, micros: Math.round((performance.now() - began) * 1000), masked: [], passed: [passed('read', this.#read), passed('write', this.#written)], ...ending });
  }

  async #permitted(permit: Permit, request: string): Promise<Ending> {
    const { house, from, take, reject } = this.#of;
    const { gate } = house.session;
    if (this.#gone.signal.aborted || gate.closing.aborted) return { status: 'unsent', error: null };
    permit.spend();
    let dialled: Duplexed;
    try {
      dialled = await this.#dialled();
    } catch {
      reject(refusalLine(refusal('target-unavailable', from === 'client' ? 'the target did not make the connection' : 'the client did not take the connection', request)));
      return { status: 'failed', error: from === 'client' ? 'target-refused' : 'client-refused' };
    }
    if ((await released(house, permit)) !== null) {
      reject(refusalLine(refusal('evidence-unavailable', 'the record of this could not be made durable', request)));
      this.#leave();
      return { status: 'cut', error: 'evidence-unavailable' };
    }
    const taken = this.#gone.signal.aborted ? undefined : take();
    if (taken === undefined) this.#leave();
    else await (from === 'client' ? this.#relay(taken, dialled, permit) : this.#relay(dialled, taken, permit));
    if (this.#cut) {
      gate.refused(refusal('limit', 'the forward was cut off at its limit', request, { hint: 'ask for less' }), 'forward');
      return { status: 'cut', error: 'limit' };
    }
    return this.#gone.signal.aborted && !this.#whole ? { status: gate.closing.aborted ? 'lost' : 'cancelled', error: null } : { status: 'ok', error: null };
  }

  /** Ends with the session too, whatever the side that is asked does. */
  async #dialled(): Promise<Duplexed> {
    const { dial, from } = this.#of;
    const over = new Promise<never>((_resolve, reject) => this.#gone.signal.addEventListener('abort', () => reject(new Error('the session is over')), { once: true }));
    over.catch(() => undefined);
    const dialled = dial().then((channel) => {
      channel.on('error', () => undefined);
      if (this.#gone.signal.aborted) channel.close();
      else if (from === 'client') this.#target = channel;
      else this.#channel = channel;
      return channel;
    });
    return Promise.race([dialled, over]);
  }

  async #relay(channel: Duplexed, target: Duplexed, permit: Permit): Promise<void> {
    const { house } = this.#of;
    [this.#channel, this.#target, this.#open] = [channel, target, true];
    for (const one of [channel, target]) one.on('error', () => undefined);
    const closed = [channel, target].map((one) => new Promise<void>((resolve) => one.once('close', () => resolve())));
    const gone = new Promise<void>((resolve) => this.#gone.signal.addEventListener('abort', () => resolve(), { once: true }));
    const { maxBytes } = permit.obligations;
    target.on('data', (chunk: Buffer) => {
      this.#read += chunk.length;
      if (maxBytes !== null && this.#read > maxBytes) this.#limit();
    });
    channel.on('data', (chunk: Buffer) => (this.#written += chunk.length));
    let told = false;
    let left = false;
    // ssh2's server would close the channel with its end: either side may end its half first.
    const look = () => {
      if (!told || !left) return;
      this.#whole = true;
      channel.close();
    };
    relayInput(channel, target, house.upstreamSocket);
    relayInput(target, channel, house.socket, () => {
      told = true;
      channel.eof();
      look();
    });
    channel.once('end', () => {
      left = true;
      look();
    });
    // What nobody takes any more is read to its end: ssh2 tells of a channel's end only then.
    channel.once('close', () => {
      target.close();
      target.resume();
    });
    target.once('close', () => {
      left = true;
      channel.resume();
      look();
    });
    await Promise.race([Promise.all(closed), gone]);
  }

  #limit(): void {
    this.#cut = true;
    this.#channel?.close();
    this.#target?.close();
  }

  readonly #leave = (): void => {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort();
    this.#channel?.close();
    this.#target?.close();
  };
}

interface Ending {
  readonly status: Outcome['status'];
  readonly error: string | null;
}

/** Counts only: a connection has no offsets, and no hash that anybody could compare. */
const passed = (direction: Passed['direction'], bytes: number): Passed => ({ direction, bytes, sha256: null, from: null, to: null });

function released({ session: { gate } }: House, permit: Permit): Promise<Error | null> {
  if (gate.released >= permit.position) return Promise.resolve(null);
  return new Promise((resolve) => gate.whenReleased(permit.position, resolve));
}
