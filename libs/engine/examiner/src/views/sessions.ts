import { count, list, machineOf, text, type Fact } from '../fact.ts';

/** What the events say of one session. */
export interface SessionCase {
  readonly session: string;
  readonly facts: readonly Fact[];
  readonly machine: string;
  readonly target: string;
  readonly environment: string;
  readonly opened: Fact | null;
  readonly closed: Fact | null;
  readonly abandoned: Fact | null;
  /** Numbers of the chain that are not there, between the first that is and the last (`session.closed` says which that is). */
  readonly missing: number;
}

/** Chains that are sessions: those that hold an event of a session or of its commands. In the order of their first leaf. */
export function readSessions(facts: readonly Fact[]): ReadonlyMap<string, SessionCase> {
  const own = facts.filter(({ type }) => type === 'session.opened' || type === 'session.closed' || type.startsWith('command.') || type.startsWith('mask.'));
  const ids = new Set(own.map(({ sid }) => sid));
  const abandoned = new Map(facts.filter(({ type }) => type === 'session.abandoned').map((fact) => [text(fact, 'session'), fact]));
  const chains = Map.groupBy(facts.filter(({ sid }) => ids.has(sid)), ({ sid }) => sid);
  return new Map([...chains].map(([session, chain]) => [session, readCase(session, chain, abandoned.get(session) ?? null)]));
}

function readCase(session: string, chain: readonly Fact[], abandoned: Fact | null): SessionCase {
  const facts = chain.toSorted((a, b) => a.seq - b.seq || a.leaf - b.leaf);
  const first = facts[0];
  const closed = facts.find(({ type }) => type === 'session.closed') ?? null;
  const last = Math.max(facts.at(-1)?.seq ?? 0, closed === null ? 0 : count(closed, 'final_seq'), abandoned === null ? 0 : count(abandoned, 'last_seq'));
  const numbers = new Set(facts.map(({ seq }) => seq));
  const opened = facts.find(({ type }) => type === 'session.opened') ?? null;
  const from = opened === null ? (first?.seq ?? 0) : 0;
  return {
    session,
    facts,
    machine: (first && machineOf(first)) ?? '',
    target: first?.on?.target ?? '',
    environment: first?.on?.env ?? '',
    opened,
    closed,
    abandoned,
    missing: last - from + 1 - [...numbers].filter((seq) => seq >= from && seq <= last).length,
  };
}

export interface Tally {
  readonly commands: number;
  readonly held: number;
  readonly denied: number;
  readonly rows: number;
}

/** What the recorded events add up to, in the way in which the gateway counts: a hold is counted apart, and once more when it is let through. */
export function tallyOf({ facts }: SessionCase): Tally {
  const decided = facts.filter(({ type }) => type === 'command.decided');
  const decisions = (word: string) => decided.filter((fact) => text(fact, 'decision') === word);
  const held = new Set(decisions('hold').map((fact) => text(fact, 'command')));
  const refused = facts.filter((fact) => fact.type === 'command.refused' && !held.has(text(fact, 'request')));
  const results = facts.filter(({ type }) => type === 'command.settled').flatMap((fact) => list(fact, 'results'));
  const rows = results.reduce<number>((sum, result) => sum + (typeof result === 'object' && result !== null && 'rows' in result && typeof result.rows === 'number' ? result.rows : 0), 0);
  return { commands: decisions('allow').length + decisions('deny').length, held: held.size, denied: decisions('deny').length + refused.length, rows };
}
