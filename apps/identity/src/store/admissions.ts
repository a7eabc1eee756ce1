import type { Kysely } from 'kysely';
import type { Outbox } from '@sallyport/platform-store';
import type { Judgement } from '../model/admit.ts';
import { authEvent, type Attempt } from '../model/auth-event.ts';
import { isReplay, type FirstUse } from '../model/replay.ts';
import type { IdentityDatabase } from './database.ts';
import { readRevision } from './documents.ts';
import type { Registry } from './registry.ts';
import { rememberUses, type PendingUse } from './token-uses.ts';

/** Attempts of one transaction, and how many may wait for theirs. */
const maxBatch = 64;
const maxWaiting = 2000;
const maxRounds = 3;

export class AdmissionsFullError extends Error {
  readonly code = 'ERR_ADMISSIONS_FULL';
}

/** One attempt to come in, judged by the inventory that this process knows. */
export interface Entry {
  readonly attempt: Attempt;
  readonly judgement: Judgement;
  /** Judges again, by an inventory that has changed meanwhile. */
  judge(): Promise<Judgement>;
}

export interface Ruled {
  readonly judgement: Judgement;
  /** The earlier use, when the attempt is a replay. */
  readonly replayOf: FirstUse | null;
}

interface Waiting {
  readonly entry: Entry;
  resolve(ruled: Ruled): void;
  reject(error: unknown): void;
}

/**
 * Where an attempt becomes final: looks for earlier uses of the token, makes sure that the inventory it was judged by still holds, and
 * writes the evidence, all in one transaction. While one transaction runs, what comes meanwhile is gathered for the next one: a single
 * attempt waits for nobody, a thousand at once cost few commits.
 */
export class Admissions {
  readonly #db: Kysely<IdentityDatabase>;
  readonly #outbox: Outbox;
  readonly #registry: Registry;
  readonly #waiting: Waiting[] = [];
  #running = false;

  constructor(db: Kysely<IdentityDatabase>, outbox: Outbox, registry: Registry) {
    this.#db = db;
    this.#outbox = outbox;
    this.#registry = registry;
  }

  /** Rejects with StoreError when nothing can be recorded, with AdmissionsFullError when too many wait: then nobody comes in. */
  settle(entry: Entry): Promise<Ruled> {
    if (this.#waiting.length >= maxWaiting) return Promise.reject(new AdmissionsFullError(`${maxWaiting} attempts wait already`));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) await this.#batch(this.#waiting.splice(0, maxBatch));
    this.#running = false;
  }

  async #batch(batch: readonly Waiting[]): Promise<void> {
    try {
      const ruled = await this.#rule(batch.map(({ entry }) => entry));
      for (const [i, one] of ruled.entries()) batch[i]?.resolve(one);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  async #rule(entries: readonly Entry[]): Promise<readonly Ruled[]> {
    let judged = entries;
    for (let round = 0; round < maxRounds; round++) {
      const { revision } = this.#registry.inventory;
      const ruled = await this.#db.transaction().execute(async (trx) => {
        const first = await rememberUses(trx, judged.flatMap(pendingUse));
        // Read after the uses were written, shortly before the commit; the attempt is judged by what holds here.
        if ((await readRevision(trx)) !== revision) throw new StaleInventory();
        const all = judged.map((entry) => rule(entry, first));
        for (const [i, one] of all.entries()) {
          const entry = judged[i];
          if (entry === undefined) continue;
          const event = authEvent(entry.attempt, one.judgement, one.replayOf);
          await this.#outbox.emit(trx, event.type, event.data, { who: event.who });
        }
        return all;
      }).catch((error: unknown) => {
        if (error instanceof StaleInventory) return null;
        throw error;
      });
      if (ruled !== null) return ruled;
      await this.#registry.reload();
      judged = await Promise.all(judged.map(async (entry) => ({ ...entry, judgement: await entry.judge() })));
    }
    throw new AdmissionsFullError('the inventory changes faster than attempts can be judged');
  }
}

/** Thrown to roll back what was written for attempts that must be judged again. */
class StaleInventory extends Error {}

function pendingUse({ attempt, judgement }: Entry): PendingUse[] {
  return judgement.kind === 'admit' && judgement.use !== null ? [{ attempt: attempt.id, source: attempt.source, use: judgement.use }] : [];
}

function rule({ attempt, judgement }: Entry, uses: ReadonlyMap<string, FirstUse>): Ruled {
  if (judgement.kind === 'refuse' || judgement.use === null) return { judgement, replayOf: null };
  const first = uses.get(attempt.id);
  if (first === undefined) throw new Error('a token use was neither written nor found');
  return { judgement, replayOf: isReplay(judgement.use.mode, { attempt: attempt.id, source: attempt.source }, first) ? first : null };
}
