import type { Transaction } from 'kysely';
import type { Reader } from '../follow/reader.ts';
import type { Told } from '../follow/told.ts';
import type { GovernanceDatabase } from '../store/database.ts';
import { fold, sessionsOf } from './fold.ts';
import { keepSessions, keepUse, openSessions } from './store.ts';
import { widest } from './widths.ts';

/** Adds up who used what: machine, target, role, verb, object, day; and each distinct decision, for simulation. */
export class UsageReader implements Reader {
  readonly name = 'usage';
  readonly #most: { readonly objects: number; readonly inputs: number };

  constructor(most: { readonly objects: number; readonly inputs: number } = widest) {
    this.#most = most;
  }

  async take(trx: Transaction<GovernanceDatabase>, page: readonly Told[]): Promise<void> {
    const { opened, ended, used, decided } = fold(page, await openSessions(trx, sessionsOf(page)));
    await keepSessions(trx, opened, ended);
    await keepUse(trx, used, decided, this.#most);
  }
}
