import { describe, expect, it } from 'vitest';
import { column, parsed, raw } from '../testing/documents.ts';
import { canonical, digestOf } from '@sallyport/platform-config';
import { planApply } from './plan-apply.ts';
import type { Standing } from './standing.ts';

const ssn = column('ledger.customers.ssn', 'us.ssn');
const card = column('ledger.customers.card', 'pci.pan');

const standing = (name: string, target: string, columns: readonly unknown[], version = 1): Standing => {
  const document = parsed(name, target, columns);
  return { name, version, target, digest: digestOf(canonical(document)), document };
};
const removed = (name: string, target: string, version: number): Standing => ({ name, version, target, digest: digestOf(''), document: null });

function changes(...args: Parameters<typeof planApply>) {
  const plan = planApply(...args);
  if (!plan.ok) throw new Error(JSON.stringify(plan.problems));
  return { changes: plan.changes.map(({ name, change, version }) => `${name} ${change} ${version}`), targets: plan.targets, after: plan.after.map(({ metadata }) => metadata.name) };
}
function problems(...args: Parameters<typeof planApply>) {
  const plan = planApply(...args);
  return plan.ok ? [] : plan.problems.map(({ name, code, say }) => `${name} ${code} ${say}`);
}

describe('an apply', () => {
  it('creates, updates, and leaves alone what is the same', () => {
    const before = [standing('a', 'ledger-db', [ssn]), standing('b', 'ledger-db', [card], 3), standing('c', 'other-db', [ssn])];
    expect(changes(before, [raw('a', 'ledger-db', [ssn]), raw('b', 'ledger-db', [card, column('l.t.x', 'person.name')]), raw('new', 'third-db', [ssn])], false)).toEqual({
      changes: ['a unchanged 1', 'b updated 4', 'new created 1'], targets: ['ledger-db', 'third-db'], after: ['a', 'b', 'new', 'c'],
    });
  });

  it('removes what is not named only when asked to prune', () => {
    const before = [standing('a', 'ledger-db', [ssn]), standing('b', 'other-db', [card], 3), removed('gone', 'old-db', 2)];
    expect(changes(before, [raw('a', 'ledger-db', [ssn])], true)).toEqual({ changes: ['a unchanged 1', 'b removed 4'], targets: ['other-db'], after: ['a'] });
    expect(changes(before, [raw('a', 'ledger-db', [ssn])], false)).toEqual({ changes: ['a unchanged 1'], targets: [], after: ['a', 'b'] });
  });

  it('changes the plans of both targets when a document moves to another', () => {
    expect(changes([standing('a', 'ledger-db', [ssn])], [raw('a', 'other-db', [ssn])], false)).toEqual({ changes: ['a updated 2'], targets: ['ledger-db', 'other-db'], after: ['a'] });
  });

  it('creates again what was removed, with the next version', () => {
    expect(changes([removed('a', 'ledger-db', 2)], [raw('a', 'ledger-db', [ssn])], false).changes).toEqual(['a created 3']);
  });

  it('is the same for a field left out and its default written', () => {
    expect(changes([standing('a', 'ledger-db', [ssn])], [raw('a', 'ledger-db', [{ column: ssn.column, tag: ssn.tag }], { large: [] })], false).changes).toEqual(['a unchanged 1']);
  });

  it('with nothing to do is not refused', () => {
    expect(changes([], [], true)).toEqual({ changes: [], targets: [], after: [] });
  });
});

describe('an apply is refused', () => {
  it('with the path of an unknown field, and of everything else that is wrong', () => {
    expect(problems([], [raw('a', 'ledger-db', [{ ...ssn, colour: 'red' }]), raw('b', 'ledger-db', [{ ...ssn, action: 'hide' }, { ...ssn, column: 'ssn' }])], false)).toEqual([
      expect.stringMatching(/^a document spec\.columns\[0\]\.colour: unknown field "colour"/),
      expect.stringMatching(/^b document spec\.columns\[0\]\.action: /),
      expect.stringMatching(/^b document spec\.columns\[1\]\.column: must be schema\.table\.column$/),
    ]);
    expect(problems([], [raw('a', 'ledger-db', [], { detectors: ['card', 'passport'] })], false)).toEqual([expect.stringMatching(/^a document spec\.detectors\[1\]: /)]);
  });

  it('for documents that are not for masking, or nothing at all', () => {
    expect(problems([], [{ apiVersion: 'sallyport/v1', kind: 'Group', metadata: { name: 'g' }, spec: { purpose: 'x' } }], false)).toEqual(['g document kind: Group is not kept by masking']);
    expect(problems([], [null, 'text', { kind: 'Nonsense', metadata: { name: 'n'.repeat(1000) } }], false).map((one) => one.slice(0, 80))).toEqual([
      expect.stringMatching(/^#1 document kind: /), expect.stringMatching(/^#2 document kind: /), expect.stringMatching(/^n{63} document kind/),
    ]);
  });

  it('when a document stands twice', () => {
    expect(problems([], [raw('a', 'ledger-db', [ssn]), raw('a', 'ledger-db', [card])], false)).toEqual(['a document metadata.name: stands twice in this apply']);
  });

  it('when it contradicts what stands, unless that goes', () => {
    const before = [standing('a', 'ledger-db', [ssn])];
    const next = raw('b', 'ledger-db', [{ ...ssn, tag: 'us.itin' }]);
    expect(problems(before, [next], false)).toEqual([expect.stringMatching(/^b contradiction spec\.columns\[0\]: /)]);
    expect(problems(before, [next], true)).toEqual([]);
  });

  it('when prune would remove the whole classification', () => {
    expect(problems([standing('a', 'ledger-db', [ssn])], [], true)).toEqual([' document prune with no documents at all would remove the whole classification']);
  });
});
