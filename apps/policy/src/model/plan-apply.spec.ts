import { describe, expect, it } from 'vitest';
import { inventoryOf, policyOf, rules } from '../testing/documents.ts';
import { planApply } from './plan-apply.ts';

const active = policyOf();
const names = inventoryOf().names();
const change = (files: { name: string; text: string }[]) => {
  const plan = planApply(active.set.files, files, names);
  return plan.ok ? plan.changes.map(({ name, change: what }) => `${what} ${name}`) : plan.problems.map((problem) => problem.say);
};

describe('planning an apply', () => {
  it('tells files apart that are new, changed, gone and the same', () => {
    const [file] = active.set.files;
    if (file === undefined) throw new Error('no file');
    expect(change([file])).toEqual(['unchanged ledger.cedar']);
    expect(change([file, { name: 'more.cedar', text: '' }])).toEqual(['unchanged ledger.cedar', 'created more.cedar']);
    expect(change([{ ...file, text: `${rules}\n` }])).toEqual(['updated ledger.cedar']);
    expect(change([{ name: 'other.cedar', text: rules }])).toEqual(['created other.cedar', 'removed ledger.cedar']);
    expect(change([])).toEqual(['removed ledger.cedar']);
  });

  it('refuses errors of schema and lint, and lets warnings pass with their place', () => {
    expect(change([{ name: 'a.cedar', text: '@id("x") permit(principal, action == Action::"raed", resource);' }])).toEqual([expect.stringMatching(/unrecognized action/)]);
    expect(change([{ name: 'a.cedar', text: '@id("x") permit(principal, action == Action::"write", resource) when { context.approval };' }])).toEqual(['this rule asks for approval, but has no @approvers']);
    const plan = planApply(active.set.files, [{ name: 'a.cedar', text: '@id("x") permit(principal == Machine::"nobody", action == Action::"read", resource in Target::"ledger-db");' }], names);
    expect(plan).toMatchObject({ ok: true, warnings: ['a.cedar:1:1: warning: x: there is no machine "nobody"'] });
  });
});
