import type { Inventory } from '../model/inventory.ts';
import type { GrantRow } from './grants.ts';
import { afterDay, effectiveEnd, type End } from './until.ts';
import type { Wanted } from './wanted.ts';

/** A live grant that its document does not want any more, or not so. */
export interface Ended {
  readonly row: GrantRow;
  readonly why: 'time' | 'revoked' | 'superseded';
  readonly say: string;
}

export interface Begun extends End {
  readonly wanted: Wanted;
}

export interface GrantPlan {
  readonly end: readonly Ended[];
  readonly begin: readonly Begun[];
}

/**
 * What has to happen to standing grants so that they agree with the documents. A grant that was revoked is not given again by the same version of its document, and a version's time is
 * counted from its first grant, whatever else changes: nothing but a new version makes access longer than the settings allow.
 * @param rows of the same documents and machines: all that are live, and those that have ended of the versions that are wanted
 * @param now milliseconds since 1970
 */
export function planGrants(wanted: readonly Wanted[], rows: readonly GrantRow[], inventory: Inventory, now: number): GrantPlan {
  const byKey = new Map<string, GrantRow[]>();
  for (const row of rows) {
    const key = keyOf({ document: row.document ?? '', machine: row.machine, role: row.role });
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, [row]);
    else known.push(row);
  }
  const end: Ended[] = [];
  const begin: Begun[] = [];
  for (const one of wanted) {
    const key = keyOf(one);
    const known = byKey.get(key) ?? [];
    byKey.delete(key);
    const live = known.find(({ ended }) => ended === null) ?? null;
    const sameVersion = known.filter(({ document_version }) => document_version === one.version);
    const revoked = sameVersion.some(({ why }) => why === 'revoked');
    const granted = Math.min(now, ...sameVersion.map(({ starts }) => starts.getTime()));
    const due = effectiveEnd({ kind: 'standing', asked: afterDay(one.of.spec.until), granted }, one.owned, inventory);
    if (live !== null && live.document_version === one.version && live.until.getTime() === due.until) continue;
    if (live !== null) end.push(due.until > now ? { row: live, why: 'superseded', say: supersededBy(live, one, due) } : { row: live, why: 'time', say: due.limitedBy ?? 'its last day is over' });
    if (!revoked && due.until > now) begin.push({ wanted: one, ...due });
  }
  for (const left of byKey.values()) for (const row of left) if (row.ended === null) end.push(unwanted(row, inventory));
  return { end, begin };
}

function supersededBy(live: GrantRow, { version }: Wanted, { limitedBy }: End): string {
  return live.document_version === version ? `its end changed${limitedBy === null ? '' : `: ${limitedBy}`}` : `version ${version} of its document is in force`;
}

function unwanted(row: GrantRow, inventory: Inventory): Ended {
  const machine = inventory.machines.get(row.machine);
  if ((inventory.standing('Entitlement', row.document ?? '')?.document ?? null) === null) return { row, why: 'revoked', say: 'its document was removed' };
  if (machine === undefined) return { row, why: 'superseded', say: 'the machine left the inventory' };
  return { row, why: 'superseded', say: machine.spec.state === 'retired' ? 'the machine is retired' : 'its document does not name the machine in this role any more' };
}

const keyOf = ({ document, machine, role }: { readonly document: string; readonly machine: string; readonly role: string | null }): string => `${document} ${machine} ${role ?? ''}`;
