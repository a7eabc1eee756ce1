import type { Kysely, Transaction } from 'kysely';
import { instant } from '@sallyport/domain-model';
import { seconds } from '@sallyport/platform-config';
import type { EventToTell, Outbox } from '@sallyport/platform-store';
import type { Amendments } from '../lifecycle/amendments.ts';
import type { NewStatus } from '../lifecycle/status.ts';
import type { Inventory } from '../model/inventory.ts';
import type { IdentityDatabase } from '../store/database.ts';
import type { Registry } from '../store/registry.ts';
import { idleMachines, type Idleness } from './idleness.ts';
import { markAll, unmarkOthers, type Mark } from './marks.ts';

const day = 86_400_000;
/** Machines of one transaction. */
const batch = 200;

export interface SweepParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly outbox: Pick<Outbox, 'emitAll'>;
  readonly registry: Registry;
  readonly amendments: Pick<Amendments, 'make'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Looks for machines that nobody uses and for machines that nobody answers for. Each is told once: over restarts, and with two processes that look at the same time. A machine that
 * came again and then stayed away again is told again.
 */
export class Sweeps {
  readonly #parts: SweepParts;

  constructor(parts: SweepParts) {
    this.#parts = parts;
  }

  /** Flags those that did not come for so long, and suspends those that did not come for longer. @returns machines that were told now */
  async stale(): Promise<{ readonly flagged: readonly string[]; readonly suspended: readonly string[] }> {
    const inventory = await this.#parts.registry.follow();
    const { flag, suspend } = inventory.governance.stale;
    const at = this.#parts.now();
    const idle = await idleMachines(this.#parts.db, working(inventory), at - Math.min(seconds(flag), seconds(suspend)) * 1000);
    const over = (limit: string) => idle.filter(({ since }) => at - since >= seconds(limit) * 1000);
    // A machine that nobody looked at in time (the service was down) is flagged and suspended at once.
    const flagged = await this.#flag(over(flag));
    const suspended = await this.#suspend(over(suspend));
    return { flagged, suspended };
  }

  async #flag(idle: readonly Idleness[]): Promise<readonly string[]> {
    const { db, outbox, now } = this.#parts;
    const told: string[] = [];
    for (let i = 0; i < idle.length; i += batch) {
      const part = idle.slice(i, i + batch);
      await db.transaction().execute(async (trx) => {
        const fresh = await markAll(trx, part.map(({ machine, since }): Mark => ({ machine, mark: 'stale-flag', about: instant(since) })), now());
        await outbox.emitAll(trx, part.filter(({ machine }) => fresh.has(machine)).map((one) => staleEvent(one, 'flag', now())));
        told.push(...fresh);
      });
    }
    return told;
  }

  /** In the one transaction in which they are suspended, with all that follows; each is looked at once more in it, because somebody may have come meanwhile. */
  async #suspend(suspects: readonly Idleness[]): Promise<readonly string[]> {
    const told: string[] = [];
    for (let i = 0; i < suspects.length; i += batch) {
      const part = suspects.slice(i, i + batch).map(({ machine }) => machine);
      told.push(
        ...(await this.#parts.amendments.make<readonly string[]>({
          who: null, author: 'identity', source: 'hand',
          decide: async ({ before, trx, now }) => {
            const still = new Set(working(before));
            const idle = await idleMachines(trx, part.filter((machine) => still.has(machine)), now - seconds(before.governance.stale.suspend) * 1000);
            const statuses = idle.map(({ machine, since }): NewStatus => ({ machine, cause: 'stale', state: 'suspended', why: `it did not come for ${days(since, now)} days`, since: now, until: null, person: null, setBy: 'identity' }));
            return {
              first: idle.map((one) => staleEvent(one, 'suspend', now)), last: [],
              amendment: statuses.length === 0 ? null : { by: 'fact', documents: [], words: [], statuses },
              answer: () => idle.map(({ machine }) => machine),
            };
          },
        })),
      );
    }
    return told;
  }

  /** Machines that work, or are about to, and whose owner is not there (any more). Independent of every signal. @returns machines that were told now */
  async orphans(): Promise<readonly string[]> {
    const { db, outbox, registry, now } = this.#parts;
    const inventory = await registry.follow();
    const orphans = [...inventory.machines.values()].filter((machine) => inventory.stateOf(machine.metadata.name) !== 'retired' && inventory.ownerGone(machine)).map(({ metadata, spec }) => ({ machine: metadata.name, owner: spec.owner }));
    const told: string[] = [];
    for (let i = 0; i < orphans.length; i += batch) {
      const part = orphans.slice(i, i + batch);
      await db.transaction().execute(async (trx: Transaction<IdentityDatabase>) => {
        const fresh = await markAll(trx, part.map(({ machine, owner }): Mark => ({ machine, mark: 'orphan', about: owner })), now());
        await outbox.emitAll(trx, part.filter(({ machine }) => fresh.has(machine)).map(({ machine, owner }): EventToTell => ({ type: 'detect.orphan', data: { machine, owner }, who: null })));
        told.push(...fresh);
      });
    }
    await unmarkOthers(db, 'orphan', orphans.map(({ machine }) => machine));
    return told;
  }
}

const days = (since: number, now: number) => Math.floor((now - since) / day);

const working = (inventory: Inventory): readonly string[] => [...inventory.machines.keys()].filter((name) => ['active', 'attention'].includes(inventory.stateOf(name)));

function staleEvent({ machine, lastUsed, since }: Idleness, level: 'flag' | 'suspend', now: number): EventToTell {
  return { type: 'detect.stale', data: { machine, last_used: lastUsed === null ? null : instant(lastUsed), days: days(since, now), level }, who: null };
}
