import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { ColumnTag, Effect } from '@sallyport/domain-model';
import { decideConnect, unmaskedColumns } from './connect.ts';
import { decide } from './decide.ts';
import { DecisionCache } from './decision-cache.ts';
import { noObjects, objectIndex } from './objects.ts';
import { compiledOf, effect, means, session, sunday } from './testing/world.ts';

const read = means([effect('read', 'ledger.customers')]);

describe('remembering decisions', () => {
  it('gives the same decision object for the same understanding', () => {
    const cache = new DecisionCache(compiledOf('@id("r") permit(principal, action, resource);'), session, noObjects);
    expect(cache.decide(read, sunday)).toBe(cache.decide(read, sunday + 3_600_000));
  });

  it('asks the engine once for an effect that other texts have too', () => {
    const compiled = compiledOf('@id("once") permit(principal, action, resource);');
    let asked = 0;
    const counted = { ...compiled, ask: (...args: Parameters<typeof compiled.ask>) => (asked++, compiled.ask(...args)) };
    const cache = new DecisionCache(counted, session, noObjects);
    for (let i = 0; i < 5; i++) expect(cache.decide(means([effect('read', 'ledger.customers')], { limit: i, hasLimit: true }), sunday).kind).toBe('allow');
    expect(asked).toBe(1);
    expect(new DecisionCache(counted, { ...session, source: '10.9.9.9' }, noObjects).decide(read, sunday).kind).toBe('allow');
    expect(asked).toBe(1);
  });

  it('forgets at the turn of the minute when a rule asks for the time', () => {
    const cache = new DecisionCache(compiledOf('@id("r") permit(principal, action, resource is Object) when { context.minuteOfDay < 601 };'), session, noObjects);
    expect(cache.decide(read, sunday).kind).toBe('allow');
    expect(cache.decide(read, sunday + 29_999).kind).toBe('allow');
    expect(cache.decide(read, sunday + 30_000).kind).toBe('deny');
    expect(cache.decide(read, sunday).kind).toBe('allow');
  });

  it('sees the time also in rules that take the context as a whole', () => {
    const text = '@id("r") permit(principal, action == Action::"read", resource) when { (if context.approval then context else context).hour == 10 };';
    const cache = new DecisionCache(compiledOf(text), session, noObjects);
    expect(cache.decide(read, sunday).kind).toBe('allow');
    expect(cache.decide(read, sunday + 3_600_000).kind).toBe('deny');
  });

  it('keeps sessions and classifications apart where rules ask for them', () => {
    const compiled = compiledOf('@id("r") permit(principal, action, resource is Object) when { context.source.isLoopback() } unless { resource.large };');
    const from = (source: string, objects = noObjects) => new DecisionCache(compiled, { ...session, source }, objects).decide(read, sunday).kind;
    expect(from('127.0.0.1')).toBe('allow');
    expect(from('10.0.0.1')).toBe('deny');
    expect(from('127.0.0.1', objectIndex({ id: 'p', columns: [], large: ['ledger.customers'] }))).toBe('deny');
  });

  it('decides as without it, for any commands in any order', () => {
    const compiled = compiledOf(`
      @id("r") @max_rows("100") permit(principal, action == Action::"read", resource in Schema::"ledger-db/ledger");
      @id("w") permit(principal, action == Action::"write", resource) when { context has hasWhere && context.hasWhere && context.hour < 12 };
      @id("rm") forbid(principal, action, resource is Object) when { context has programs && context.programs.contains("rm") && context has recursive && context.recursive };
      @id("h") @approvers("dba") forbid(principal, action, resource is Object) when { resource.large } unless { context.approval || (context has hasLimit && context.hasLimit) };
      @id("p") forbid(principal, action, resource is Object) when { context.reading == "partial" };
    `);
    const objects = objectIndex({ id: 'p', columns: [], large: ['ledger.entries'] });
    const anEffect = fc.constantFrom<Effect>(effect('read', 'ledger.customers'), effect('read', 'ledger.entries'), effect('write', 'ledger.customers'), effect('write', 'public.x'));
    const meaning = fc.tuple(
      fc.array(anEffect, { maxLength: 3 }),
      fc.record({ kind: fc.constantFrom('SELECT', 'UPDATE'), hasWhere: fc.boolean(), hasLimit: fc.boolean(), limit: fc.constantFrom(1, 5, 1e300), programs: fc.subarray(['rm', 'a|', '|true|[]']), recursive: fc.boolean() }, { requiredKeys: ['kind'] }),
      fc.constantFrom('whole' as const, 'partial' as const, 'opaque' as const),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(meaning, fc.integer({ min: 0, max: 5 })), { maxLength: 20 }), (commands) => {
        const cache = new DecisionCache(compiled, session, objects);
        for (const [[effects, facts, reading], hours] of commands) {
          const understood = means(effects, facts, reading);
          const now = sunday + hours * 3_600_000;
          expect(cache.decide(understood, now)).toEqual(decide(compiled, { means: understood, session, objects, now }));
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('connecting and seeing columns', () => {
  const columns: readonly ColumnTag[] = [
    { column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'redact' },
    { column: 'ledger.customers.email', tag: 'person.email', action: 'token' },
    { column: 'crm.people.email', tag: 'person.email', action: 'token' },
  ];

  it('is denied unless a rule permits it, with the reason of the rule that forbids', () => {
    expect(decideConnect(compiledOf(''), session, sunday)).toMatchObject({ kind: 'deny', say: 'no rule permits nightly-ledger to connect to ledger-db' });
    expect(decideConnect(compiledOf('@id("c") permit(principal, action == Action::"connect", resource == Target::"ledger-db");'), session, sunday)).toMatchObject({ kind: 'allow', rules: ['c'] });
    const window = '@id("c") permit(principal, action, resource); @id("w") @reason("closed on Sundays") forbid(principal, action == Action::"connect", resource) when { context.weekday == 7 };';
    expect(decideConnect(compiledOf(window), session, sunday)).toMatchObject({ kind: 'deny', rules: ['w'], say: 'closed on Sundays' });
    expect(decideConnect(compiledOf(window), session, sunday + 86_400_000).kind).toBe('allow');
    expect(decideConnect(compiledOf(`${window} @id("s") forbid(principal, action, resource) when { context.source.isMulticast() };`), { ...session, source: 'x' }, sunday + 86_400_000)).toMatchObject({ kind: 'deny', say: 'the policy could not be evaluated' });
  });

  it('shows only the columns that unmask permits', () => {
    const seen = (text: string) => [...unmaskedColumns(compiledOf(text), columns, session, sunday)].sort();
    expect(seen('@id("r") permit(principal, action == Action::"read", resource);')).toEqual([]);
    expect(seen('@id("u") permit(principal, action == Action::"unmask", resource) when { resource.tag == "person.email" };')).toEqual(['crm.people.email', 'ledger.customers.email']);
    expect(seen('@id("u") permit(principal, action == Action::"unmask", resource in Schema::"ledger-db/ledger");')).toEqual(['ledger.customers.email', 'ledger.customers.ssn']);
    expect(seen('@id("u") permit(principal, action == Action::"unmask", resource in Object::"ledger-db/crm.people");')).toEqual(['crm.people.email']);
    expect(seen('@id("u") permit(principal, action, resource in Target::"ledger-db"); @id("n") forbid(principal, action == Action::"unmask", resource == Column::"ledger-db/ledger.customers.ssn");')).toEqual(['crm.people.email', 'ledger.customers.email']);
  });

  it('hides a column with two tags unless both may be seen', () => {
    const twice: readonly ColumnTag[] = [{ column: 'a.b.c', tag: 'person.email', action: 'token' }, { column: 'a.b.c', tag: 'us.ssn', action: 'redact' }];
    const text = '@id("u") permit(principal, action == Action::"unmask", resource) when { resource.tag == "person.email" };';
    expect(unmaskedColumns(compiledOf(text), twice, session, sunday).size).toBe(0);
    expect(unmaskedColumns(compiledOf(text), [...twice].reverse(), session, sunday).size).toBe(0);
  });

  it('is remembered for as long as the time does not matter', () => {
    const timed = new DecisionCache(compiledOf('@id("u") permit(principal, action == Action::"unmask", resource) when { context.hour == 10 };'), session, noObjects);
    expect(timed.unmasked(columns, sunday).size).toBe(3);
    expect(timed.unmasked(columns, sunday)).toBe(timed.unmasked(columns, sunday));
    expect(timed.unmasked(columns, sunday + 3_600_000).size).toBe(0);
  });
});
