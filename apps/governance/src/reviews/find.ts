import type { Transaction } from 'kysely';
import { uuidv7 } from '@sallyport/domain-model';
import { seconds, type MachineDocument } from '@sallyport/platform-config';
import type { Outbox } from '@sallyport/platform-store';
import { sql } from 'kysely';
import type { ReviewScope } from '@sallyport/platform-bus';
import type { Inventory } from '../inventory/inventory.ts';
import type { GovernanceDatabase } from '../store/database.ts';
import { connectionsOf, liveEntitlements, rulesUsed, usesOf, type LiveEntitlement, type UseOf } from './evidence.ts';
import type { Reach } from './reach.ts';
import type { Reviewers } from './who.ts';

type Trx = Transaction<GovernanceDatabase>;

export interface FindParts {
  readonly inventory: Inventory;
  readonly outbox: Pick<Outbox, 'emitAll'>;
  readonly reach: Reach;
  readonly reviewers: Reviewers;
  /** Milliseconds since 1970. */
  readonly now: number;
}

interface Found {
  readonly entitlement: LiveEntitlement | null;
  readonly target: string | null;
  readonly role: string | null;
  readonly uses: readonly UseOf[];
  readonly connected: Date | null;
}

const dayMs = 86_400_000;
const mostReviewers = 50;

/**
 * Finds the accesses of some machines and makes items of them, each with what was granted and used: an item for each entitlement that lives; one for each target that policy alone lets the
 * machine reach; and for a machine that reaches nothing, one for the machine itself. Tells each as `review.item`. @returns how many
 */
export async function findItems(trx: Trx, campaign: { readonly id: string; readonly scope: ReviewScope }, machines: readonly MachineDocument[], parts: FindParts): Promise<number> {
  let count = 0;
  // What is looked back on depends on the cadence, and so on the criticality.
  for (const [criticality, group] of Map.groupBy(machines, ({ spec }) => spec.criticality)) {
    const from = new Date(parts.now - seconds(parts.inventory.settings.reviews[criticality]) * 1000);
    count += await itemsOf(trx, campaign, group, from.toISOString().slice(0, 10), parts);
  }
  return count;
}

async function itemsOf(trx: Trx, { id: campaign, scope }: { readonly id: string; readonly scope: ReviewScope }, machines: readonly MachineDocument[], from: string, { inventory, outbox, reach, reviewers, now }: FindParts): Promise<number> {
  const names = machines.map(({ metadata }) => metadata.name);
  const entitlements = Map.groupBy(await liveEntitlements(trx, names, new Date(now)), ({ machine }) => machine);
  const [uses, connections, used] = [await usesOf(trx, names, from), await connectionsOf(trx, names, from), await rulesUsed(trx, names, from)];
  const rows = machines.flatMap(({ metadata: { name }, spec }) => {
    const facts = { name, owner: spec.owner, environment: spec.environment, criticality: spec.criticality, kind: spec.kind, groups: spec.groups };
    const held = entitlements.get(name) ?? [];
    const targets = [...inventory.targets.keys()].filter((target) => {
      const to = inventory.targetFacts(target);
      const document = inventory.targets.get(target);
      return to !== null && document?.spec.access === 'policy' && !held.some((one) => one.target === target) && reach.connects(facts, to);
    });
    const found: Found[] = [
      ...held.map((entitlement): Found => ({ entitlement, target: entitlement.target, role: entitlement.role === '' ? null : entitlement.role, uses: (uses.get(`${name} ${entitlement.target}`) ?? []).filter(({ role }) => role === entitlement.role), connected: entitlement.last_used })),
      ...targets.map((target): Found => ({ entitlement: null, target, role: null, uses: uses.get(`${name} ${target}`) ?? [], connected: connections.get(name)?.get(target) ?? null })),
    ];
    if (found.length === 0) found.push({ entitlement: null, target: null, role: null, uses: [], connected: null });
    return found
      .filter(({ target }) => scope.target === null || target === scope.target)
      .map(({ entitlement, target, role, uses: seen, connected }) => {
        const granted = target === null ? [] : reach.permits(facts, target);
        const by = target === null ? undefined : used.get(`${name} ${target}`);
        const effects = seen.flatMap((one) => one.effects).sort((a, b) => b.commands - a.commands).slice(0, 50);
        const last = [connected, ...seen.map((one) => one.last)].reduce((a, b) => (b !== null && (a === null || b > a) ? b : a), null);
        return {
          id: uuidv7(now), campaign, state: 'waiting' as const, machine: name, owner: spec.owner, criticality: spec.criticality, entitlement: entitlement?.entitlement ?? null, until: entitlement?.until ?? null, target, role,
          requester: entitlement?.requester ?? null, granted: [...granted], unused: granted.filter((rule) => by?.has(rule) !== true), used: effects, used_count: seen.reduce((sum, one) => sum + one.count, 0), last_used: last,
          reviewers: reviewers.of({ owner: spec.owner, requester: entitlement?.requester ?? null, target }).slice(0, mostReviewers),
        };
      });
  });
  if (rows.length === 0) return 0;
  await sql`
    insert into review_item (id, campaign, state, machine, owner, criticality, entitlement, until, target, role, requester, granted, unused, used, used_count, last_used, reviewers)
    select id, campaign, state, machine, owner, criticality, entitlement, until, target, role, requester, array(select jsonb_array_elements_text(granted)), array(select jsonb_array_elements_text(unused)), used, used_count, last_used, array(select jsonb_array_elements_text(reviewers))
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (id uuid, campaign uuid, state text, machine text, owner text, criticality text, entitlement text, until timestamptz, target text, role text, requester text, granted jsonb, unused jsonb, used jsonb, used_count bigint, last_used timestamptz, reviewers jsonb)`.execute(trx);
  await outbox.emitAll(trx, rows.map((row) => ({
    type: 'review.item' as const,
    data: {
      campaign, item: row.id, machine: row.machine, entitlement: row.entitlement, target: row.target, role: row.role, reviewers: row.reviewers, used: row.used.map(({ verb, object }) => `${verb} ${object}`), used_count: row.used_count, unused: row.unused,
      last_used: row.last_used?.toISOString() ?? null,
    },
  })));
  return rows.length;
}

/** The day before which something counts as long ago, for `days`. */
export const daysAgo = (now: number, days: number): string => new Date(now - days * dayMs).toISOString().slice(0, 10);
