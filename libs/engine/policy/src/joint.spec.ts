import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decision } from '@sallyport/domain-model';
import { decideConnect, unmaskedColumns } from './connect.ts';
import { DecisionCache } from './decision-cache.ts';
import { decide } from './decide.ts';
import { lintPolicySet } from './lint.ts';
import { noObjects } from './objects.ts';
import { readSlice, sliceFor, type MachineFacts, type PartyFacts } from './slice.ts';
import { compiledOf, effect, ledgerDb, means, nightly, session, setOf, sunday } from './testing/world.ts';

const agent: MachineFacts = { ...nightly, name: 'agent', kind: 'agent', groups: ['agents'] };
const alice: PartyFacts = { is: 'person', facts: { name: 'alice', groups: ['finance'] } };
const robot: PartyFacts = { is: 'machine', facts: { ...nightly, name: 'robot', groups: ['jobs'] } };
const read = means([effect('read', 'ledger.customers')]);
const decided = (text: string, behalf?: PartyFacts, what = read) => decide(compiledOf(text, agent, ledgerDb, behalf), { means: what, session, objects: noObjects, now: sunday });

const agents = '@id("agents") permit (principal in Group::"agents", action == Action::"read", resource);';
const finance = '@id("finance") permit (principal is Person in Group::"finance", action == Action::"read", resource);';
const agentsAsk = '@id("agents-ask") @approvers("dba, owners") @quorum("2") @expires("30m") @reason("agents ask") permit (principal in Group::"agents", action == Action::"read", resource) when { context.approval };';
const financeAsks = '@id("finance-asks") @approvers("dba, leads") @expires("10m") @reason("finance asks") permit (principal is Person in Group::"finance", action == Action::"read", resource) when { context.approval };';
const no = '';

describe('a machine on a person’s behalf', () => {
  it.each([
    ['allowed to both', agents, finance, 'allow', ['agents', 'finance']],
    ['allowed to the machine alone', agents, no, 'deny', []],
    ['allowed to the person alone', no, finance, 'deny', []],
    ['allowed to nobody', no, no, 'deny', []],
    ['held for the machine', agentsAsk, finance, 'hold', ['agents-ask']],
    ['held for the person', agents, financeAsks, 'hold', ['finance-asks']],
    ['held for both', agentsAsk, financeAsks, 'hold', ['agents-ask', 'finance-asks']],
    ['held for the machine, and not allowed to the person', agentsAsk, no, 'deny', []],
    ['forbidden to the person by a rule', agents, `${finance} @id("not-alice") @reason("on leave") forbid (principal == Person::"alice", action, resource);`, 'deny', ['not-alice']],
    ['forbidden to the machine by a rule', `${agents} @id("no-agents") forbid (principal is Machine in Group::"agents", action, resource);`, finance, 'deny', ['no-agents']],
  ] as const)('is %s', (_what, machine, person, kind, rules) => {
    expect(decided(machine + person, alice)).toMatchObject({ kind, rules });
  });

  it('is told which of the two may not, never who the person is', () => {
    expect(decided(agents, alice)).toMatchObject({ say: 'the person for whom it acts may not: no rule permits read on ledger.customers (behalf-denied)', sides: { machine: { decision: 'allow', rules: ['agents'] }, behalf: { decision: 'deny', rules: [] } } });
    expect(decided(finance, alice)).toMatchObject({ say: 'the machine itself may not: no rule permits read on ledger.customers (machine-denied)' });
    expect(decided(no, robot)).toMatchObject({ say: expect.stringMatching(/^the machine itself may not: .* \(machine-denied\); machine robot, for which it acts, may not: .* \(behalf-denied\)$/) });
    for (const text of [no, agents, agentsAsk, financeAsks, agents + finance]) expect(JSON.stringify(decided(text, alice))).not.toContain('alice');
  });

  it('waits for the people whom both need, under the strictest terms of both', () => {
    const limited = '@id("limited") @max_rows("10") permit (principal is Person in Group::"finance", action == Action::"read", resource) when { context.approval };';
    expect(decided(agentsAsk + financeAsks, alice)).toMatchObject({
      kind: 'hold', say: 'agents ask; the person for whom it acts needs leave: finance asks', expiresIn: 600,
      approvers: [{ group: 'dba', count: 2 }, { group: 'leads', count: 1 }, { group: 'owners', count: 2 }],
    });
    expect(decided(`${agents} ${finance.replace('@id("finance")', '@id("few") @max_rows("7") @max_bytes("900")')}`.replace('@id("agents")', '@id("agents") @max_rows("5")'), alice)).toMatchObject({ kind: 'allow', obligations: { maxRows: 5, maxBytes: 900 } });
    expect(decided(agents + limited, alice)).toMatchObject({ kind: 'deny' });
  });

  it('gets nothing by permits that do not name people: policies that were written for machines let nobody act for anybody', () => {
    const everybody = '@id("all") permit (principal, action, resource);';
    expect(decided(everybody)).toMatchObject({ kind: 'allow' });
    expect(decided(everybody, alice)).toMatchObject({ kind: 'deny', say: expect.stringContaining('(behalf-denied)') });
    expect(decided(`${everybody} @id("finance-group") permit (principal in Group::"finance", action, resource);`, alice)).toMatchObject({ kind: 'deny' });
    expect(decided(`${everybody} @id("people") permit (principal is Person, action, resource);`, alice)).toMatchObject({ kind: 'allow', rules: ['all', 'people'] });
    expect(decided(everybody, robot)).toMatchObject({ kind: 'allow' });
  });

  it('is stopped by forbids that do not say whom they mean', () => {
    const forbid = (head: string) => decided(`${agents}${finance} @id("f") forbid (${head}, action, resource) when { principal.environment != "production" };`, alice).kind;
    expect([forbid('principal'), forbid('principal in Group::"finance"'), forbid('principal in Group::"sales"'), forbid('principal is Machine'), forbid('principal is Person')]).toEqual(['deny', 'deny', 'allow', 'allow', 'deny']);
  });

  it('connects where both may', () => {
    const connect = (text: string, behalf: PartyFacts = alice) => decideConnect(compiledOf(text, agent, ledgerDb, behalf), session, sunday);
    const machine = '@id("m") permit (principal == Machine::"agent", action == Action::"connect", resource);';
    expect(connect(machine)).toMatchObject({ kind: 'deny', say: 'the person for whom it acts may not: no rule permits them to connect to ledger-db (behalf-denied)', sides: { machine: { decision: 'allow' } } });
    expect(connect(`${machine} @id("p") permit (principal == Person::"alice", action == Action::"connect", resource);`)).toMatchObject({ kind: 'allow', rules: ['m', 'p'] });
    expect(connect('@id("p") permit (principal == Person::"alice", action == Action::"connect", resource);')).toMatchObject({ kind: 'deny', say: expect.stringContaining('the machine itself may not: no rule permits agent to connect to ledger-db (machine-denied)') });
  });

  it('sees in the clear what both may see', () => {
    const columns = ['ssn', 'email', 'card'].map((name) => ({ column: `ledger.customers.${name}`, tag: name, action: 'redact' as const }));
    const seen = (text: string) => unmaskedColumns(compiledOf(text, agent, ledgerDb, alice), columns, session, sunday);
    const unmask = (id: string, head: string, tags: string) => `@id("${id}") permit (${head}, action == Action::"unmask", resource) when { [${tags}].contains(resource.tag) };`;
    expect([...seen(unmask('m', 'principal', '"ssn", "email"') + unmask('p', 'principal is Person', '"email", "card"'))]).toEqual(['ledger.customers.email']);
    expect(seen(unmask('m', 'principal', '"ssn", "email"')).size).toBe(0);
  });
});

describe('slices on somebody’s behalf', () => {
  const set = setOf(agents + finance + agentsAsk);
  const digest = (behalf?: PartyFacts) => sliceFor({ policySet: set, machine: agent, ...(behalf === undefined ? {} : { behalf }), target: ledgerDb }).digest;

  it('are each other’s never: nobody’s, a person’s, another’s, and a machine’s of the same name', () => {
    const parties: (PartyFacts | undefined)[] = [undefined, alice, { is: 'person', facts: { name: 'bob', groups: ['finance'] } }, { is: 'person', facts: { name: 'alice', groups: [] } }, robot, { is: 'machine', facts: { ...nightly, name: 'alice' } }];
    expect(new Set(parties.map(digest)).size).toBe(parties.length);
  });

  it('are read back as they were made, and not when anything was changed', () => {
    for (const behalf of [alice, robot]) {
      const slice = sliceFor({ policySet: set, machine: agent, behalf, target: ledgerDb });
      const sent: Record<string, unknown> = JSON.parse(JSON.stringify(slice));
      expect(readSlice(sent, slice.digest)).toEqual(slice);
      for (const wrong of [{ behalf: undefined }, { v: 1 }, { v: 3 }, { behalf: { ...behalf, facts: { ...behalf.facts, groups: ['root'] } } }, { behalf: { is: 'group', facts: behalf.facts } }]) expect(() => readSlice({ ...sent, ...wrong }, slice.digest)).toThrow(/slice/);
    }
  });
});

describe('the lint', () => {
  it('does not take a permit for machines for one that covers people, and knows who there is', () => {
    const lint = (text: string) => lintPolicySet(setOf(text), { machines: null, groups: null, people: new Set(['alice']), targets: null, approverGroups: null, tags: null }).map(({ say }) => say);
    expect(lint('@id("all") permit (principal, action == Action::"read", resource); @id("p") permit (principal is Person, action == Action::"read", resource);')).toEqual([]);
    expect(lint('@id("a") permit (principal is Person, action == Action::"read", resource); @id("p") permit (principal == Person::"alice", action == Action::"read", resource);')).toEqual(['rule a permits all that this rule permits, without its conditions']);
    expect(lint('@id("p") permit (principal == Person::"zoe", action == Action::"read", resource);')).toEqual(['there is no person "zoe"']);
  });
});

const order: Record<Decision['kind'], number> = { deny: 0, hold: 1, allow: 2 };
const heads = ['principal', 'principal is Person', 'principal is Machine', 'principal == Person::"alice"', 'principal == Machine::"agent"', 'principal in Group::"agents"', 'principal is Person in Group::"finance"', 'principal in Group::"finance"', 'principal == Machine::"robot"'];
const rule = fc.record({ effect: fc.constantFrom('permit', 'permit', 'forbid'), head: fc.constantFrom(...heads), action: fc.constantFrom('action in [Action::"read", Action::"change"]', 'action == Action::"read"', 'action in Action::"change"'), asks: fc.constantFrom(null, 'a', 'b'), rows: fc.constantFrom(null, 3, 9) });
const policy = fc.array(rule, { maxLength: 8 }).map((rules) =>
  rules.map(({ effect: does, head, action, asks, rows }, i) => {
    const notes = `${asks === null ? '' : `@approvers("${asks}") `}${rows === null || does === 'forbid' ? '' : `@max_rows("${rows}") `}`;
    return `@id("r${i}") ${notes}${does} (${head}, ${action}, resource)${asks === null ? '' : does === 'forbid' ? ' unless { context.approval }' : ' when { context.approval }'};`;
  }).join('\n'));

describe('whatever the policy', () => {
  it('both together are never allowed more than either, the cache says the same, and two machines do not depend on who asks for whom', () => {
    fc.assert(
      fc.property(policy, fc.constantFrom(alice, robot), fc.constantFrom(read, means([effect('read', 'ledger.customers'), effect('write', 'ledger.entries')])), (text, behalf, what) => {
        const query = { means: what, session, objects: noObjects, now: sunday };
        const slice = compiledOf(text, agent, ledgerDb, behalf);
        const both = decide(slice, query);
        const alone = decide(compiledOf(text, agent), query);
        if (slice.behalf === null) throw new Error('no other party');
        const other = decide(slice.behalf, query);
        expect(order[both.kind]).toBe(Math.min(order[alone.kind], order[other.kind]));
        expect(both.sides).toEqual({ machine: { decision: alone.kind, rules: alone.rules }, behalf: { decision: other.kind, rules: other.rules } });
        for (const one of [alone, other]) {
          if (both.kind === 'deny' || one.kind === 'deny') continue;
          expect(both.obligations.maxRows ?? Infinity).toBeLessThanOrEqual(one.obligations.maxRows ?? Infinity);
          if (one.kind !== 'hold') continue;
          expect(both.kind).toBe('hold');
          if (both.kind === 'hold') for (const { group, count } of one.approvers) expect(both.approvers.find((quorum) => quorum.group === group)?.count).toBeGreaterThanOrEqual(count);
        }
        const cache = new DecisionCache(slice, session, noObjects);
        expect(cache.decide(what, sunday)).toEqual(both);
        if (behalf.is === 'machine') expect(other.kind).toBe(decide(compiledOf(text, behalf.facts), query).kind);
      }),
      { numRuns: 300 },
    );
  });
});
