import { setTimeout as sleep } from 'node:timers/promises';
import type { Transaction } from 'kysely';
import type { z } from 'zod';
import { evidenceFollow, type Bus } from '@sallyport/platform-bus';
import type { Store } from '@sallyport/platform-store';
import { counter, gauge, type Log } from '@sallyport/platform-telemetry';
import type { GovernanceDatabase } from '../store/database.ts';
import { give, pass } from './give.ts';
import { agrees, note, parting } from './marks.ts';
import type { Reader } from './reader.ts';
import { toldBy, type Told } from './told.ts';

export interface FollowerParts {
  readonly store: Store<GovernanceDatabase>;
  readonly bus: Pick<Bus, 'call'>;
  readonly readers: readonly Reader[];
  readonly log: Log;
  /** Between looks while nothing comes, in milliseconds. */
  readonly idleMs?: number;
}

const pageLeaves = 1000;
const withinMs = 20_000;
const pauseMs = 1000;

const followed = counter('sallyport_governance_leaves_total', 'Leaves of the ledger that were read', []);

type Round = 'more' | 'idle' | 'elsewhere';
type Page = z.output<(typeof evidenceFollow)['value']>;

/**
 * Reads the ledger, leaf after leaf, and gives it to the readers: each leaf once, in order, from the first one on. One at a time in the whole installation; where the
 * bus or the database is away it stands still and goes on. A ledger that was set back is read anew from the first leaf that is another one: what was concluded from the lost leaves stays.
 */
export class Follower {
  readonly #of: FollowerParts;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #lag = 0;

  constructor(of: FollowerParts) {
    this.#of = of;
    gauge('sallyport_governance_lag_leaves', 'Leaves of the ledger that were not read yet', [], () => this.#lag);
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** The leaf that is read next, and how many there were behind it at the last look, whichever process looked. Throws StoreError. */
  async status(): Promise<{ readonly next: number; readonly lag: number }> {
    const { next_leaf, ledger_size } = await this.#of.store.db.selectFrom('follow_cursor').select(['next_leaf', 'ledger_size']).executeTakeFirstOrThrow();
    return { next: Number(next_leaf), lag: Math.max(0, Number(ledger_size) - Number(next_leaf)) };
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const round = await this.#round().catch((error: unknown): Round => {
        this.#of.log.warn('the ledger cannot be followed; trying again', { error });
        return 'elsewhere';
      });
      if (round === 'elsewhere') await this.#pause(pauseMs);
      else if (round === 'idle') await this.#pause(this.#of.idleMs ?? 250);
    }
  }

  async #round(): Promise<Round> {
    const { store, readers, log } = this.#of;
    return store.db.transaction().execute(async (trx) => {
      // Held until the transaction ends: two processes never read the same page.
      const row = await trx.selectFrom('follow_cursor').select('next_leaf').forUpdate().skipLocked().executeTakeFirst();
      if (row === undefined) return 'elsewhere';
      const next = Number(row.next_leaf);
      // With the last leaf that was read before: it tells whether this is still the same ledger.
      const overlap = Math.min(next, 1);
      const { leaves, size } = await this.#ask(next - overlap, pageLeaves);
      const [before] = leaves;
      if (overlap === 1 && (size < next || (before !== undefined && !(await agrees(trx, before))))) return this.#setBack(trx, next, size);
      const fresh = leaves.slice(overlap);
      const page = await this.#read(trx, fresh);
      for (const reader of readers) await give(trx, reader, page, log);
      await note(trx, fresh);
      const reached = next + fresh.length;
      if (fresh.length > 0) await trx.updateTable('follow_cursor').set({ next_leaf: reached, ledger_size: size, moved_at: new Date() }).execute();
      followed.inc(fresh.length);
      this.#lag = Math.max(0, size - reached);
      // Pages end by their bytes, too: a short one is not the last one.
      return fresh.length > 0 && reached < size ? 'more' : 'idle';
    });
  }

  async #setBack(trx: Transaction<GovernanceDatabase>, next: number, size: number): Promise<Round> {
    const at = await parting(trx, async (from, limit) => (await this.#ask(from, limit)).leaves);
    this.#of.log.error('the ledger is another one than was read: it was set back. It is read anew from where it differs; what was concluded from the lost leaves stays', { read: next, size, from: at });
    await trx.updateTable('follow_cursor').set({ next_leaf: Math.min(at, next, size), ledger_size: size, moved_at: new Date() }).execute();
    return 'more';
  }

  async #ask(from: number, limit: number): Promise<Page> {
    const answer = await this.#of.bus.call(evidenceFollow, { from, limit: Math.min(limit, pageLeaves) }, withinMs);
    if (!answer.ok) throw new Error(`the ledger does not answer: ${answer.error.code}`);
    answer.value.leaves.forEach(({ leaf }, i) => {
      if (leaf !== from + i) throw new Error(`leaf ${leaf} came where ${from + i} was due`);
    });
    return answer.value;
  }

  async #read(trx: Transaction<GovernanceDatabase>, leaves: Page['leaves']): Promise<readonly Told[]> {
    const page: Told[] = [];
    for (const leaf of leaves) {
      try {
        const told = toldBy(leaf);
        if (told !== null) page.push(told);
      } catch (error) {
        await pass(trx, '*', leaf.leaf, error, this.#of.log);
      }
    }
    return page;
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
