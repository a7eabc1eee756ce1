import type { Kysely } from 'kysely';
import type { Outbox } from '@sallyport/platform-store';
import type { Inventory } from '../model/inventory.ts';
import type { IdentityDatabase } from '../store/database.ts';
import { endings, type Ending } from './endings.ts';

const mostNames = 100;

/** Warns of contracts that end soon, once for each time, whichever process comes first, over restarts too. */
export class Warnings {
  readonly #db: Kysely<IdentityDatabase>;
  readonly #outbox: Pick<Outbox, 'emitAll'>;
  /** Known to be told: spares questions, decides nothing. */
  readonly #told = new Set<string>();

  constructor(db: Kysely<IdentityDatabase>, outbox: Pick<Outbox, 'emitAll'>) {
    this.#db = db;
    this.#outbox = outbox;
  }

  /** @param now milliseconds since 1970 */
  async look(inventory: Inventory, now: number): Promise<void> {
    const recorded = new Date(now).toISOString();
    const soon = endings(inventory, recorded.slice(0, 10)).filter((ending) => !this.#told.has(keyOf(ending)));
    if (soon.length === 0) return;
    await this.#db.transaction().execute(async (trx) => {
      const fresh: Ending[] = [];
      for (const ending of soon) {
        const rows = ending.reached.map((days) => ({ party: ending.of, name: ending.name, ends: ending.ends, days, recorded }));
        const written = await trx.insertInto('contract_warning').values(rows).onConflict((conflict) => conflict.doNothing()).returning('days').execute();
        if (written.length > 0) fresh.push(ending);
      }
      await this.#outbox.emitAll(trx, fresh.map(({ of, name, ends, days, machines }) => ({ type: 'contract.ending', data: { of, name, ends, days, machines: machines.slice(0, mostNames) } })));
    });
    for (const ending of soon) this.#told.add(keyOf(ending));
  }
}

const keyOf = ({ of, name, ends, reached }: Ending) => `${of} ${ends} ${reached.join()} ${name}`;
