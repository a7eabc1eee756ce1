import { describe, expect, it } from 'vitest';
import type { Understanding } from '@sallyport/domain-model';
import { policyDecide } from '@sallyport/platform-bus';
import type { z } from 'zod';
import { inventoryOf, machine, person, plan, policyOf, rules } from '../testing/documents.ts';
import { Explainer } from './explainer.ts';
import { UnreadableTextError } from './statements.ts';

const understanding = (verb: 'read' | 'define'): Understanding => ({
  verb, effects: [{ verb, resource: { kind: 'table', schema: 'ledger', name: 'customers' } }], reading: 'whole', shape: `${verb} …`, fingerprint: null, facts: { kind: 'X' }, outputs: null,
});
const read = (text: string) => {
  if (text === '???') throw new UnreadableTextError('syntax error at ?');
  return text.split(';').map((one): Understanding => {
    const [word, column] = one.trim().split(' ');
    if (word !== 'copy') return understanding(word === 'drop' ? 'define' : 'read');
    return { ...understanding('read'), stores: column === '?' ? { sources: [], proven: false } : { sources: [`ledger.customers.${column}`], proven: true } };
  });
};
const now = Date.UTC(2026, 10, 22, 10);
const asked: z.output<(typeof policyDecide)['request']> = { machine: 'nightly-ledger', target: 'ledger-db', role: null, text: 'select', searchPath: null, at: null, source: null, behalf: null };

function explainer(readers = new Map([['postgres', read]]), inventory = inventoryOf()) {
  return { inventory, explain: (change: Partial<typeof asked> = {}) => new Explainer({ policy: () => policyOf(), inventory, readers, now: () => now }).explain({ ...asked, ...change }) };
}

describe('explaining a decision', () => {
  it('fits the contract, and shows rules, effects and context', () => {
    const reply = explainer().explain({ text: 'select; drop' });
    if (!reply.ok) throw new Error(reply.error.say);
    expect(policyDecide.value.parse(reply.value)).toMatchObject({
      decision: 'hold', say: 'ask a DBA', rules: ['ddl'],
      statements: [
        { decision: 'allow', rules: ['read'], effects: [{ effect: 'read ledger.customers', decision: 'allow', rules: ['read'], say: null }] },
        { decision: 'hold', rules: ['ddl'], effects: [{ effect: 'define ledger.customers', decision: 'hold', rules: ['ddl'], say: 'ask a DBA' }] },
      ],
      context: { protocol: 'postgres', hour: 10, weekday: 7, connect: 'allow', approvers: [{ group: 'dba', count: 1 }] },
    });
  });

  it('names the rules of everything that was allowed, connecting too', () => {
    expect(explainer().explain()).toMatchObject({ ok: true, value: { decision: 'allow', say: null, rules: ['connect', 'read'] } });
  });

  it('tells what the gate refuses by itself: to keep what is masked where it would not be', () => {
    const { inventory, explain } = explainer();
    expect(explain({ text: 'read; copy ssn' })).toMatchObject({
      ok: true,
      value: { decision: 'deny', say: 'it would keep values of classified columns in a place that is not classified', rules: [], statements: [{ decision: 'allow' }, { decision: 'deny', rules: [], effects: [{ decision: 'allow' }] }], context: { maskPlan: 'plan-1' } },
    });
    expect(explain({ text: 'copy id' })).toMatchObject({ value: { decision: 'allow' } });
    expect(explain({ text: 'copy ?' })).toMatchObject({ value: { decision: 'deny' } });
    // What the bus has lost, or set back, does not make it less.
    inventory.tellPlan('ledger-db', null);
    inventory.tellPlan('ledger-db', { revision: 0, plan: { ...plan(), columns: [] } });
    expect(explain({ text: 'copy ssn' })).toMatchObject({ value: { decision: 'deny' } });
    expect(explainer(undefined, inventoryOf(null)).explain({ text: 'copy ssn' })).toMatchObject({ value: { decision: 'allow', context: { maskPlan: 'none is known here: what is classified was not looked at' } } });
  });

  it('lets those keep a classified column who may see it', () => {
    const unmask = `${rules} @id("see") permit(principal, action == Action::"unmask", resource) when { resource.tag == "us.ssn" };`;
    const inventory = inventoryOf();
    const seeing = new Explainer({ policy: () => policyOf(unmask), inventory, readers: new Map([['postgres', read]]), now: () => now });
    expect(seeing.explain({ ...asked, text: 'copy ssn' })).toMatchObject({ ok: true, value: { decision: 'allow' } });
  });

  it('is denied where connecting is denied, whatever the statement', () => {
    const { inventory, explain } = explainer();
    inventory.tell('machine.nightly-ledger', machine('nightly-ledger', { groups: [] }));
    expect(explain({ text: 'drop' })).toMatchObject({ ok: true, value: { decision: 'deny', say: 'no rule permits nightly-ledger to connect to ledger-db', context: { connect: 'deny' } } });
  });

  it.each([
    [{ machine: 'x' }, 'not-found'],
    [{ target: 'x' }, 'not-found'],
    [{ at: 'noon' }, 'invalid'],
    [{ text: 'x'.repeat(70_000) }, 'invalid'],
    [{ text: '???' }, 'unreadable'],
  ])('refuses %j', (change, code) => {
    expect(explainer().explain(change)).toMatchObject({ ok: false, error: { code } });
  });

  it('shows both parties and the rules of both, where the machine acts for somebody', () => {
    const { inventory } = explainer();
    inventory.tell('person.carol', person('carol', { groups: ['finance'] }));
    inventory.tell('machine.nightly-ledger', machine('nightly-ledger', { actsFor: { groups: ['finance'] } }));
    const policy = policyOf(`${rules} @id("p-connect") permit(principal is Person, action == Action::"connect", resource); @id("p-read") permit(principal is Person in Group::"finance", action == Action::"read", resource);`);
    const explainBoth = (text: string) => new Explainer({ policy: () => policy, inventory, readers: new Map([['postgres', read]]), now: () => now }).explain({ ...asked, text, behalf: { kind: 'person', name: 'carol' } });
    expect(explainBoth('select')).toMatchObject({
      ok: true,
      value: {
        decision: 'allow', rules: ['connect', 'p-connect', 'p-read', 'read'],
        sides: { machine: { decision: 'allow', rules: ['connect', 'read'] }, behalf: { decision: 'allow', rules: ['p-connect', 'p-read'] } },
        statements: [{ effects: [{ of: 'machine', rules: ['read'] }, { of: 'behalf', rules: ['p-read'] }] }], context: { behalf: { is: 'person', facts: { name: 'carol', groups: ['finance'] } } },
      },
    });
    const refused = explainBoth('drop');
    expect(refused).toMatchObject({ ok: true, value: { decision: 'deny', say: expect.stringContaining('(behalf-denied)'), sides: { machine: { decision: 'hold', rules: ['ddl'] }, behalf: { decision: 'deny', rules: [] } } } });
    if (refused.ok) expect(policyDecide.value.parse(refused.value)).toEqual(refused.value);
  });

  it('is unavailable for a dialect that nothing reads', () => {
    expect(explainer(new Map()).explain()).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  });
});
