import { describe, expect, it } from 'vitest';
import { base, inventoryOf, machine, person, raw, target, type Raw } from '../testing/documents.ts';
import type { GrantRow } from './grants.ts';
import { planGrants } from './plan-grants.ts';
import { allEntitlements, wantedBy } from './wanted.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 10, 23, 10);
const last = Date.UTC(2026, 11, 24);
const jobs = raw('Group', 'jobs', { purpose: 'nightly jobs' });
const entitlement = (name: string, spec: Record<string, unknown> = {}) => raw('Entitlement', name, { machines: ['m'], target: 'db', until: '2026-12-23', justification: 'books the entries of the day', ...spec });
const house = (...more: Raw[]) => inventoryOf(...base(), jobs, target('db'), machine('m', { groups: ['jobs'] }), machine('n', { groups: ['jobs'] }), machine('o'), ...more);

const row = (change: Partial<GrantRow> = {}): GrantRow => ({
  id: 'old', kind: 'standing', machine: 'm', target: 'db', role: null, document: 'e', document_version: 1, request: null, approval: null, approved_by: [], reason: '', starts: new Date(now - 10 * day), until: new Date(last),
  limited_by: null, uses: null, used: 0, last_used: null, ended: null, why: null, ended_say: null, ...change,
});

function plan(rows: GrantRow[], ...documents: Raw[]) {
  const inventory = house(...documents);
  const { begin, end } = planGrants(wantedBy(inventory, allEntitlements(inventory), []), rows, inventory, now);
  return { begin: begin.map(({ wanted, until, limitedBy }) => [wanted.document, wanted.machine, wanted.role, until, limitedBy]), end: end.map(({ row: { id }, why, say }) => [id, why, say]) };
}

describe('what documents want', () => {
  it('is one grant for each machine and role, by name and by group, each once', () => {
    const inventory = house(entitlement('e', { machines: ['m', 'o'], groups: ['jobs'], roles: ['a', 'b'] }));
    const names = (wanted: ReturnType<typeof wantedBy>) => wanted.map((one) => `${one.machine} ${one.role ?? '-'}`).sort();
    expect(names(wantedBy(inventory, ['e'], []))).toEqual(['m a', 'm b', 'n a', 'n b', 'o a', 'o b']);
    expect(names(wantedBy(inventory, [], ['n']))).toEqual(['n a', 'n b']);
    expect(names(wantedBy(inventory, ['e'], ['m']))).toHaveLength(6);
  });

  it('is nothing for machines that are retired', () => expect(wantedBy(inventoryOf(...base(), target('db'), machine('m', { state: 'retired' }), entitlement('e')), ['e'], [])).toEqual([]));
});

describe('standing grants', () => {
  it('begin with their document', () => expect(plan([], entitlement('e'))).toEqual({ begin: [['e', 'm', null, last, null]], end: [] }));
  it('stay as they are while nothing changes', () => expect(plan([row()], entitlement('e'))).toEqual({ begin: [], end: [] }));
  it('are superseded when their document changes', () => {
    expect(plan([row({ document_version: 0 })], entitlement('e'))).toEqual({ begin: [['e', 'm', null, last, null]], end: [['old', 'superseded', 'version 1 of its document is in force']] });
  });

  it('end with their document, and where it does not name the machine or the role any more', () => {
    expect(plan([row()])).toEqual({ begin: [], end: [['old', 'revoked', 'its document was removed']] });
    expect(plan([row()], entitlement('e', { machines: ['o'] }))).toMatchObject({ end: [['old', 'superseded', 'its document does not name the machine in this role any more']] });
    expect(plan([row()], entitlement('e', { roles: ['a'] }))).toMatchObject({ begin: [['e', 'm', 'a', last, null]], end: [['old', 'superseded', expect.any(String)]] });
  });

  it('end earlier when a date of the machine becomes earlier, and later again only up to what the version was granted for', () => {
    const vendor = (contractEnd: string) => inventoryOf(...base(), target('db'), machine('m', { vendor: { name: 'acme', contractEnd } }), entitlement('e'));
    const of = (inventory: ReturnType<typeof vendor>, rows: GrantRow[]) => planGrants(wantedBy(inventory, [], ['m']), rows, inventory, now);
    expect(of(vendor('2026-12-01'), [row()])).toMatchObject({ end: [{ why: 'superseded', say: expect.stringContaining("the machine's vendor") }], begin: [{ until: Date.UTC(2026, 11, 2) }] });
    expect(of(vendor('2026-11-20'), [row()])).toMatchObject({ end: [{ why: 'time' }], begin: [] });
    const ended = row({ until: new Date(Date.UTC(2026, 10, 21)), ended: new Date(Date.UTC(2026, 10, 21)), why: 'time' });
    expect(of(vendor('2027-12-01'), [ended])).toMatchObject({ end: [], begin: [{ until: last }] });
  });

  it('never last longer than the settings let, counted from the first grant of the version, whatever else changes', () => {
    const far = entitlement('e', { until: '2028-01-01' });
    const begun = row({ starts: new Date(now - 80 * day), until: new Date(now + 10 * day) });
    expect(plan([begun], far)).toEqual({ begin: [], end: [] });
    expect(plan([row({ starts: new Date(now - 95 * day), until: new Date(now - 5 * day), ended: new Date(now - 5 * day), why: 'time' })], far)).toEqual({ begin: [], end: [] });
  });

  it('that were revoked are not given again by the same version, and are by the next', () => {
    const revoked = row({ ended: new Date(now - day), why: 'revoked' });
    expect(plan([revoked], entitlement('e'))).toEqual({ begin: [], end: [] });
    expect(plan([{ ...revoked, document_version: 0 }], entitlement('e')).begin).toHaveLength(1);
  });

  it('do not begin when they would be over already', () => {
    const inventory = inventoryOf(...base().filter(({ metadata }) => metadata.name !== 'alice'), person('alice', { contractEnd: '2026-11-01' }), target('db'), machine('m'), entitlement('e'));
    expect(planGrants(wantedBy(inventory, ['e'], []), [], inventory, now).begin).toEqual([]);
  });
});
