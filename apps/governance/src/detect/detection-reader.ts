import type { Transaction } from 'kysely';
import type { Outbox } from '@sallyport/platform-store';
import type { Reader } from '../follow/reader.ts';
import type { Told } from '../follow/told.ts';
import type { GovernanceDatabase } from '../store/database.ts';
import { fold, needsOf } from './fold.ts';
import { keepSightings } from './keep.ts';
import { momentOf } from './moment.ts';
import { recall, remember } from './store.ts';

/** Looks for what is wrong in how machines are used, and tells it: `detect.*`, in the transaction of what it is concluded from. */
export class DetectionReader implements Reader {
  readonly name = 'detections';
  readonly #outbox: Pick<Outbox, 'emitAll'>;
  readonly #kindOf: (machine: string) => string | null;

  /** @param kindOf of a machine, as the inventory has it; null where it is not known */
  constructor(outbox: Pick<Outbox, 'emitAll'>, kindOf: (machine: string) => string | null) {
    this.#outbox = outbox;
    this.#kindOf = kindOf;
  }

  async take(trx: Transaction<GovernanceDatabase>, page: readonly Told[]): Promise<void> {
    const from = page.reduce((least, told) => Math.min(least, momentOf(told)), Number.MAX_SAFE_INTEGER);
    const memory = await recall(trx, needsOf(page), from);
    const sightings = fold(memory, page, this.#kindOf);
    await remember(trx, memory);
    await this.#outbox.emitAll(trx, await keepSightings(trx, sightings));
  }
}
