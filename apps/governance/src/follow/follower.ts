import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { withOpenings, type Envelope } from '@sallyport/domain-events';
import { evidenceFollow, type Bus } from '@sallyport/platform-bus';
import type { Store } from '@sallyport/platform-store';
import { counter, gauge, type Log } from '@sallyport/platform-telemetry';
import type { GovernanceDatabase } from '../store/database.ts';
import type { Reader } from './reader.ts';
import type { Told } from './told.ts';

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

/**
 * Reads the ledger, leaf after leaf, and gives it to the readers: each leaf once, in order, from the first one on. One at a time in the whole installation; where the
 * bus or the database is away it stands still and goes on.
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

  /** The leaf that is read next, and how many there were behind it when this process looked last. Throws StoreError. */
  async status(): Promise<{ readonly next: number; readonly lag: number }> {
    const { next_leaf } = await this.#of.store.db.selectFrom('follow_cursor').select('next_leaf').executeTakeFirstOrThrow();
    return { next: Number(next_leaf), lag: this.#lag };
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const read = await this.#round().catch((error: unknown) => {
        this.#of.log.warn('the ledger cannot be followed; trying again', { error });
        return null;
      });
      if (read === null) await this.#pause(pauseMs);
      else if (read < pageLeaves) await this.#pause(this.#of.idleMs ?? 250);
    }
  }

  /** How many leaves were read; null while another process follows. */
  async #round(): Promise<number | null> {
    const { store, bus, readers } = this.#of;
    return store.db.transaction().execute(async (trx) => {
      // Held until the transaction ends: two processes never read the same page.
      const row = await trx.selectFrom('follow_cursor').select('next_leaf').forUpdate().skipLocked().executeTakeFirst();
      if (row === undefined) return null;
      const from = Number(row.next_leaf);
      const answer = await bus.call(evidenceFollow, { from, limit: pageLeaves }, withinMs);
      if (!answer.ok) throw new Error(`the ledger does not answer: ${answer.error.code}`);
      const { leaves, size } = answer.value;
      leaves.forEach(({ leaf }, i) => {
        if (leaf !== from + i) throw new Error(`leaf ${leaf} came where ${from + i} was due`);
      });
      if (leaves.length === 0) return 0;
      const page = leaves.flatMap(told);
      for (const reader of readers) await reader.take(trx, page);
      await trx.updateTable('follow_cursor').set({ next_leaf: from + leaves.length, moved_at: new Date() }).execute();
      followed.inc(leaves.length);
      this.#lag = Math.max(0, size - from - leaves.length);
      return leaves.length;
    });
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}

type Leaf = z.output<(typeof evidenceFollow)['value']>['leaves'][number];

/** The ledger took it, so it is an envelope of a producer of ours; a leaf whose body is gone by policy tells nothing any more. What it conceals is opened as far as it still can be. */
function told({ leaf, received, bytes, openings }: Leaf): Told[] {
  if (bytes === null) return [];
  const event = JSON.parse(Buffer.from(bytes, 'base64').toString('utf8')) as Envelope;
  return [{ leaf, received: received === null ? 0 : Date.parse(received), event: withOpenings(event, openings, (text) => hash('sha256', text, 'base64url')).event }];
}
