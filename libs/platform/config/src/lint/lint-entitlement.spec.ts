import { describe, expect, it } from 'vitest';
import type { AnyDocument } from '../kinds/index.ts';
import { parseDocument } from '../parse.ts';
import { lintInventory } from './lint-inventory.ts';

function make(kind: string, name: string, spec: Record<string, unknown>): AnyDocument {
  const parsed = parseDocument({ apiVersion: 'sallyport/v1', kind, metadata: { name }, spec });
  if (!parsed.ok) throw new Error(parsed.problems.map(({ path, say }) => `${path.join('.')}: ${say}`).join('; '));
  return parsed.document;
}

const issuer = make('Issuer', 'idp', { issuer: 'https://idp.example', provider: 'generic', trusts: ['machines', 'people'], keys: { discovery: true }, algorithms: ['ES256'], audiences: ['sallyport'], immutableClaims: ['workload_id'] });
const person = (name: string, spec: Record<string, unknown> = {}) => make('Person', name, { displayName: name, issuer: 'idp', subject: name, roles: ['approver'], ...spec });
const machine = make('Machine', 'm', { kind: 'batch', owner: 'alice', backupOwner: 'bob', purpose: 'closes the books of the day', environment: 'production', criticality: 'high', state: 'draft', reviewBy: '2027-03-31' });
const target = (spec: Record<string, unknown> = {}) => make('Target', 'db', { kind: 'postgres', address: { host: '127.0.0.1', port: 5432 }, tls: { mode: 'off' }, credential: 'file:t', environment: 'test', access: 'entitlement', ...spec });
const entitlement = (spec: Record<string, unknown> = {}) => make('Entitlement', 'e', { machines: ['m'], target: 'db', until: '2027-01-31', justification: 'books the entries of the day', ...spec });
const path = (spec: Record<string, unknown> = {}) => make('AccessPath', 'p', { machines: ['m'], target: 'db', approvers: [{ group: 'dba' }], ...spec });
const dba = make('ApproverGroup', 'dba', { members: ['alice', 'bob'] });

const lint = (documents: AnyDocument[], unchanged = false) =>
  lintInventory({ documents: [issuer, person('alice'), person('bob'), machine, dba, ...documents], today: '2026-11-22', unchanged: () => unchanged }).map((one) => `${one.severity} ${one.code} ${one.kind}/${one.name} ${one.path}`);

describe('entitlements and access paths', () => {
  it('are accepted when all that they name is there', () => expect(lint([target(), entitlement(), path({ breakGlass: { group: 'dba' } })])).toEqual([]));

  it('need the machines, groups, targets and approvers that they name', () => {
    expect(lint([target(), entitlement({ machines: ['m', 'x'], groups: ['jobs'], target: 'elsewhere' }), path({ target: 'away', approvers: [{ group: 'nobody' }], breakGlass: { group: 'none' } })])).toEqual([
      'refuse reference-unknown Entitlement/e spec.machines[1]', 'refuse reference-unknown Entitlement/e spec.groups[0]', 'refuse reference-unknown Entitlement/e spec.target',
      'refuse reference-unknown AccessPath/p spec.target', 'refuse reference-unknown AccessPath/p spec.approvers[0].group', 'refuse reference-unknown AccessPath/p spec.breakGlass.group',
    ]);
  });

  it('that nobody could agree to are warned of', () => {
    expect(lint([target(), path({ approvers: [{ group: 'dba', count: 3 }] })])).toEqual(['warn approvers-quorum AccessPath/p spec.approvers[0].count']);
    expect(lint([target(), person('carl', { active: false }), make('ApproverGroup', 'few', { members: ['alice', 'carl'] }), path({ breakGlass: { group: 'few' } })])).toContain('warn approvers-quorum AccessPath/p spec.breakGlass.count');
  });

  it('that have ended are refused, and let stand where they were accepted before', () => {
    expect(lint([target(), entitlement({ until: '2026-11-21' })])).toEqual(['refuse entitlement-until-past Entitlement/e spec.until']);
    expect(lint([target(), entitlement({ until: '2026-11-21' })], true)).toEqual(['warn entitlement-until-past Entitlement/e spec.until']);
    expect(lint([target(), entitlement({ until: '2026-11-22' })])).toEqual([]);
  });

  it('on a target that asks for none are warned of, and so is a production target without them', () => {
    expect(lint([target({ access: 'policy' }), entitlement()])).toEqual(['warn entitlement-not-enforced Entitlement/e spec.target']);
    expect(lint([target({ access: 'policy', environment: 'production' })])).toEqual(['warn target-access-policy Target/db spec.access']);
    expect(lint([target({ environment: 'production' })])).toEqual([]);
  });

  it.each([
    ['nobody', { machines: [] }, 'name at least one machine or group'],
    ['a role twice', { roles: ['a', 'a'] }, 'names a role twice'],
    ['a role that is none', { roles: ['a@b'] }, 'must be a role'],
    ['no reason', { justification: 'because' }, 'at least 20 characters'],
    ['no end', { until: undefined }, 'until'],
  ])('name no %s', (_, spec, say) => expect(() => entitlement(spec)).toThrow(say));
});
