import { resourceName, type Understanding } from '@sallyport/domain-model';
import type { NameScope } from '../sql/names.ts';
import { isUnreadable, loadParser, StatementReader, type Statement } from '../sql/understand.ts';
import { catalogue } from './ledger-catalogue.ts';

/** The demo's names, seen by a session whose path is `ledger, public`. */
export const ledgerScope: NameScope = { catalogue, searchPath: ['pg_catalog', 'ledger', 'public'], version: 1 };

export async function makeReader(): Promise<StatementReader> {
  return new StatementReader(await loadParser());
}

/** The statements of a text; throws when it cannot be read. */
export function statements(reader: StatementReader, text: string, scope: NameScope = ledgerScope): readonly Statement[] {
  const set = reader.read(text, scope);
  if (isUnreadable(set)) throw new Error(`${text}: ${set.say}`);
  return set;
}

/** `write ledger.entries, read public.notes` */
export function effectsOf(means: Understanding): string {
  return means.effects.map((effect) => `${effect.verb} ${resourceName(effect.resource)}`).join(', ');
}

/** `UPDATE, no where`; `SELECT, limit 5` */
export function factsOf({ facts }: Understanding): string {
  const where = facts.hasWhere === undefined ? [] : [facts.hasWhere ? 'where' : 'no where'];
  const limit = facts.limit === undefined ? [] : [`limit ${facts.limit}`];
  return [facts.kind, ...limit, ...(facts.copiesOut ? ['copiesOut'] : []), ...where].join(', ');
}

/** One text for each output column: its sources, with `?` in front when they are not proven to be all. `null` for an unknown list. */
export function outputsOf(means: Understanding): readonly string[] | null {
  return means.outputs?.map((column) => `${column.proven ? '' : '?'}${column.sources.join(' ')}`) ?? null;
}
