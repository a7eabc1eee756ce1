import type { Verb } from '@sallyport/domain-model';
import type { Findings } from './findings.ts';
import { nowhere, type Named, type Names } from './names.ts';
import { viewMeaning } from './views.ts';

/** Tables of pg_catalog (and of pg_stat_statements) whose rows hold values of other tables, or other sessions' statements. */
const telling: ReadonlySet<string> = new Set([
  'pg_statistic', 'pg_statistic_ext_data', 'pg_stats', 'pg_stats_ext', 'pg_stats_ext_exprs', 'pg_stat_activity', 'pg_stat_statements',
  'pg_prepared_statements', 'pg_cursors', 'pg_largeobject',
]);

/** True when a relation's rows can hold values of any other table. */
export function isTelling(name: string): boolean {
  return telling.has(name);
}

/**
 * Records that a relation is read, written, defined… and what follows from it: what a view reads or writes through to, and the
 * tables that a partition or child belongs to, since its rows are theirs.
 */
export function usesRelation(verb: Verb, named: Named, names: Names, found: Findings): void {
  found.add(verb, 'table', named.schema, named.name);
  if (verb === 'read' && isTelling(named.name)) found.degrade('partial');
  const relation = named.relation;
  if (!relation) {
    // A name that the snapshot does not have may be a view over anything.
    if (named.schema !== nowhere && (verb === 'read' || verb === 'write')) found.degrade('partial');
    return;
  }
  for (const parent of names.catalogue.ancestors(relation)) found.add(verb, 'table', parent.schema, parent.name);
  if (verb === 'write' && relation.reacts) found.degrade('partial');
  if (verb !== 'read' && verb !== 'write' && verb !== 'control') return;
  if (relation.kind !== 'v' && !(relation.kind === 'm' && verb === 'read')) return;
  const view = viewMeaning(names.catalogue, relation);
  if (!view) return;
  found.absorb(view.effects, view.reading);
  if (verb === 'read') return;
  for (const effect of view.effects) if (effect.verb === 'read' && effect.resource.kind === 'table') found.addEffect({ verb, resource: effect.resource });
}
