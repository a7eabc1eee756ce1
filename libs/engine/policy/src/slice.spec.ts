import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { compileSlice } from './compiled.ts';
import { decideConnect } from './connect.ts';
import { decide } from './decide.ts';
import { noObjects } from './objects.ts';
import { readPolicySet } from './policy-set.ts';
import { isIntact, readSlice, sliceFor, type Slice } from './slice.ts';
import { effect, ledgerDb, means, nightly, session, setOf, sunday } from './testing/world.ts';

const rules = (slice: Slice) => slice.rules.map((rule) => rule.id);

describe('slicing', () => {
  it('keeps the rules whose head can speak of the machine and the target', () => {
    const set = setOf(`
      @id("any") permit(principal, action, resource);
      @id("group") permit(principal in Group::"batch", action, resource);
      @id("is-group") permit(principal is Machine in Group::"batch", action, resource);
      @id("other-group") permit(principal in Group::"ci", action, resource);
      @id("me") permit(principal == Machine::"nightly-ledger", action, resource);
      @id("in-me") permit(principal in Machine::"nightly-ledger", action, resource);
      @id("you") permit(principal == Machine::"ci-deploy", action, resource);
      @id("here") permit(principal, action, resource in Target::"ledger-db");
      @id("there") permit(principal, action, resource in Target::"ledger-db-2");
      @id("schema") permit(principal, action, resource is Object in Schema::"ledger-db/ledger");
      @id("other-schema") permit(principal, action, resource in Schema::"ledger-db-2/ledger");
      @id("object") permit(principal, action, resource == Object::"ledger-db/ledger.customers");
      @id("objects") permit(principal, action == Action::"read", resource is Object);
      @id("column") permit(principal, action == Action::"unmask", resource == Column::"ledger-db/ledger.customers.ssn");
    `);
    expect(rules(sliceFor({ policySet: set, machine: nightly, target: ledgerDb }))).toEqual(['any', 'column', 'group', 'here', 'in-me', 'is-group', 'me', 'object', 'objects', 'schema']);
  });

  it('names a slice by all of its content, whatever the order of lists', () => {
    const set = setOf('@id("any") permit(principal, action, resource);');
    const of = (machine: typeof nightly, target = ledgerDb) => sliceFor({ policySet: set, machine, target }).digest;
    const two = { ...nightly, groups: ['b', 'a'] };
    expect(of(two)).toBe(of({ ...nightly, groups: ['a', 'b'] }));
    const digests = [of(nightly), of(two), of({ ...nightly, owner: 'bob' }), of(nightly, { ...ledgerDb, tags: [] }), of(nightly, { ...ledgerDb, environment: 'test' })];
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('keeps its name when rules that do not concern it change', () => {
    const here = '@id("a") permit(principal, action, resource in Target::"ledger-db");';
    const of = (text: string) => sliceFor({ policySet: setOf(text), machine: nightly, target: ledgerDb }).digest;
    expect(of(here)).toBe(of(`${here} @id("b") permit(principal, action, resource in Target::"other");`));
    expect(of(here)).not.toBe(of(`${here} @id("b") permit(principal, action, resource);`));
  });
});

describe('reading a slice', () => {
  const slice = sliceFor({ policySet: setOf('@id("a") permit(principal, action, resource);'), machine: nightly, target: ledgerDb });

  it('gives back what was written', () => {
    expect(readSlice(JSON.parse(JSON.stringify(slice)), slice.digest)).toEqual(slice);
  });

  it('refuses a slice that is not the one named, however small the change', () => {
    const changed = JSON.parse(JSON.stringify(slice));
    changed.machine.groups.push('admins');
    expect(() => readSlice(changed, slice.digest)).toThrow(/not the one named/);
    expect(isIntact({ ...slice, rules: [] })).toBe(false);
    expect(() => compileSlice({ ...slice, rules: [] })).toThrow(/changed after it was made/);
  });

  it.each([null, 1, 'x', [], {}, { v: 2 }, { ...slice, machine: null }, { ...slice, rules: [1] }, { ...slice, rules: [{ id: 'a' }] }, { ...slice, target: { ...ledgerDb, tags: [1] } }, { ...slice, machine: { ...nightly, owner: 7 } }])('refuses %j', (value) => {
    expect(() => readSlice(value, slice.digest)).toThrow(expect.objectContaining({ code: 'ERR_POLICY_SLICE' }));
  });

  it('refuses a slice whose rules do not parse', () => {
    const broken = sliceFor({ policySet: { ...setOf(''), rules: [{ ...first(), text: 'permit(' }] }, machine: nightly, target: ledgerDb });
    expect(() => compileSlice(broken)).toThrow(expect.objectContaining({ code: 'ERR_POLICY_ENGINE' }));
  });

  function first() {
    const [rule] = setOf('@id("a") permit(principal, action, resource);').rules;
    if (rule === undefined) throw new Error('no rule');
    return rule;
  }
});

describe('a slice decides as the whole set', () => {
  const principal = fc.constantFrom(
    'principal', 'principal is Machine', 'principal == Machine::"nightly-ledger"', 'principal == Machine::"ci-deploy"', 'principal in Machine::"ci-deploy"',
    'principal in Group::"batch"', 'principal in Group::"ci"', 'principal is Machine in Group::"batch"',
  );
  const action = fc.constantFrom('action', 'action == Action::"read"', 'action == Action::"connect"', 'action in Action::"change"', 'action in [Action::"read", Action::"write", Action::"connect"]');
  const resource = fc.constantFrom(
    'resource', 'resource in Target::"ledger-db"', 'resource == Target::"ledger-db"', 'resource in Target::"ledger-db-2"', 'resource in Schema::"ledger-db/ledger"',
    'resource in Schema::"ledger-db-2/ledger"', 'resource == Object::"ledger-db/ledger.customers"', 'resource == Object::"ledger-db-2/ledger.customers"', 'resource in Object::"ledger-db/ledger.customers"',
  );
  const condition = fc.constantFrom('', ' when { context.source.isLoopback() }', ' unless { principal.environment == "production" }', ' when { principal in Group::"ci" || principal == Machine::"nightly-ledger" }');
  const rule = fc.record({ effect: fc.constantFrom('permit', 'permit', 'forbid'), principal, action, resource, condition });
  const machine = fc.constantFrom(nightly, { ...nightly, name: 'ci-deploy', groups: ['ci'] }, { ...nightly, name: 'loner', groups: [], environment: 'test' }, { ...nightly, name: 'both', groups: ['ci', 'batch'] });
  const target = fc.constantFrom(ledgerDb, { ...ledgerDb, name: 'ledger-db-2' });
  const effects = fc.constantFrom(effect('read', 'ledger.customers'), effect('write', 'ledger.customers'), effect('read', 'public.x'), effect('control', 'begin', 'session'));

  it('for any rules, machine, target and effect', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 12 }), machine, target, effects, (drawn, who, where, what) => {
        const text = drawn.map((one, i) => `@id("r${i}") ${one.effect}(${one.principal}, ${one.action}, ${one.resource})${one.condition};`);
        // Heads that cannot apply are refused at load; such rules are left out, each by itself.
        const failed = new Set(readPolicySet([{ name: 'drawn', text: text.join('\n') }]).problems.map((problem) => problem.line));
        const set = setOf(text.filter((_, i) => !failed.has(i + 1)).join('\n'));
        const slice = sliceFor({ policySet: set, machine: who, target: where });
        const whole = compileSlice(sliceFor({ policySet: { ...set, rules: set.rules.map((one) => ({ ...one, scope: { ...one.scope, principal: null, resource: null } })) }, machine: who, target: where }));
        expect(whole.slice.rules).toHaveLength(set.rules.length);
        const query = { means: means([what]), session, objects: noObjects, now: sunday };
        expect({ ...decide(compileSlice(slice), query), slice: '' }).toEqual({ ...decide(whole, query), slice: '' });
        expect({ ...decideConnect(compileSlice(slice), session, sunday), slice: '' }).toEqual({ ...decideConnect(whole, session, sunday), slice: '' });
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
