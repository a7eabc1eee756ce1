import { personWho } from '@sallyport/domain-events';
import { describeProblem, lintPolicySet, readPolicySet, type PolicySet } from '@sallyport/engine-policy';
import { policyGet, type Bus, type Caller, type Proposal, type Simulation, type UsageRow } from '@sallyport/platform-bus';
import { StoreError, type Outbox, type Store } from '@sallyport/platform-store';
import { sql } from 'kysely';
import type { Inventory } from '../inventory/inventory.ts';
import type { GovernanceDatabase } from '../store/database.ts';
import { RightsizeError } from './errors.ts';
import { mostPast, pastOf, type Past, type Span } from './history.ts';
import { writeNarrowing, writeRevocation } from './narrow.ts';
import { Pace } from './pace.ts';
import { writeLeast } from './propose.ts';
import { check } from './check.ts';
import { simulate } from './simulate.ts';
import { tally } from './tally.ts';

export interface RightsizeParts {
  readonly store: Store<GovernanceDatabase>;
  readonly outbox: Outbox;
  readonly bus: Pick<Bus, 'call'>;
  readonly inventory: Inventory;
  readonly now: () => number;
}

const dayMs = 86_400_000;
const readers = ['admin', 'auditor', 'operator', 'approver'];

/** What machines used, the least policy for it, and what drafts would have decided about the past. Everything is told with the leaf up to which the ledger was read. */
export class Rightsize {
  readonly #of: RightsizeParts;

  constructor(of: RightsizeParts) {
    this.#of = of;
  }

  /** Throws RightsizeError, StoreError. */
  async usage(asked: { readonly by: Caller; readonly machine: string; readonly target: string | null; readonly days: number; readonly limit: number; readonly offset: number }): Promise<{ machine: string; from: string; to: string; upTo: number; used: UsageRow[]; total: number }> {
    may(asked.by);
    const { from, to } = this.#span(asked.days);
    const within = sql`from usage_day where machine = ${asked.machine} and day >= ${from}::date ${asked.target === null ? sql`` : sql`and target = ${asked.target}`} group by target, role, verb, object`;
    const { db } = this.#of.store;
    const found = await sql<{ target: string; role: string; verb: string; object: string; commands: string; allowed: string; denied: string; held: string; first: Date; last: Date }>`
      select target, role, verb, object, sum(commands)::text as commands, sum(allowed)::text as allowed, sum(denied)::text as denied, sum(held)::text as held, min(first_at) as first, max(last_at) as last ${within}
      order by sum(commands) desc, target, role, verb, object limit ${asked.limit} offset ${asked.offset}`.execute(db);
    const all = await sql<{ n: string }>`select count(*)::text as n from (select 1 ${within}) as rows`.execute(db);
    const used = found.rows.map(({ commands, allowed, denied, held, first, last, ...row }) => ({ ...row, commands: Number(commands), allowed: Number(allowed), denied: Number(denied), held: Number(held), first: first.toISOString(), last: last.toISOString() }));
    return { machine: asked.machine, from, to, upTo: await this.#upTo(), used, total: Number(all.rows[0]?.n ?? 0) };
  }

  /** Throws RightsizeError, StoreError. */
  async propose({ by, ...asked }: { readonly by: Caller; readonly machine: string; readonly target: string | null; readonly days: number }): Promise<Proposal> {
    may(by);
    const proposal = await this.proposal(asked);
    const { machine, from, to, digest, rules } = proposal;
    await this.#of.store.db.transaction().execute((trx) => this.#of.outbox.emit(trx, 'policy.proposed', { machine, from, to, digest, rules }, { who: personWho(by.person) }));
    return proposal;
  }

  /** The same, told to nobody: for whoever tells of it himself. */
  async proposal({ machine: name, target, days }: { readonly machine: string; readonly target: string | null; readonly days: number }): Promise<Proposal> {
    const machine = this.#of.inventory.machineFacts(name);
    if (machine === null) throw new RightsizeError('not-found', `there is no machine ${name}`);
    const { from, to } = this.#span(days);
    const past = await this.#past({ machine: name, target, from });
    if (!past.some(({ decision }) => decision !== 'deny')) throw new RightsizeError('unused', `nothing that ${name} did${target === null ? '' : ` on ${target}`} was allowed since ${from}: there is nothing to permit`);
    const inForce = await this.#inForce();
    const { places, left } = tally(past);
    const say = `${name}${target === null ? '' : ` on ${target}`}, ${from} to ${to}`;
    const least = writeLeast(machine, places, inForce.set, [`The least policy that would have allowed what was used: ${say}.`, 'It stands by itself: what is permitted by other files is permitted besides.']);
    const file = { name: `least-${name}.cedar`, text: least.text };
    const read = readPolicySet([file]);
    if (!read.ok) throw new RightsizeError('too-much', `what was used makes no policy: ${read.problems.map(describeProblem).slice(0, 3).join('; ')}`);
    const narrowing = writeNarrowing(name, places, [`Narrows what is permitted to what was used: ${say}.`, 'Add it to the policy in force.']);
    const leftOut = [...left, ...least.left];
    const checked = await check({ set: read.set, past, inventory: this.#of.inventory, kept: least.kept, version: inForce.version, left: new Set(leftOut.map(({ what }) => what)), pace: new Pace() });
    return {
      machine: name, from, to, upTo: await this.#upTo(), digest: read.set.digest, rules: least.rules, file, narrowing: narrowing === null ? null : { name: nameOf('narrowed', name, target), text: narrowing }, check: checked,
      left: leftOut,
    };
  }

  /** Rules that end a machine's access where policy alone governs it. */
  revocation(machine: string, target: string | null): { readonly name: string; readonly text: string } {
    return { name: nameOf('revoked', machine, target), text: writeRevocation(machine, target, [`Ends the access of ${machine}${target === null ? '' : ` to ${target}`}.`, 'Add it to the policy in force.']) };
  }

  /** Throws RightsizeError, StoreError. */
  async simulate({ by, files, machine, days }: { readonly by: Caller; readonly files: readonly { readonly name: string; readonly text: string }[]; readonly machine: string | null; readonly days: number }): Promise<Simulation> {
    may(by);
    const { inventory, store, outbox } = this.#of;
    const read = readPolicySet(files);
    const problems = read.ok ? [...read.problems, ...lintPolicySet(read.set)] : read.problems;
    const errors = problems.filter(({ severity }) => severity === 'error');
    if (!read.ok || errors.length > 0) throw new RightsizeError('invalid', errors.slice(0, 20).map(describeProblem).join('\n'));
    const { from, to } = this.#span(days);
    const counted = await simulate(read.set, await this.#past({ machine, target: null, from }), inventory, new Pace());
    const digest = read.set.digest;
    await store.db.transaction().execute((trx) => outbox.emit(trx, 'policy.simulated', { digest, from, to, commands: counted.commands, changed: counted.changed }, { who: personWho(by.person) }));
    return { digest, from, to, upTo: await this.#upTo(), ...counted, assumes: [...assumed], warnings: problems.map(describeProblem).slice(0, 100) };
  }

  /** The policy set in force. */
  async inForce(): Promise<PolicySet> {
    return (await this.#inForce()).set;
  }

  async #inForce(): Promise<{ readonly set: PolicySet; readonly version: number }> {
    const answer = await this.#of.bus.call(policyGet, { version: null });
    if (!answer.ok) throw new RightsizeError('unavailable', 'the policy in force cannot be asked for now');
    const read = readPolicySet(answer.value.files);
    if (!read.ok) throw new RightsizeError('unavailable', 'the policy in force cannot be read by this version');
    return { set: read.set, version: answer.value.version };
  }

  async #past(span: Span): Promise<readonly Past[]> {
    const past = await pastOf(this.#of.store.db, span).catch((error: unknown): never => {
      throw error instanceof StoreError && error.code === '57014' ? new RightsizeError('too-much', 'there is too much to look at: ask for one machine, or for fewer days') : error;
    });
    if (past.length > mostPast) throw new RightsizeError('too-much', `there are more than ${mostPast} distinct decisions: ask for one machine, or for fewer days`);
    return past;
  }

  #span(days: number): { readonly from: string; readonly to: string } {
    const now = this.#of.now();
    return { from: new Date(now - (days - 1) * dayMs).toISOString().slice(0, 10), to: new Date(now).toISOString().slice(0, 10) };
  }

  async #upTo(): Promise<number> {
    const { next_leaf } = await this.#of.store.db.selectFrom('follow_cursor').select('next_leaf').executeTakeFirstOrThrow();
    return Number(next_leaf);
  }
}

const assumed = [
  'machines, their groups and facts, targets and their tags are as they are now, not as they were then',
  'classifications are as they are now',
  'limits of rows and bytes, masking, and whether somebody would have approved are not compared',
];

function may({ roles }: Caller): void {
  if (!roles.some((role) => readers.includes(role))) throw new RightsizeError('denied', `this needs one of the roles ${readers.join(', ')}`);
}

/** One file for each target: a later change about another one must not take this one's place. */
const nameOf = (what: string, machine: string, target: string | null): string => `${what}-${machine}${target === null ? '' : `-on-${target}`}.cedar`;
