import type { Kysely } from 'kysely';
import type { Outbox } from '@sallyport/platform-store';
import { rememberSightings, type Sighting } from '../candidates/sightings.ts';
import { blockedRefusal, type Judgement } from '../model/admit.ts';
import { authEvent, type Attempt } from '../model/auth-event.ts';
import { isReplay, type FirstUse } from '../model/replay.ts';
import { refusedUse, type Spent, type TicketUse } from '../model/ticket.ts';
import { MachineUses, type MachineUse } from '../uses/machine-uses.ts';
import type { IdentityDatabase } from './database.ts';
import { readRevision } from './documents.ts';
import type { Registry } from './registry.ts';
import { spendTickets } from './tickets.ts';
import { rememberUses, type PendingUse } from './token-uses.ts';

/** Attempts of one transaction, and how many may wait for theirs. */
const maxBatch = 64;
const maxWaiting = 2000;
const maxRounds = 3;

export class AdmissionsFullError extends Error {
  readonly code = 'ERR_ADMISSIONS_FULL';
}

/** What was thought of an attempt, and the revision of the inventory that it was judged by. */
export interface Judged {
  readonly judgement: Judgement;
  readonly revision: number;
}

/** One attempt to come in. */
export interface Entry {
  readonly attempt: Attempt;
  readonly judged: Judged;
  /** Judges again, by the inventory of that moment. */
  judge(): Promise<Judged>;
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
  readonly #now: () => number;
  readonly #uses: MachineUses;
  readonly #waiting: Waiting[] = [];
  #running = false;

  constructor(db: Kysely<IdentityDatabase>, outbox: Outbox, registry: Registry, now: () => number) {
    this.#db = db;
    this.#outbox = outbox;
    this.#registry = registry;
    this.#now = now;
    this.#uses = new MachineUses(now);
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
      const outcome = await this.#record(judged);
      if (outcome.kind === 'ruled') return outcome.ruled;
      await this.#registry.reload();
      judged = await Promise.all(judged.map(async (entry) => (entry.judged.revision === outcome.revision ? entry : { ...entry, judged: await entry.judge() })));
    }
    throw new AdmissionsFullError('the inventory changes faster than attempts can be judged');
  }

  /** One transaction: all of these attempts, or none when one of them was judged by an inventory that does not hold any more. */
  async #record(entries: readonly Entry[]): Promise<Outcome> {
    try {
      const { ruled, noted } = await this.#db.transaction().execute(async (trx) => {
        const uses = await rememberUses(trx, entries.flatMap(pendingUse));
        const spent = await spendTickets(trx, entries.flatMap(ticketUse));
        const first = entries.map((entry) => ({ attempt: entry.attempt, ruled: rule(entry, uses, spent) }));
        const seen = await rememberSightings(trx, first.flatMap(sighting), this.#now());
        const noted = await this.#uses.note(trx, first.flatMap(machineUse));
        // Read after the uses were written, shortly before the commit: this is the inventory that the attempts are held to.
        const revision = await readRevision(trx);
        if (entries.some(({ judged }) => judged.revision !== revision)) throw new StaleInventory(revision);
        const all = first.map((one) => (seen.blocked.has(one.attempt.id) ? blocked(one) : one));
        await this.#outbox.emitAll(trx, [...all.map(({ attempt, ruled: { judgement, replayOf } }) => authEvent(attempt, judgement, replayOf)), ...seen.events]);
        return { ruled: all.map((one) => one.ruled), noted };
      });
      noted();
      return { kind: 'ruled', ruled };
    } catch (error) {
      if (error instanceof StaleInventory) return { kind: 'stale', revision: error.revision };
      throw error;
    }
  }
}

type Outcome = { readonly kind: 'ruled'; readonly ruled: readonly Ruled[] } | { readonly kind: 'stale'; readonly revision: number };

/** Thrown to roll back what was written for attempts that must be judged again. */
class StaleInventory extends Error {
  readonly revision: number;

  constructor(revision: number) {
    super('the inventory was changed');
    this.revision = revision;
  }
}

function pendingUse({ attempt, judged: { judgement } }: Entry): PendingUse[] {
  return judgement.kind === 'admit' && judgement.use !== null ? [{ attempt: attempt.id, source: attempt.source, use: judgement.use }] : [];
}

function ticketUse({ attempt, judged: { judgement } }: Entry): { readonly attempt: string; readonly use: TicketUse }[] {
  return judgement.kind === 'admit' && judgement.spend !== null ? [{ attempt: attempt.id, use: judgement.spend }] : [];
}

interface Settled {
  readonly attempt: Attempt;
  readonly ruled: Ruled;
}

/** Nobody knows whose it is. */
function sighting({ attempt: { id, source, door }, ruled: { judgement } }: Settled): Sighting[] {
  return judgement.kind === 'refuse' && judgement.stranger !== undefined ? [{ attempt: id, source, door, stranger: judgement.stranger }] : [];
}

const blocked = ({ attempt, ruled }: Settled): Settled => (ruled.judgement.kind === 'refuse' ? { attempt, ruled: { ...ruled, judgement: { ...ruled.judgement, ...blockedRefusal } } } : { attempt, ruled });

/** Admitted, as a machine, and not by a replay. */
function machineUse({ attempt: { source, door, client }, ruled: { judgement, replayOf } }: Settled): MachineUse[] {
  if (judgement.kind !== 'admit' || judgement.principal.kind !== 'machine' || replayOf !== null) return [];
  const { machine } = judgement.principal.actor;
  return [{ machine, binding: judgement.binding.slice(machine.length + 1), source, door, client }];
}

function rule({ attempt, judged: { judgement } }: Entry, uses: ReadonlyMap<string, FirstUse>, spent: ReadonlyMap<string, Spent>): Ruled {
  if (judgement.kind === 'refuse') return { judgement, replayOf: null };
  if (judgement.spend !== null) {
    const outcome = spent.get(attempt.id) ?? 'revoked';
    return { judgement: outcome === 'spent' ? judgement : refusedUse(judgement, judgement.spend, outcome), replayOf: null };
  }
  if (judgement.use === null) return { judgement, replayOf: null };
  const first = uses.get(attempt.id);
  if (first === undefined) throw new Error('a token use was neither written nor found');
  return { judgement, replayOf: isReplay(judgement.use.mode, { attempt: attempt.id, source: attempt.source }, first) ? first : null };
}
