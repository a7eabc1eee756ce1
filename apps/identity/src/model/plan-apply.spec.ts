import { describe, expect, it } from 'vitest';
import { approvers, base, binding, inventoryOf, machine, person, raw, target } from '../testing/documents.ts';
import { consequences } from './consequences.ts';
import { Inventory } from './inventory.ts';
import { planApply, type ApplyPlan } from './plan-apply.ts';

const options = { prune: false, today: '2026-11-22' };
const empty = new Inventory(0, []);
const steps = (plan: ApplyPlan) => (plan.ok ? plan.changes.map(({ kind, name, change, version }) => `${change} ${kind}/${name} v${version}`) : plan.problems.map(({ kind, name, code, say }) => `${kind}/${name} ${code}: ${say}`));

describe('a plan', () => {
  it('creates what is new, updates what differs, leaves the rest alone', () => {
    const before = inventoryOf(...base(), machine('m'));
    const plan = planApply(before, [...base(), machine('m', { criticality: 'low' }), target('db')], options);
    expect(steps(plan)).toEqual(['unchanged Issuer/idp v1', 'unchanged Person/alice v1', 'unchanged Person/bob v1', 'updated Machine/m v2', 'created Target/db v1']);
  });

  it('does not depend on the order of members or on defaults being written out', () => {
    const { apiVersion, kind, metadata, spec } = person('carol');
    const turned = { spec: { ...spec, active: true }, metadata, kind, apiVersion };
    expect(steps(planApply(inventoryOf(...base(), person('carol')), [turned], options))).toEqual(['unchanged Person/carol v1']);
  });

  it('removes by prune only, and counts on when a name comes back', () => {
    const before = inventoryOf(...base(), target('db'));
    const removal = planApply(before, base(), { ...options, prune: true });
    expect(steps(removal)).toContain('removed Target/db v2');
    expect(steps(planApply(before, base(), options)).join()).not.toContain('removed');
    if (!removal.ok) throw new Error('refused');
    expect(steps(planApply(before.with(2, { documents: removal.after }), [target('db')], options))).toEqual(['created Target/db v3']);
  });

  it('refuses to prune everything', () => expect(planApply(inventoryOf(...base()), [], { ...options, prune: true }).ok).toBe(false));

  it('refuses all when one document is wrong, and names every problem', () => {
    const plan = planApply(empty, [...base(), raw('Group', 'g', { purpos: 'x' }), 7, raw('Entitlement', 'e', {}), raw('Classification', 'c', { target: 'db', columns: [] })], options);
    expect(plan.ok).toBe(false);
    expect(steps(plan).join('\n')).toMatch(/Group\/g document: spec\.purpos: unknown field "purpos", did you mean purpose\?[^]*document\/#5 document[^]*Entitlement\/e document: spec\.target[^]*Classification\/c document: kind: Classification is not kept by identity/);
  });

  it('refuses a document that stands twice', () => expect(steps(planApply(empty, [...base(), person('alice')], options))).toEqual(['Person/alice document: metadata.name: stands twice in this apply']));

  it('refuses unsafe bindings with code and path', () => {
    expect(steps(planApply(inventoryOf(...base()), [machine('m', { bindings: [binding({ sub: 'm*' })] })], options))).toEqual(
      expect.arrayContaining([expect.stringMatching(/^Machine\/m binding-no-immutable-claim: spec\.bindings\[0\]\.claims: /), expect.stringMatching(/^Machine\/m binding-wildcard: /)]),
    );
  });

  it('refuses to remove what others name', () => {
    const before = inventoryOf(...base(), machine('m'));
    expect(steps(planApply(before, [...base().slice(0, 1), person('bob'), machine('m')], { ...options, prune: true }))).toEqual([expect.stringMatching(/^Machine\/m reference-unknown: spec\.owner/)]);
  });

  it('lets the owner of a machine leave, with a warning, and lets an overdue review stand beside another change', () => {
    const before = inventoryOf(...base(), machine('m'), machine('late', { reviewBy: '2026-01-01' }));
    const plan = planApply(before, [person('alice', { active: false })], options);
    if (!plan.ok) throw new Error(steps(plan).join('\n'));
    expect(plan.warnings.join('\n')).toMatch(/Machine\/m: spec\.owner: [^]*\(reference-inactive\)[^]*Machine\/late: spec\.reviewBy: [^]*\(machine-review-past\)/);
    expect(planApply(before, [machine('late', { reviewBy: '2026-01-01', criticality: 'low' })], options).ok).toBe(false);
  });
});

describe('the consequences of a change', () => {
  const follow = (before: Inventory, ...documents: Parameters<typeof planApply>[1][number][]) => {
    const plan = planApply(before, documents, options);
    if (!plan.ok) throw new Error(steps(plan).join('\n'));
    return consequences(before, before.with(2, { documents: plan.after }), plan.changes);
  };

  it('are none for what is new', () => expect(follow(empty, ...base(), machine('m'), target('db'))).toEqual({ moved: [], suspended: [], stale: [] }));

  it('reach the leases of a suspended machine, and say that it stopped', () => {
    const { suspended, stale } = follow(inventoryOf(...base(), machine('m')), machine('m', { state: 'suspended' }));
    expect(suspended).toEqual([{ machine: 'm', why: 'its state was set to suspended' }]);
    expect(stale).toEqual([{ machine: 'm', target: null, why: 'its state was set to suspended' }]);
  });

  it('stop the machines of an owner who left', () => {
    expect(follow(inventoryOf(...base(), machine('m')), person('alice', { active: false })).suspended).toEqual([{ machine: 'm', why: 'its owner alice is no longer active' }]);
  });

  it('reach targets and all machines of a changed issuer', () => {
    const before = inventoryOf(...base(), machine('m'), target('db'));
    expect(follow(before, target('db', { tags: ['pci'] })).stale).toEqual([{ machine: null, target: 'db', why: 'the target was updated' }]);
    expect(follow(before, ...base({ clockSkew: '30s' })).stale).toEqual([{ machine: 'm', target: null, why: 'issuer idp was updated' }]);
  });
});

describe('the mirror of the inventory', () => {
  it('shows documents under their keys, no issuers, and machines without an owner as suspended', () => {
    const mirror = inventoryOf(...base(), machine('m'), target('db'), approvers('dba', ['alice', 'bob'])).mirror();
    expect([...mirror.keys()].sort()).toEqual(['approvers.dba', 'machine.m', 'person.alice', 'person.bob', 'target.db']);
    expect(JSON.parse(mirror.get('machine.m') ?? '')).toMatchObject({ kind: 'Machine', spec: { state: 'active', owner: 'alice' } });
    const orphan = inventoryOf(...base().slice(0, 1), person('alice', { active: false }), person('bob'), machine('m')).mirror();
    expect(JSON.parse(orphan.get('machine.m') ?? '')).toMatchObject({ spec: { state: 'suspended' } });
  });
});
