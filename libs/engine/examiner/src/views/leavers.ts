import { text, texts, type Fact } from '../fact.ts';
import { isBefore, known, secondsBetween } from '../names.ts';
import { isPrivileged, ownerAt, stateAt, takenOver, type MachineCase } from './machines.ts';
import type { SessionCase } from './sessions.ts';

/** One machine of somebody who left, and what became of it. */
export interface LeaverCase {
  readonly left: Fact;
  /** When they left, as the source says it; when we were told, where it says nothing. */
  readonly leftAt: string;
  readonly machine: MachineCase;
  /** Null: the pack has no record of it. */
  readonly privileged: boolean | null;
  readonly suspended: Fact | null;
  /** It worked no more already when they left. */
  readonly stoppedBefore: boolean;
  /** It may go on until then, unless somebody takes it over (RFC 3339); null where nothing was granted. */
  readonly graceUntil: string | null;
  /** Somebody else answers for it from then on, or the one who left is back. */
  readonly covered: Fact | null;
  /** The nhi.reactivated that names who agreed to the new owner. */
  readonly agreed: Fact | null;
  /** Seconds from leaving, and from being told, to the suspension. Null where there is none. */
  readonly lag: number | null;
  readonly lagSinceTold: number | null;
  readonly after: SessionsAfter;
  /** Logins of the machine that were refused while it was suspended. */
  readonly refused: number;
  /** Sessions that were open when it was suspended, and how long the last of them went on, in seconds. */
  readonly open: number;
  readonly lastEnd: number | null;
  readonly ranOn: readonly SessionCase[];
}

/** Sessions that began after the leaving. */
export interface SessionsAfter {
  readonly all: readonly SessionCase[];
  readonly underNewOwner: readonly SessionCase[];
  readonly inGrace: readonly SessionCase[];
  /** Nobody answered for these. */
  readonly uncovered: readonly SessionCase[];
}

/** Seconds within which a privileged machine works no more, and sessions are over. */
export const promptly = 60;

const suspends = (fact: Fact): boolean => fact.type === 'nhi.suspended' || (fact.type === 'nhi.state_changed' && ['suspended', 'retired'].includes(text(fact, 'to')));

/** Each machine of each leaver, in the order of the log. The machines are those that the event names; where it names a hundred, those that the owner has by their records too. */
export function readLeavers(of: (...types: readonly string[]) => readonly Fact[], machines: ReadonlyMap<string, MachineCase>): readonly LeaverCase[] {
  const returned = of('person.returned');
  const refusals = Map.groupBy(of('auth.failed'), ({ who }) => who?.id ?? '');
  return of('person.left').flatMap((left) => {
    const person = known(text(left, 'person'));
    const named = texts(left, 'machines');
    const owned = person === null || named.length < 100 ? [] : [...machines.values()].filter((each) => ownerAt(each, left.leaf) === person).map(({ machine }) => machine);
    const back = person === null ? null : (returned.find((fact) => fact.leaf > left.leaf && known(text(fact, 'person')) === person) ?? null);
    return [...new Set([...named, ...owned])].map((name) => readCase(left, machines.get(name) ?? unseen(name), back, refusals.get(`machine:${name}`) ?? []));
  });
}

const unseen = (machine: string): MachineCase => ({ machine, records: [], history: [], changes: [], logins: [], acts: [], sessions: [] });

function readCase(left: Fact, machine: MachineCase, back: Fact | null, refusals: readonly Fact[]): LeaverCase {
  const leftAt = Number.isNaN(Date.parse(text(left, 'left_at'))) ? left.at : text(left, 'left_at');
  // What one transaction wrote may stand in either order.
  const near = machine.history.filter((fact) => fact.leaf > left.leaf || Math.abs(secondsBetween(fact.at, left.at) ?? 1) < 1);
  const begin = Math.min(left.leaf, near[0]?.leaf ?? left.leaf);
  const stoppedBefore = ['suspended', 'retired'].includes(stateAt(machine, begin));
  const covered = [takenOver(machine, left.leaf), back].filter((fact) => fact !== null).sort((a, b) => a.leaf - b.leaf)[0] ?? null;
  const suspended = near.find((fact) => suspends(fact) && (covered === null || fact.leaf < covered.leaf)) ?? null;
  const attention = near.find((fact) => fact.type === 'nhi.state_changed' && text(fact, 'to') === 'attention') ?? null;
  const graceUntil = attention === null ? null : text(attention, 'until') || null;
  const end = covered?.at ?? null;
  const open = suspended === null ? [] : machine.sessions.filter((session) => isOpenAt(session, suspended.at));
  return {
    left, leftAt, machine, suspended, stoppedBefore, graceUntil, covered,
    agreed: covered === null || covered.type === 'person.returned' ? null : (machine.history.find((fact) => fact.type === 'nhi.reactivated' && fact.leaf >= covered.leaf) ?? null),
    privileged: isPrivileged(machine, left.leaf),
    lag: suspended === null ? null : secondsBetween(leftAt, suspended.at),
    lagSinceTold: suspended === null ? null : secondsBetween(left.at, suspended.at),
    after: sessionsAfter(machine, leftAt, graceUntil, end),
    refused: suspended === null ? 0 : refusals.filter(({ at }) => !isBefore(at, suspended.at) && (end === null || isBefore(at, end))).length,
    open: open.length,
    lastEnd: suspended === null || open.length === 0 ? null : open.reduce<number | null>((most, { closed }) => (most === null || closed === null ? null : Math.max(most, secondsBetween(suspended.at, closed.at) ?? 0)), 0),
    ranOn: suspended === null ? [] : open.filter(({ closed, abandoned }) => abandoned === null && (closed === null || (secondsBetween(suspended.at, closed.at) ?? 0) > promptly)),
  };
}

function sessionsAfter({ sessions }: MachineCase, leftAt: string, graceUntil: string | null, covered: string | null): SessionsAfter {
  const all = sessions.filter(({ opened }) => opened !== null && isBefore(leftAt, opened.at));
  const underNewOwner = all.filter(({ opened }) => covered !== null && opened !== null && !isBefore(opened.at, covered));
  const rest = all.filter((session) => !underNewOwner.includes(session));
  const inGrace = rest.filter(({ opened }) => graceUntil !== null && opened !== null && isBefore(opened.at, graceUntil));
  return { all, underNewOwner, inGrace, uncovered: rest.filter((session) => !inGrace.includes(session)) };
}

function isOpenAt({ opened, closed }: SessionCase, at: string): boolean {
  return opened !== null && isBefore(opened.at, at) && (closed === null || isBefore(at, closed.at));
}
