import { formatAddCheckpoint, parseCheckpoint, parseLogOrigin, parseNote, proveConsistency, type Checkpoint, type HashSource } from '@sallyport/engine-evidence';
import type { EventData } from '@sallyport/domain-events';
import type { Log } from '@sallyport/platform-telemetry';
import type { Cosignatures } from './cosignatures.ts';
import { asked, witnessed } from './metrics.ts';
import type { WitnessAddress } from './parse-witnesses.ts';
import { postCheckpoint, type WitnessAnswer } from './post-checkpoint.ts';

export interface AskWitnessOptions {
  readonly witness: WitnessAddress;
  /** Hashes of the log as it was at that size. */
  source(size: number): HashSource;
  readonly cosignatures: Pick<Cosignatures, 'add'>;
  readonly log: Log;
  tell(type: 'log.witness_refused', data: EventData['log.witness_refused']): Promise<void>;
  /** Milliseconds between attempts after a failure. */
  readonly retryMs?: number;
  /** Milliseconds of a clock that does not step. */
  readonly now?: () => number;
}

type Why = EventData['log.witness_refused']['why'];

/**
 * Has checkpoints cosigned by one witness, always the newest: while the witness is away those in between are passed over, which loses nothing, for
 * the next one covers them. The log waits for nothing here. A witness that has cosigned something else is told as an event, once until it cosigns again.
 */
export class AskWitness {
  readonly #of: AskWitnessOptions;
  readonly #now: () => number;
  #newest: string | null = null;
  #notBefore = Number.NEGATIVE_INFINITY;
  /** What the witness cosigned last, of this origin. */
  #last = { origin: '', size: 0 };
  #told = false;

  constructor(of: AskWitnessOptions) {
    this.#of = of;
    this.#now = of.now ?? (() => performance.now());
  }

  /** A checkpoint was signed. */
  offer(note: string): void {
    this.#newest = note;
  }

  /** Asks for the newest if it was not cosigned yet. Never throws for what the witness does or does not. */
  async turn(): Promise<void> {
    const note = this.#newest;
    if (note === null || this.#now() < this.#notBefore) return;
    if (await this.#ask(note)) {
      if (this.#newest === note) this.#newest = null;
    } else this.#notBefore = this.#now() + (this.#of.retryMs ?? 10_000);
  }

  /** @returns whether it was cosigned */
  async #ask(note: string): Promise<boolean> {
    const { log, witness } = this.#of;
    const name = witness.key.name;
    const checkpoint = parseCheckpoint(parseNote(note).text);
    if (this.#last.origin !== checkpoint.origin) this.#last = { origin: checkpoint.origin, size: 0 };
    try {
      let answer = await this.#post(checkpoint, note, this.#last.size);
      // It says where it stands, which is not known after a start: then it is asked again from there.
      if (answer.is === 'at' && answer.size !== this.#last.size && answer.size <= checkpoint.size) {
        this.#last = { origin: checkpoint.origin, size: answer.size };
        answer = await this.#post(checkpoint, note, answer.size);
      }
      return await this.#settle(checkpoint, answer);
    } catch (error) {
      asked.inc({ witness: name, outcome: 'failed' });
      log.warn('a witness could not be asked', { witness: name, error });
      return false;
    }
  }

  async #post(checkpoint: Checkpoint, note: string, oldSize: number): Promise<WitnessAnswer> {
    const proof = await proveConsistency(this.#of.source(checkpoint.size), oldSize);
    return postCheckpoint(this.#of.witness, formatAddCheckpoint({ oldSize, proof, checkpoint: note }), note);
  }

  async #settle({ origin, size }: Checkpoint, answer: WitnessAnswer): Promise<boolean> {
    const { witness, cosignatures } = this.#of;
    const name = witness.key.name;
    switch (answer.is) {
      case 'cosigned':
        await cosignatures.add(parseLogOrigin(origin)?.epoch ?? 0, size, name, answer.line);
        this.#last = { origin, size };
        this.#told = false;
        asked.inc({ witness: name, outcome: 'cosigned' });
        witnessed.set({ witness: name }, size);
        return true;
      case 'at':
        if (answer.size < size) return this.#failed('it stands elsewhere than it said');
        return this.#refused(origin, size, answer.size, answer.size > size ? 'ahead' : 'conflict');
      case 'inconsistent':
        return this.#refused(origin, size, this.#last.size, 'inconsistent');
      case 'other':
        return this.#failed(answer.why);
    }
  }

  #failed(why: string): false {
    const name = this.#of.witness.key.name;
    asked.inc({ witness: name, outcome: 'failed' });
    this.#of.log.warn('a witness did not cosign', { witness: name, why });
    return false;
  }

  async #refused(origin: string, size: number, witnessSize: number, why: Why): Promise<false> {
    const { witness, log, tell } = this.#of;
    const name = witness.key.name;
    asked.inc({ witness: name, outcome: 'refused' });
    log.error('a witness has cosigned another log under this name', { witness: name, origin, size, witness_size: witnessSize, why });
    if (!this.#told) await tell('log.witness_refused', { origin, size, witness: name, witness_size: witnessSize, why });
    this.#told = true;
    return false;
  }
}
