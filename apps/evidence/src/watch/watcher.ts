import type { Log } from '@sallyport/platform-telemetry';
import type { Ingester } from '../ingest/ingester.ts';
import { abandoned, gaps, silences } from '../ingest/metrics.ts';
import type { Watermarks } from '../ingest/watermarks.ts';
import type { Ledger } from '../store/ledger.ts';

export interface Patience {
  /** A hole in a producer's numbers is told when it is this old. Milliseconds, as the others. */
  readonly gapMs: number;
  /** A told hole holds its producer's watermark for this long; by then its journal had every chance to send it again. */
  readonly giveUpMs: number;
  /** Sessions of a producer that has started anew are abandoned after this long. */
  readonly replacedMs: number;
  /** A producer of which nothing came for this long is called silent: two heartbeats are missing and the third is due, so that it is told within thirty seconds. */
  readonly quietMs: number;
  /** Sessions of a producer that was silent for this long are abandoned. */
  readonly silentMs: number;
}

export const defaultPatience: Patience = { gapMs: 30_000, giveUpMs: 600_000, quietMs: 25_000, replacedMs: 30_000, silentMs: 90_000 };

export interface WatcherOptions {
  readonly ledger: Pick<Ledger, 'tellGaps' | 'giveUpGaps' | 'tellAbandoned' | 'tellSilences'>;
  readonly ingester: Pick<Ingester, 'pending'>;
  readonly watermarks: Pick<Watermarks, 'committed'>;
  readonly patience: Patience;
  readonly log: Log;
  /** Milliseconds of any clock that does not step. */
  readonly now?: () => number;
}

/**
 * Looks for what should have come: numbers of producers, ends of sessions. It judges only while the ledger has everything that the stream holds, and
 * had it for as long as the patience that applies: after an outage of the ledger itself everybody looks silent.
 */
export class Watcher {
  readonly #ledger: WatcherOptions['ledger'];
  readonly #ingester: Pick<Ingester, 'pending'>;
  readonly #watermarks: Pick<Watermarks, 'committed'>;
  readonly #patience: Patience;
  readonly #log: Log;
  readonly #now: () => number;
  #caughtUpSince: number | null = null;

  constructor(of: WatcherOptions) {
    this.#ledger = of.ledger;
    this.#ingester = of.ingester;
    this.#watermarks = of.watermarks;
    this.#patience = of.patience;
    this.#log = of.log;
    this.#now = of.now ?? (() => performance.now());
  }

  async look(): Promise<void> {
    const caughtUp = await this.#caughtUpFor();
    await this.#gaps();
    if (caughtUp >= this.#patience.quietMs) await this.#silences();
    if (caughtUp < this.#patience.replacedMs) return;
    const silentMs = caughtUp < this.#patience.silentMs ? never : this.#patience.silentMs;
    const told = await this.#ledger.tellAbandoned({ replacedMs: this.#patience.replacedMs, silentMs });
    abandoned.inc(told);
    if (told > 0) this.#log.warn('sessions were abandoned by their producer', { sessions: told });
  }

  async #silences(): Promise<void> {
    const { silent, heard } = await this.#ledger.tellSilences(this.#patience.quietMs);
    silences.inc(silent.length);
    if (silent.length > 0) this.#log.error('producers fell silent', { producers: silent });
    if (heard.length > 0) this.#log.warn('producers are heard again', { producers: heard });
  }

  async #gaps(): Promise<void> {
    const told = await this.#ledger.tellGaps(this.#patience.gapMs);
    gaps.inc(told);
    if (told > 0) this.#log.error('numbers of producers are missing', { gaps: told });
    const passed = await this.#ledger.giveUpGaps(this.#patience.giveUpMs);
    this.#watermarks.committed(passed);
    for (const { producer, epoch, contiguous } of passed) this.#log.error('missing numbers are given up', { producer, epoch, now: contiguous });
  }

  /** A stream is never quite empty while events come: up to some seconds' worth may be on its way. */
  async #caughtUpFor(): Promise<number> {
    const pending = await this.#ingester.pending();
    const now = this.#now();
    if (pending > onTheWay) this.#caughtUpSince = null;
    else this.#caughtUpSince ??= now;
    return this.#caughtUpSince === null ? 0 : now - this.#caughtUpSince;
  }
}

/** Messages of the bus. Each is a lot: a gateway sends some dozens in a second, of up to 256 events each. */
const onTheWay = 500;
/** A hundred years. */
const never = 3_155_760_000_000;
