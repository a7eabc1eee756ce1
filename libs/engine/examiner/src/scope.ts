import { machineOf, text, type Fact } from './fact.ts';
import { namedMachine } from './names.ts';

/** Null is everything. All that are given must fit. */
export interface Scope {
  readonly machine: string | null;
  readonly target: string | null;
  readonly environment: string | null;
}

export const everything: Scope = { machine: null, target: null, environment: null };

export class ScopeError extends Error {
  readonly code = 'ERR_SCOPE';
}

/** `all`, or `machine=nightly,target=ledger-db,environment=prod` with any of the three. Throws ScopeError. */
export function parseScope(written: string): Scope {
  if (written === 'all') return everything;
  const parts = written.split(',').map((part) => part.split('='));
  const scope: { machine: string | null; target: string | null; environment: string | null } = { ...everything };
  for (const [name, value, ...rest] of parts) {
    if ((name !== 'machine' && name !== 'target' && name !== 'environment') || value === undefined || value === '' || rest.length > 0) throw new ScopeError('a scope is `all`, or machine=NAME, target=NAME, environment=NAME, joined by commas');
    if (scope[name] !== null) throw new ScopeError(`the scope names ${name} twice`);
    scope[name] = value;
  }
  return scope;
}

export function scopeText({ machine, target, environment }: Scope): string {
  const parts = Object.entries({ machine, target, environment }).flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
  return parts.length === 0 ? 'all' : parts.join(',');
}

/**
 * The leaves whose bodies belong into the pack. What the house itself does (configuration, policy, services, the log, people's acts and reads)
 * concerns every scope and is always in. A session is in or out as a whole, with the approvals and logins that name it. What is recorded, granted, reviewed and detected of one machine
 * is in or out by that machine, and by the target where it names one.
 * What cannot be placed is in: showing too much is seen, showing too little is not.
 */
export function leavesInScope(facts: readonly Fact[], scope: Scope): ReadonlySet<number> {
  if (scope.machine === null && scope.target === null && scope.environment === null) return new Set(facts.map(({ leaf }) => leaf));
  const sessions = new Map<string, boolean>();
  const approvals = new Map<string, boolean>();
  for (const fact of facts) {
    if (fact.on !== null && ofSession(fact)) sessions.set(fact.sid, fits(machineOf(fact), fact.on.target, fact.on.env, scope));
    if (fact.type === 'approval.requested') approvals.set(text(fact, 'approval'), sessions.get(text(fact, 'session')) ?? fits(text(fact, 'machine') || null, text(fact, 'target') || null, null, scope));
  }
  return new Set(facts.filter((fact) => within(fact, scope, sessions, approvals)).map(({ leaf }) => leaf));
}

function within(fact: Fact, scope: Scope, sessions: ReadonlyMap<string, boolean>, approvals: ReadonlyMap<string, boolean>): boolean {
  if (governed(fact)) return fits(namedMachine(fact) || null, text(fact, 'target') || null, null, scope);
  if (!personal(fact)) return true;
  if (fact.type.startsWith('approval.')) return approvals.get(text(fact, 'approval')) ?? true;
  const own = sessions.get(fact.sid) ?? sessions.get(text(fact, 'session'));
  if (own !== undefined) return own;
  const machine = machineOf(fact);
  return machine === null || fits(machine, fact.on?.target ?? (text(fact, 'target') || null), fact.on?.env ?? null, scope);
}

/** Events that stand in the chain of their session; others stand in that of their service. */
const ofSession = ({ type }: Fact): boolean => type === 'session.opened' || type === 'session.closed' || type.startsWith('command.') || type.startsWith('mask.');

const personal = ({ type }: Fact): boolean => ['auth.', 'session.', 'command.', 'mask.', 'approval.'].some((prefix) => type.startsWith(prefix));

/** About one machine, and written by whoever governs it. Campaigns, imports, candidates and people name no machine or many, and stay in. */
const governed = ({ type }: Fact): boolean => ['nhi.', 'entitlement.', 'breakglass.', 'review.', 'detect.', 'policy.proposed', 'approval.manifest'].some((prefix) => type.startsWith(prefix));

/** What is not known of an event does not put it out. */
function fits(machine: string | null, target: string | null, environment: string | null, scope: Scope): boolean {
  const same = (wanted: string | null, found: string | null) => wanted === null || found === null || wanted === found;
  return same(scope.machine, machine) && same(scope.target, target) && same(scope.environment, environment);
}
