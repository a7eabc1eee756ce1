import type { Readable } from 'node:stream';
import type { TextMask } from '@sallyport/domain-model';
import type { Gate, Permit, Recording } from '@sallyport/protocol-spi';
import type { ChannelWriter, Stream } from './writer.ts';

/** Bytes that may wait for their evidence or the client before the target is stopped. */
const maxWaiting = 512 * 1024;
/** Milliseconds of silence after which what a mask holds back is given, as far as it may. */
const patience = 250;
const streams = ['out', 'err'] as const;

export interface OutputTerms {
  readonly gate: Gate;
  readonly permit: Permit;
  readonly sources: Readonly<Record<Stream, Readable>>;
  readonly masks: Readonly<Record<Stream, TextMask>> | null;
  readonly recording: Recording | null;
  /** Nothing may be shown that is not recorded. */
  readonly mustRecord: boolean;
  /** Bytes after which the output is cut; null for no limit. */
  readonly maxBytes: number | null;
  /** The limit was reached, or the evidence cannot be had: the command must end. */
  readonly cut: (why: 'limit' | 'evidence') => void;
}

/**
 * Output of one command towards the client: masked, recorded, released when its evidence is durable, and never faster than the client takes
 * it. The owner calls `moved` when its writer has written.
 */
export class Output {
  readonly #of: OutputTerms;
  readonly #writer: ChannelWriter;
  #waiting: { readonly stream: Stream; readonly bytes: Uint8Array }[] = [];
  #bytesWaiting = 0;
  #asking = false;
  #paused = false;
  #over = false;
  #ended: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Bytes let through towards the client. */
  bytes = 0;

  constructor(of: OutputTerms, writer: ChannelWriter) {
    this.#of = of;
    this.#writer = writer;
    for (const stream of streams) of.sources[stream].on('data', (chunk: Buffer) => this.#take(stream, chunk));
  }

  /** No more comes from the target: resolves when the client has been given everything, or is gone. */
  finish(): Promise<void> {
    this.#forgetTimer();
    for (const stream of streams) this.#show(stream, this.#of.masks?.[stream].flush() ?? nothing);
    return new Promise((resolve) => {
      this.#ended = resolve;
      this.moved();
    });
  }

  /** Nothing more is let through. */
  stop(): void {
    this.#over = true;
    this.#waiting = [];
    this.#bytesWaiting = 0;
    this.#forgetTimer();
    this.moved();
  }

  moved(): void {
    this.#flow();
    if (this.#ended === null) return;
    if (!this.#over && !this.#writer.gone && (this.#writer.pending > 0 || this.#waiting.length > 0 || this.#asking)) return;
    const ended = this.#ended;
    this.#ended = null;
    ended();
  }

  #take(stream: Stream, chunk: Buffer): void {
    if (this.#over) return;
    const mask = this.#of.masks?.[stream];
    this.#show(stream, mask === undefined ? chunk : mask.push(chunk));
    if (mask !== undefined && mask.held > 0) this.#later();
  }

  /** A value may come in pieces, but a prompt must not wait for ever. */
  #later(): void {
    this.#forgetTimer();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      for (const stream of streams) this.#show(stream, this.#of.masks?.[stream].idle() ?? nothing);
    }, patience);
  }

  #forgetTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #show(stream: Stream, bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#over) return;
    const { maxBytes, recording, mustRecord, cut } = this.#of;
    const room = maxBytes === null ? bytes.length : Math.max(0, maxBytes - this.bytes);
    const shown = room < bytes.length ? bytes.subarray(0, room) : bytes;
    this.bytes += shown.length;
    if (shown.length > 0) {
      recording?.write(stream, shown);
      if (mustRecord && recording?.full !== false) return cut('limit');
      this.#bytesWaiting += shown.length;
      this.#waiting.push({ stream, bytes: shown });
      this.#ask();
    }
    if (shown.length < bytes.length) cut('limit');
    this.#flow();
  }

  /** Asks for the release of everything that waits; what comes meanwhile is asked for together, when the answer is there. */
  #ask(): void {
    if (this.#asking || this.#waiting.length === 0) return;
    const { gate, permit, recording, cut } = this.#of;
    const batch = this.#waiting;
    this.#waiting = [];
    const position = recording === null ? permit.position : recording.flush();
    if (gate.released >= position) return this.#give(batch);
    this.#asking = true;
    gate.whenReleased(position, (error) => {
      this.#asking = false;
      if (this.#over) return this.moved();
      if (error !== null) {
        this.stop();
        return cut('evidence');
      }
      this.#give(batch);
      this.#ask();
    });
  }

  #give(batch: readonly { readonly stream: Stream; readonly bytes: Uint8Array }[]): void {
    for (const { stream, bytes } of batch) {
      this.#bytesWaiting -= bytes.length;
      this.#writer.write(stream, bytes);
    }
    this.moved();
  }

  #flow(): void {
    const full = !this.#over && this.#bytesWaiting + this.#writer.pending > maxWaiting;
    if (full === this.#paused) return;
    this.#paused = full;
    for (const source of Object.values(this.#of.sources)) {
      if (full) source.pause();
      else source.resume();
    }
  }
}

const nothing = new Uint8Array(0);
