import { describe, expect, it } from 'vitest';
import { usualGovernance, type GovernanceSettings } from '../kinds/governance.ts';
import { changeBinding, type BoundChange } from './binding.ts';
import { controlOf } from './control.ts';

const settings = (changeControl: GovernanceSettings['changeControl']): GovernanceSettings => ({ ...usualGovernance, changeControl });
const seat = (group: string, count = 1) => ({ group, count });
const of = (kind: string, name = 'x') => ({ kind, name });

describe('what a change needs', () => {
  it('is nothing where nothing is controlled, Governance included', () => {
    expect(controlOf(usualGovernance, [of('Governance', 'default'), of('Policy'), of('ApproverGroup')], new Set(['ApproverGroup/x']))).toEqual({ kinds: [], approvers: [] });
  });
  it('is what the rules of its kinds say together, the most of each group', () => {
    const rules = settings([{ kinds: ['policy', 'Target'], approvers: [seat('board')] }, { kinds: ['Target'], approvers: [seat('board', 2), seat('network')] }]);
    expect(controlOf(rules, [of('Policy')])).toEqual({ kinds: ['policy'], approvers: [seat('board')] });
    expect(controlOf(rules, [of('Policy'), of('Target')])).toEqual({ kinds: ['Target', 'policy'], approvers: [seat('board', 2), seat('network')] });
    expect(controlOf(rules, [of('Group')])).toEqual({ kinds: [], approvers: [] });
  });
  it('is, for the settings and for those who decide whose yes counts, what the rule for Governance says, or else every rule', () => {
    const rules = [{ kinds: ['Target' as const], approvers: [seat('board')] }, { kinds: ['Sink' as const], approvers: [seat('security', 2)] }];
    const guards = new Set(['ApproverGroup/board']);
    expect(controlOf(settings(rules), [of('Governance', 'default')])).toEqual({ kinds: ['Governance'], approvers: [seat('board'), seat('security', 2)] });
    expect(controlOf(settings(rules), [of('ApproverGroup', 'board')], guards).approvers).toEqual([seat('board'), seat('security', 2)]);
    expect(controlOf(settings(rules), [of('ApproverGroup', 'others')], guards).kinds).toEqual([]);
    expect(controlOf(settings([...rules, { kinds: ['Governance'], approvers: [seat('owners')] }]), [of('Governance', 'default'), of('ApproverGroup', 'board')], guards).approvers).toEqual([seat('owners')]);
  });
});

describe('what an approval is bound to', () => {
  const step = (over: Partial<BoundChange> = {}): BoundChange => ({ kind: 'Target', name: 'db', change: 'updated', version: 3, digest: 'a'.repeat(64), previous: 'b'.repeat(64), ...over });
  const binding = changeBinding('identity', [step(), step({ name: 'other', change: 'unchanged' })], [seat('board')]);

  it('is the same whatever the order', () => expect(changeBinding('identity', [step({ name: 'other', change: 'unchanged' }), step()], [seat('board')])).toBe(binding));
  it.each<[string, string, BoundChange[], { group: string; count: number }[]]>([
    ['service', 'masking', [step(), step({ name: 'other', change: 'unchanged' })], [seat('board')]],
    ['content', 'identity', [step({ digest: 'c'.repeat(64) }), step({ name: 'other', change: 'unchanged' })], [seat('board')]],
    ['content of what stands', 'identity', [step(), step({ name: 'other', change: 'unchanged', digest: 'c'.repeat(64) })], [seat('board')]],
    ['state before', 'identity', [step({ previous: 'c'.repeat(64) }), step({ name: 'other', change: 'unchanged' })], [seat('board')]],
    ['version', 'identity', [step({ version: 4 }), step({ name: 'other', change: 'unchanged' })], [seat('board')]],
    ['extent', 'identity', [step()], [seat('board')]],
    ['approvers', 'identity', [step(), step({ name: 'other', change: 'unchanged' })], [seat('board', 2)]],
  ])('is another one for another %s', (_what, owner, changes, approvers) => expect(changeBinding(owner, changes, approvers)).not.toBe(binding));
});
