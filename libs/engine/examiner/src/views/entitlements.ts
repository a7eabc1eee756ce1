import { text, type Fact } from '../fact.ts';
import { isBefore, namedMachine } from '../names.ts';
import type { SessionCase } from './sessions.ts';

/** What the events of the pack say of one leave to reach a target. */
export interface EntitlementCase {
  readonly entitlement: string;
  /** The last grant; null where it is older than the pack. */
  readonly granted: Fact | null;
  readonly requested: Fact | null;
  readonly used: readonly Fact[];
  /** When it ended before the pack did: expired or revoked, after the last grant. */
  readonly ended: Fact | null;
  readonly unused: Fact | null;
  /** Of access in an emergency. */
  readonly opened: Fact | null;
  readonly reviewed: Fact | null;
  readonly machine: string;
  readonly target: string;
  /** Sessions under it: those that say so; of one that is told by a document, those of its machine, target and role within its time. */
  readonly sessions: readonly SessionCase[];
}

const types = ['entitlement.granted', 'entitlement.used', 'entitlement.expired', 'entitlement.revoked', 'entitlement.unused', 'breakglass.opened', 'breakglass.reviewed'];

/** In the order of their first leaf. */
export function readEntitlements(of: (...types: readonly string[]) => readonly Fact[], sessions: ReadonlyMap<string, SessionCase>): ReadonlyMap<string, EntitlementCase> {
  const requests = new Map(of('entitlement.requested').map((fact) => [text(fact, 'request'), fact]));
  const cases = Map.groupBy(of(...types), (fact) => text(fact, 'entitlement'));
  const reach = cases.size === 0 ? new Map<string, SessionCase[]>() : Map.groupBy(sessions.values(), ({ machine, target }) => `${machine}\n${target}`);
  return new Map([...cases].map(([entitlement, facts]) => [entitlement, readCase(entitlement, facts, requests, sessions, reach)]));
}

function readCase(entitlement: string, facts: readonly Fact[], requests: ReadonlyMap<string, Fact>, sessions: ReadonlyMap<string, SessionCase>, reach: ReadonlyMap<string, readonly SessionCase[]>): EntitlementCase {
  const last = (...names: readonly string[]) => facts.findLast(({ type }) => names.includes(type)) ?? null;
  const granted = last('entitlement.granted');
  const used = facts.filter(({ type }) => type === 'entitlement.used');
  const placed = granted ?? facts.find((fact) => text(fact, 'target') !== '') ?? facts[0];
  const [machine, target] = placed === undefined ? ['', ''] : [namedMachine(placed), text(placed, 'target')];
  const named = used.flatMap((fact) => sessions.get(text(fact, 'session')) ?? []);
  const within = granted === null || text(granted, 'kind') !== 'standing' ? [] : (reach.get(`${machine}\n${target}`) ?? []).filter((session) => covers(granted, session));
  return {
    entitlement, granted, used, machine, target,
    requested: granted === null ? null : (requests.get(text(granted, 'request')) ?? null),
    ended: facts.findLast(({ type, leaf }) => (type === 'entitlement.expired' || type === 'entitlement.revoked') && leaf > (granted?.leaf ?? -1)) ?? null,
    unused: last('entitlement.unused'),
    opened: last('breakglass.opened'),
    reviewed: last('breakglass.reviewed'),
    sessions: [...new Set([...named, ...within])],
  };
}

function covers(granted: Fact, { opened }: SessionCase): boolean {
  if (opened === null) return false;
  const role = text(granted, 'role');
  return (role === '' || role === text(opened, 'role')) && !isBefore(opened.at, text(granted, 'from')) && !isBefore(text(granted, 'until'), opened.at);
}

/** `in force`, `expired`, `revoked`, or what the grant itself says at the end of the period. */
export function entitlementState({ granted, ended }: EntitlementCase, end: string): string {
  if (ended !== null) return ended.type === 'entitlement.revoked' ? 'revoked' : 'expired';
  return granted !== null && isBefore(text(granted, 'until'), end) ? 'over' : 'in force';
}
