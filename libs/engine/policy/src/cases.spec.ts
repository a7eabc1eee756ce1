import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runCases } from './cases.ts';
import { readCases } from './case-file.ts';
import { objectIndex } from './objects.ts';
import { effect, means, setOf } from './testing/world.ts';

const policy = setOf(`
  @id("read") permit(principal in Group::"batch", action == Action::"read", resource in Schema::"ledger-db/ledger");
  @id("ddl") @approvers("dba") permit(principal, action == Action::"define", resource) when { context.approval };
  @id("night") forbid(principal, action, resource) when { context.hour < 6 };
  @id("pii") forbid(principal, action, resource is Object) when { resource.tags.contains("us.ssn") };
`);

const file = (cases: unknown[]) => ({ machines: { nightly: { groups: ['batch'] } }, targets: { 'ledger-db': {} }, cases });
const base = { machine: 'nightly', target: 'ledger-db', effects: ['read ledger.entries'] };

describe('running cases', () => {
  it('compares decision, rules and approvers', () => {
    const results = runCases(policy, readCases(file([
      { ...base, name: 'reads', expect: { decision: 'allow', rules: ['read'] } },
      { ...base, name: 'not at night', at: '2026-11-22T03:00:00Z', expect: { decision: 'deny', rules: ['night'] } },
      { ...base, name: 'asks', effects: ['define ledger.entries'], expect: { decision: 'hold', approvers: ['dba'] } },
      { ...base, name: 'wrong', effects: ['write ledger.entries'], expect: { decision: 'allow', rules: ['w'] } },
    ])));
    expect(results.map((result) => [result.name, result.ok])).toEqual([['reads', true], ['not at night', true], ['asks', true], ['wrong', false]]);
    expect(results[3]?.differences).toEqual(['expected allow, got deny (no rule permits write on ledger.entries)', 'expected rules w, got none']);
  });

  it('lets the caller understand statements and classify, and takes the worst of several', () => {
    const results = runCases(policy, readCases(file([{ machine: 'nightly', target: 'ledger-db', statement: 'select 1; drop table x', expect: { decision: 'hold' } }])), {
      understand: (text) => text.split(';').map((one) => means([one.includes('drop') ? effect('define', 'ledger.x') : effect('read', 'ledger.x')])),
    });
    expect(results[0]?.differences).toEqual([]);
    const tagged = runCases(policy, readCases(file([{ ...base, effects: ['read ledger.customers'], expect: { decision: 'deny', rules: ['pii'] } }])), {
      objects: () => objectIndex({ id: 'p', columns: [{ column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'redact' }], large: [] }),
    });
    expect(tagged[0]?.differences).toEqual([]);
  });

  it('refuses a statement when nothing reads statements, and an empty one', () => {
    const cases = readCases(file([{ machine: 'nightly', target: 'ledger-db', statement: 'select 1', expect: { decision: 'allow' } }]));
    expect(() => runCases(policy, cases)).toThrow(/give its effects/);
    expect(() => runCases(policy, cases, { understand: () => [] })).toThrow(/empty statement/);
  });
});

describe('reading cases', () => {
  it('understands every kind of object', () => {
    const [one] = readCases(file([{ ...base, effects: ['read a.b.c', 'execute function:pg_catalog.now', 'control setting:app.user', 'transfer file:/etc/passwd'], expect: { decision: 'deny' } }]));
    expect(one?.effects.map((each) => each.resource)).toEqual([
      { kind: 'table', schema: 'a', name: 'b.c' },
      { kind: 'function', schema: 'pg_catalog', name: 'now' },
      { kind: 'setting', schema: null, name: 'app.user' },
      { kind: 'file', schema: null, name: '/etc/passwd' },
    ]);
  });

  it.each([
    [{}, /cases: must be a list/],
    [{ cases: [], extra: 1 }, /"extra" is not known/],
    [file([{ ...base, expect: { decision: 'maybe' } }]), /cases\[0\]\.expect\.decision: must be allow/],
    [file([{ ...base, machine: 'x', expect: { decision: 'deny' } }]), /no machine/],
    [file([{ ...base, target: 'x', expect: { decision: 'deny' } }]), /no target/],
    [file([{ ...base, effects: ['steal ledger.x'], expect: { decision: 'deny' } }]), /must be a verb/],
    [file([{ ...base, effects: ['read customers'], expect: { decision: 'deny' } }]), /must name the schema/],
    [file([{ ...base, statement: 'x', expect: { decision: 'deny' } }]), /either statement or effects/],
    [file([{ ...base, at: 'noon', expect: { decision: 'deny' } }]), /must be a time/],
    [file([{ ...base, facts: { hasWhere: 'yes' }, expect: { decision: 'deny' } }]), /must be true or false/],
    [file([{ ...base, facts: { limit: 1.5 }, expect: { decision: 'deny' } }]), /whole number/],
    [file([{ ...base, epxect: {} }]), /"epxect" is not known/],
  ])('refuses %j', (value, say) => {
    expect(() => readCases(value)).toThrow(say);
  });
});

describe('cases on somebody’s behalf', () => {
  /** The example of the README. */
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, example = ''] = /## On somebody's behalf[^]*?```cedar\n([^]*?)```/.exec(readme) ?? [];
  const of = (cases: unknown[]) => ({
    machines: { agent: { groups: ['agents'] }, robot: { groups: ['agents'] } }, people: { carol: { groups: ['finance'] }, dora: { groups: ['finance', 'contractors'] } }, targets: { 'ledger-db': {} }, cases,
  });
  const one = { machine: 'agent', target: 'ledger-db', effects: ['read ledger.entries'] };

  it('are decided for both, by the example of the README', () => {
    const results = runCases(setOf(example), readCases(of([
      { ...one, expect: { decision: 'allow', rules: ['agents-read'] } },
      { ...one, behalf: 'person:carol', expect: { decision: 'allow', rules: ['agents-read', 'finance-reads'] } },
      { ...one, behalf: 'person:carol', effects: ['read payroll.runs'], expect: { decision: 'hold', rules: ['carol-asks'], approvers: ['dba'] } },
      { ...one, behalf: 'person:carol', effects: ['read other.t'], expect: { decision: 'deny' } },
      { ...one, behalf: 'person:dora', expect: { decision: 'deny', rules: ['no-contractors'] } },
      { ...one, behalf: 'machine:robot', expect: { decision: 'allow', rules: ['agents-read'] } },
    ])));
    expect(results.flatMap(({ differences }) => differences)).toEqual([]);
  });

  it.each(['carol', 'person:zoe', 'machine:zoe', 'group:finance', 'person:'])('know nobody who is called %s', (behalf) => {
    expect(() => readCases(of([{ ...one, behalf, expect: { decision: 'allow' } }]))).toThrow(/cases\[0\]\.behalf: there is no/);
  });
});
