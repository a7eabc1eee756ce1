import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { headers, type Msg, type Subscription } from '@nats-io/transport-node';
import { streams, type Bus } from '@sallyport/platform-bus';
import { header, type Outgoing } from './message.ts';

/** The stream did not take a message, or did not say so in time: nobody knows what it has until it is asked. */
export class StreamRefusedError extends Error {
  override readonly name = 'StreamRefusedError';
  readonly code = 'ERR_STREAM_REFUSED';
}

/** Where the stream ends: its last sequence, and the last leaf in it with its hash. */
export interface StreamEnd {
  readonly sequence: number;
  readonly first: number;
  readonly leaf: StreamLeaf | null;
}

export interface StreamLeaf {
  readonly sequence: number;
  readonly leaf: number;
  readonly sha256: string | null;
}

/** What may be on its way unacknowledged. */
const window = { messages: 512, bytes: 8 * 1024 * 1024 };
/** Milliseconds without any acknowledgement, while some are awaited. */
const silenceMs = 10_000;

/**
 * The end of the stream EVIDENCE, for its one writer. Every message names the sequence that it must follow, so the stream takes it in its place or
 * not at all: none is skipped, none stands twice, and two writers cannot mix. For the same reason one acknowledgement is that of all
 * before it, and none needs a promise of its own.
 */
export class EvidenceStream {
  readonly #bus: Bus;
  readonly #manager: JetStreamManager;
  readonly #inbox: string;
  readonly #acks: Subscription;
  readonly #sizes: number[] = [];
  #base = 0;
  #sent = 0;
  #acked = 0;
  #bytes = 0;
  #failure: StreamRefusedError | null = null;
  #progress: (() => void) | null = null;

  private constructor(bus: Bus, manager: JetStreamManager) {
    this.#bus = bus;
    this.#manager = manager;
    this.#inbox = `${bus.inbox()}.`;
    this.#acks = bus.nc.subscribe(`${this.#inbox}*`, { callback: (error, message) => this.#onAck(error, message) });
  }

  static async open(bus: Bus): Promise<EvidenceStream> {
    return new EvidenceStream(bus, await jetstreamManager(bus.nc, { timeout: 5000 }));
  }

  close(): void {
    this.#acks.unsubscribe();
    this.#fail('closed');
  }

  /** Looks where the stream ends; what is sent from now on goes behind that. */
  async locate(): Promise<StreamEnd> {
    const { state } = await this.#manager.streams.info(streams.evidence.name);
    this.#base = state.last_seq;
    this.#sent = this.#acked = this.#bytes = this.#sizes.length = 0;
    this.#failure = null;
    return { sequence: state.last_seq, first: state.first_seq, leaf: await this.leafAt(state.last_seq, state.first_seq) };
  }

  /** The last leaf at or before a sequence: checkpoints stand between leaves. */
  async leafAt(sequence: number, first: number): Promise<StreamLeaf | null> {
    for (let at = sequence; at >= Math.max(first, 1); at--) {
      const message = await this.#manager.streams.getMessage(streams.evidence.name, { seq: at });
      const leaf = message?.header.get(header.leaf) ?? '';
      if (/^\d{1,15}$/.test(leaf)) return { sequence: at, leaf: Number(leaf), sha256: message?.header.get(header.sha256) || null };
    }
    return null;
  }

  /** Messages that the stream has acknowledged since `locate`. */
  get acknowledged(): number {
    return this.#acked;
  }

  /** Sends one message, when there is room for it. Throws StreamRefusedError for any message before it: then `locate` again. */
  async send({ subject, headers: lines, payload }: Outgoing): Promise<void> {
    while (this.#sent - this.#acked >= window.messages || this.#bytes >= window.bytes) await this.#wait();
    if (this.#failure !== null) throw this.#failure;
    if (!this.#bus.connected) throw new StreamRefusedError('the bus is away');
    const head = headers();
    head.set('Nats-Expected-Last-Sequence', String(this.#base + this.#sent));
    for (const [name, value] of lines) head.set(name, value);
    this.#sent++;
    this.#sizes.push(payload.byteLength);
    this.#bytes += payload.byteLength;
    this.#bus.nc.publish(subject, payload, { headers: head, reply: `${this.#inbox}${this.#base}-${this.#sent}` });
  }

  /** Until everything that was sent is acknowledged. Throws StreamRefusedError. */
  async settle(): Promise<void> {
    while (this.#acked < this.#sent) await this.#wait();
    if (this.#failure !== null) throw this.#failure;
  }

  /** For one acknowledgement more. */
  async #wait(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#fail('no acknowledgement in time'), silenceMs);
      this.#progress = () => {
        clearTimeout(timer);
        this.#progress = null;
        resolve();
      };
    });
    if (this.#failure !== null) throw this.#failure;
  }

  #onAck(error: Error | null, message: Msg): void {
    if (error !== null) return this.#fail('acknowledgements cannot be heard');
    const [base = -1, sent = 0] = message.subject.slice(this.#inbox.length).split('-').map(Number);
    // From before the last look.
    if (base !== this.#base || sent <= this.#acked || sent > this.#sent) return;
    const said = acknowledgement(message);
    if (said !== base + sent) return this.#fail(typeof said === 'number' ? `it stands at ${said} already` : said);
    for (const size of this.#sizes.splice(0, sent - this.#acked)) this.#bytes -= size;
    this.#acked = sent;
    this.#progress?.();
  }

  #fail(why: string): void {
    this.#failure ??= new StreamRefusedError(`stream ${streams.evidence.name}: ${why}`);
    this.#progress?.();
  }
}

/** The sequence that the stream gave, or why it gave none. */
function acknowledgement(message: Msg): number | string {
  if (message.data.byteLength === 0) return 'nobody there';
  let answer: unknown;
  try {
    answer = message.json();
  } catch {
    return 'an answer that is not JSON';
  }
  if (typeof answer !== 'object' || answer === null) return 'an answer without words';
  if ('error' in answer) {
    const { error } = answer;
    return typeof error === 'object' && error !== null && 'description' in error && typeof error.description === 'string' ? error.description : 'an error without words';
  }
  return 'seq' in answer && typeof answer.seq === 'number' ? answer.seq : 'an answer without a sequence';
}
