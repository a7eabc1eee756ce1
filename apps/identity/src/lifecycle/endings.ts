import type { Inventory } from '../model/inventory.ts';

/** How many days before its end a contract is warned of. */
export const warnedAt: readonly number[] = [30, 7, 1];

/** A contract that ends soon. */
export interface Ending {
  readonly of: 'person' | 'vendor';
  readonly name: string;
  /** The last day. */
  readonly ends: string;
  /** Days from today to the last day. */
  readonly days: number;
  /** Those of `warnedAt` that are reached: all of them are told by one warning. */
  readonly reached: readonly number[];
  readonly machines: readonly string[];
}

/** Contracts that end within the longest of those times and have not ended, of people who are here and vendors of machines that are not retired. @param today `2026-11-22`, UTC */
export function endings(inventory: Inventory, today: string): readonly Ending[] {
  const live = [...inventory.machines.values()].filter(({ metadata }) => inventory.stateOf(metadata.name) !== 'retired');
  const found: Ending[] = [];
  for (const { metadata: { name }, spec } of inventory.people.values()) {
    const soon = ending(spec.contractEnd, today);
    if (soon === null || inventory.gone(name) !== null) continue;
    found.push({ of: 'person', name, ...soon, machines: live.filter((machine) => machine.spec.owner === name).map((machine) => machine.metadata.name) });
  }
  const vendors = new Map<string, Ending & { machines: string[] }>();
  for (const { metadata, spec: { vendor } } of live) {
    const soon = ending(vendor?.contractEnd, today);
    if (vendor === undefined || soon === null) continue;
    const key = `${soon.ends} ${vendor.name}`;
    const known = vendors.get(key);
    if (known === undefined) vendors.set(key, { of: 'vendor', name: vendor.name, ...soon, machines: [metadata.name] });
    else known.machines.push(metadata.name);
  }
  return [...found, ...vendors.values()];
}

const dayMs = 86_400_000;

function ending(ends: string | undefined, today: string): Pick<Ending, 'ends' | 'days' | 'reached'> | null {
  if (ends === undefined) return null;
  const days = Math.round((Date.parse(`${ends}T00:00:00Z`) - Date.parse(`${today}T00:00:00Z`)) / dayMs);
  const reached = warnedAt.filter((at) => days <= at);
  return days < 0 || reached.length === 0 ? null : { ends, days, reached };
}
