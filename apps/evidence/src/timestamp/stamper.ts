import { createHash, type X509Certificate } from 'node:crypto';
import { parseCheckpoint, parseLogOrigin, parseNote } from '@sallyport/engine-evidence';
import type { Log } from '@sallyport/platform-telemetry';
import { counter, gauge } from '@sallyport/platform-telemetry';
import { sql, type Kysely } from 'kysely';
import type { EvidenceDatabase } from '../store/database.ts';
import { stamp } from './authority.ts';

export interface StamperOptions {
  readonly url: string;
  readonly trusted: readonly X509Certificate[];
  readonly db: Kysely<EvidenceDatabase>;
  readonly log: Log;
  /** Milliseconds between tokens of a log that grows. */
  readonly everyMs: number;
  /** Milliseconds until a failure is tried again. */
  readonly retryMs: number;
  /** Milliseconds of a clock that does not step. */
  readonly now?: () => number;
}

const stamped = gauge('sallyport_evidence_stamped_leaves', 'Size of the last checkpoint that has a timestamp');
const failed = counter('sallyport_evidence_timestamp_failures_total', 'Timestamps that could not be had, or were refused');

/**
 * Has the newest checkpoint stamped by an authority outside: so the log was not made after that time. What is stamped is SHA-256 of the checkpoint's text,
 * which is the same whoever has signed it. A log that has not grown is not stamped again. Nothing waits for it.
 */
export class Stamper {
  readonly #of: StamperOptions;
  readonly #now: () => number;
  #newest: string | null = null;
  #last = '';
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(of: StamperOptions) {
    this.#of = of;
    this.#now = of.now ?? (() => performance.now());
  }

  /** A checkpoint was signed. */
  offer(note: string): void {
    const { text } = parseNote(note);
    if (text !== this.#last) this.#newest = text;
  }

  async turn(): Promise<void> {
    const text = this.#newest;
    if (text === null || this.#now() < this.#notBefore) return;
    const { origin, size } = parseCheckpoint(text);
    const { db, url, trusted, log, everyMs, retryMs } = this.#of;
    try {
      const { token, time } = await stamp(url, trusted, createHash('sha256').update(text).digest());
      await sql`select checkpoint_stamp(${parseLogOrigin(origin)?.epoch ?? 0}, ${size}, ${new URL(url).host}, ${time}, ${token})`.execute(db);
      this.#last = text;
      if (this.#newest === text) this.#newest = null;
      this.#notBefore = this.#now() + everyMs;
      stamped.set(size);
    } catch (error) {
      failed.inc();
      this.#notBefore = this.#now() + retryMs;
      log.warn('a checkpoint could not be stamped', { size, error });
    }
  }
}
