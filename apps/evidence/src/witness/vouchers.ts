import type { EventData } from '@sallyport/domain-events';
import { every } from '@sallyport/platform-runtime';
import type { Log } from '@sallyport/platform-telemetry';
import type { Kysely } from 'kysely';
import type { EvidenceConfig } from '../config.ts';
import type { Tree } from '../log/tree.ts';
import type { EvidenceDatabase } from '../store/database.ts';
import { readCertificates } from '../timestamp/authority.ts';
import { Stamper } from '../timestamp/stamper.ts';
import { AskWitness } from './ask-witness.ts';
import { Cosignatures } from './cosignatures.ts';

export interface VouchersOptions {
  readonly config: EvidenceConfig;
  readonly db: Kysely<EvidenceDatabase>;
  readonly tree: Tree;
  readonly log: Log;
  tell(type: 'log.witness_refused', data: EventData['log.witness_refused']): Promise<void>;
  /** Milliseconds between looks for a new checkpoint; ten of them until what failed is tried again. */
  readonly paceMs: number;
  /** Milliseconds between timestamps of a log that grows. */
  readonly stampEveryMs: number;
}

/** Those outside who vouch for checkpoints: witnesses and a timestamp authority. Each has a round of its own, so that one that is slow keeps up nobody. */
export class Vouchers {
  readonly #of: VouchersOptions;
  readonly #witnesses: readonly AskWitness[];
  readonly #stamper: Stamper | null;

  constructor(of: VouchersOptions) {
    this.#of = of;
    const { config, db, tree, log, tell, paceMs, stampEveryMs } = of;
    const cosignatures = new Cosignatures(db);
    this.#witnesses = config.SALLYPORT_WITNESSES.map((witness) => new AskWitness({ witness, source: (size) => tree.source(size), cosignatures, log, tell, retryMs: paceMs * 10 }));
    const tsa = config.SALLYPORT_TSA;
    this.#stamper = tsa === null ? null : new Stamper({ url: tsa.url, trusted: readCertificates(tsa.caFile), db, log, everyMs: stampEveryMs, retryMs: Math.min(stampEveryMs, 60_000) });
  }

  /** A checkpoint was signed and written down. */
  offer(note: string): void {
    for (const witness of this.#witnesses) witness.offer(note);
    this.#stamper?.offer(note);
  }

  /** @returns what ends each round */
  start(): (() => Promise<void>)[] {
    const { log, paceMs } = this.#of;
    const stamper = this.#stamper;
    return [
      ...this.#witnesses.map((witness) => every({ ms: paceMs, what: 'asking a witness', log }, () => witness.turn())),
      ...(stamper === null ? [] : [every({ ms: paceMs, what: 'having a checkpoint stamped', log }, () => stamper.turn())]),
    ];
  }
}
