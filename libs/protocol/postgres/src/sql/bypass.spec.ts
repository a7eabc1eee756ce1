import { beforeAll, describe, expect, it } from 'vitest';
import type { Effect, Understanding } from '@sallyport/domain-model';
import { bypasses, tagged } from '../testing/bypass.ts';
import { catalogue } from '../testing/ledger-catalogue.ts';
import { isUnreadable, loadParser, StatementReader, type StatementSet, type Unreadable } from './understand.ts';

let reader: StatementReader;
beforeAll(async () => {
  reader = new StatementReader(await loadParser());
});

const read = (text: string): StatementSet | Unreadable =>
  reader.read(text, { catalogue, searchPath: ['pg_catalog', 'ledger', 'public'], version: 1 });

const secret = new Set(tagged);

/** The policy that the corpus is written for. */
function isPermitted({ verb, resource }: Effect): boolean {
  if (resource.kind === 'session') return true;
  if (resource.kind !== 'table') return false;
  if (verb === 'read') return resource.schema === 'ledger' || resource.schema === 'public';
  return verb === 'write' && resource.schema === 'ledger' && resource.name === 'entries';
}

function isStopped(means: Understanding): boolean {
  const keeps = means.stores !== undefined && (!means.stores.proven || means.stores.sources.some((source) => secret.has(source)));
  return means.reading === 'opaque' || keeps || means.effects.some((effect) => !isPermitted(effect));
}

/** A clear value gets out of a column that is proven to come from nothing tagged. */
function shows(means: Understanding, at: number): boolean {
  const column = means.outputs?.[at];
  return column !== undefined && column.proven && !column.sources.some((source) => secret.has(source));
}

describe('a statement that must be denied has an effect that the policy does not permit', () => {
  it.each(bypasses.filter((each) => each.must === 'deny'))('$id: $why', ({ id, text }) => {
    const set = read(text);
    expect(isUnreadable(set)).toBe(id === 'garbage' || id === 'nul');
    if (isUnreadable(set)) return;
    expect(set.some((statement) => isStopped(statement.means)), JSON.stringify(set.map((statement) => statement.means))).toBe(true);
  });
});

describe('a statement that must be masked has no output that is wrongly proven clean', () => {
  it.each(bypasses.filter((each) => each.must === 'mask'))('$id: $why', ({ text, leaks }) => {
    const set = read(text);
    if (isUnreadable(set)) throw new Error(set.say);
    const means = set.at(-1)?.means;
    expect(means).toBeDefined();
    if (!means) return;
    const touches = means.effects.some((effect) => effect.verb === 'read' && effect.resource.name === 'customers');
    expect(touches || means.reading !== 'whole').toBe(true);
    for (const at of leaks ?? means.outputs?.map((_, index) => index) ?? []) expect(shows(means, at), `${at}: ${JSON.stringify(means.outputs)}`).toBe(false);
  });
});

it('has at least eighty statements, each once', () => {
  expect(bypasses.length).toBeGreaterThan(80);
  expect(new Set(bypasses.map((each) => each.id)).size).toBe(bypasses.length);
});

it('lets the permitted statements through, so that the suite proves something', () => {
  for (const text of [
    'select id, city from ledger.customers where id = 1',
    'select count(*) from ledger.customers',
    'select * from ledger.accounts a join ledger.entries e on e.account_id = a.id',
    "insert into ledger.entries (account_id, amount, memo) values (1, 2, 'x')",
    'update ledger.entries set memo = memo where id = 1',
    'begin',
    'select 1',
  ]) {
    const set = read(text);
    if (isUnreadable(set)) throw new Error(set.say);
    expect(set.map((statement) => isStopped(statement.means)), text).toEqual([false]);
    expect(set[0]?.means.outputs?.every((column) => column.proven && !column.sources.some((source) => secret.has(source))) ?? true, text).toBe(true);
  }
});
