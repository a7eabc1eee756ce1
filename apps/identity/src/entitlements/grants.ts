import type { Selectable } from 'kysely';
import type { EntitlementTable } from './tables.ts';

export type GrantRow = Selectable<EntitlementTable>;

export type GrantState = 'live' | 'used-up' | 'expired' | 'revoked' | 'superseded';

/** How a grant stands. One whose time has come is over, whether that was written down yet or not. @param now milliseconds since 1970 */
export function stateOf({ ended, why, until, uses, used }: Pick<GrantRow, 'ended' | 'why' | 'until' | 'uses' | 'used'>, now: number): GrantState {
  if (ended !== null) return why === 'time' ? 'expired' : (why ?? 'revoked');
  if (until.getTime() <= now) return 'expired';
  return uses !== null && used >= uses ? 'used-up' : 'live';
}

/** Where a session wants to be. */
export interface Place {
  readonly machine: string;
  readonly target: string;
  readonly role: string | null;
}

export const samePlace = (a: Place, b: Place): boolean => a.machine === b.machine && a.target === b.target && a.role === b.role;
/** No name has a blank. */
export const placeKey = ({ machine, target, role }: Place): string => `${machine} ${target} ${role ?? ''}`;
export const placeText = ({ target, role }: Pick<Place, 'target' | 'role'>): string => (role === null ? target : `${target} as ${role}`);

/**
 * By which of the grants that are live at its place a session comes in: by one that it has used before; else by what costs nothing, before what is counted, before an emergency's,
 * which only a session that begins may take. Null: by none.
 */
export function choose(grants: readonly GrantRow[], usedBefore: ReadonlySet<string>, opening: boolean, now: number): GrantRow | null {
  const there = grants.filter((grant) => grant.ended === null && grant.until.getTime() > now);
  const mine = there.filter(({ id }) => usedBefore.has(id));
  if (mine.length > 0) return mine.reduce(longer);
  const free = there.filter((grant) => stateOf(grant, now) === 'live' && (opening || grant.kind !== 'break-glass'));
  return free.length === 0 ? null : free.reduce((a, b) => (cost(b) !== cost(a) ? (cost(b) < cost(a) ? b : a) : longer(a, b)));
}

const cost = ({ kind, uses }: GrantRow): number => (kind === 'break-glass' ? 2 : uses === null ? 0 : 1);
const longer = (a: GrantRow, b: GrantRow): GrantRow => (b.until > a.until ? b : a);
