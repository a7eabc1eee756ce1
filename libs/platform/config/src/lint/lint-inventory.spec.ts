import { describe, expect, it } from 'vitest';
import type { AnyDocument } from '../kinds/index.ts';
import { parseDocument } from '../parse.ts';
import { lintInventory } from './lint-inventory.ts';

const today = '2026-11-22';

function make(kind: string, name: string, spec: Record<string, unknown>): AnyDocument {
  const parsed = parseDocument({ apiVersion: 'sallyport/v1', kind, metadata: { name }, spec });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.document;
}

const issuer = (name: string, spec: Record<string, unknown> = {}) =>
  make('Issuer', name, { issuer: 'https://idp.example', provider: 'generic', trusts: ['machines', 'people'], keys: { discovery: true }, algorithms: ['ES256'], audiences: ['sallyport'], immutableClaims: ['workload_id'], ...spec });
const person = (name: string, spec: Record<string, unknown> = {}) => make('Person', name, { displayName: name, issuer: 'idp', subject: name, roles: ['approver'], ...spec });
const machine = (name: string, spec: Record<string, unknown> = {}) =>
  make('Machine', name, { kind: 'batch', owner: 'alice', backupOwner: 'bob', purpose: 'closes the books of the day', environment: 'production', criticality: 'high', state: 'active', reviewBy: '2027-03-31', bindings: [binding({ workload_id: name })], ...spec });
const binding = (claims: Record<string, unknown>) => ({ name: 'b', issuer: 'idp', audience: 'sallyport', claims });

const people = [issuer('idp'), person('alice'), person('bob')];
const lint = (documents: AnyDocument[], unchanged = false) =>
  lintInventory({ documents: [...people, ...documents], today, unchanged: () => unchanged }).map((one) => `${one.severity} ${one.code} ${one.kind}/${one.name} ${one.path}`);

describe('the inventory', () => {
  it('is accepted when all hangs together', () => expect(lint([machine('m'), make('ApproverGroup', 'dba', { members: ['alice', 'bob'] })])).toEqual([]));

  it('needs every person, group and issuer that it names', () => {
    const found = lint([machine('m', { owner: 'zoe', groups: ['jobs'], bindings: [{ ...binding({ workload_id: 'x' }), issuer: 'gone' }] }), make('ApproverGroup', 'dba', { members: ['alice', 'yan'] }), person('carl', { issuer: 'gone' })]);
    expect(found).toEqual([
      'refuse reference-unknown Machine/m spec.owner', 'refuse reference-unknown Machine/m spec.groups[0]', 'refuse binding-issuer-unknown Machine/m spec.bindings[0].issuer',
      'refuse reference-unknown ApproverGroup/dba spec.members[1]', 'refuse reference-unknown Person/carl spec.issuer',
    ]);
  });

  it('knows everybody whom a machine acts for, and the groups of people', () => {
    const finance = make('Group', 'finance', { purpose: 'those who close the books' });
    const agent = (actsFor: Record<string, unknown>) => machine('agent', { actsFor });
    expect(lint([finance, person('carl', { groups: ['finance'] }), machine('m'), agent({ people: ['alice'], groups: ['finance'], machines: ['m'] })])).toEqual([]);
    expect(lint([person('carl', { groups: ['sales'] }), agent({ people: ['zoe'], groups: ['finance'], machines: ['x'] })])).toEqual([
      'refuse reference-unknown Person/carl spec.groups[0]', 'refuse reference-unknown Machine/agent spec.actsFor.people[0]', 'refuse reference-unknown Machine/agent spec.actsFor.groups[0]', 'refuse reference-unknown Machine/agent spec.actsFor.machines[0]',
    ]);
    expect(lint([agent({ machines: ['agent'] })])).toEqual(['refuse machine-acts-for-itself Machine/agent spec.actsFor.machines']);
    expect(lint([agent({})])).toEqual(['warn machine-acts-for-nobody Machine/agent spec.actsFor']);
  });

  it('needs an owner and another one behind him', () => expect(lint([machine('m', { backupOwner: 'alice' })])).toEqual(['refuse machine-owner-alone Machine/m spec.backupOwner']));
  it('needs owners who are still here', () => {
    expect(lint([person('gone', { active: false }), machine('m', { owner: 'gone' })])).toEqual(['refuse reference-inactive Machine/m spec.owner']);
    expect(lint([person('gone', { active: false }), machine('m', { owner: 'gone', state: 'suspended' })])).toEqual([]);
    expect(lint([person('gone', { active: false }), machine('m', { owner: 'gone' })], true)).toEqual(['warn reference-inactive Machine/m spec.owner']);
  });

  it('refuses a review that is overdue, but lets what was accepted before stand so that other changes can be made', () => {
    expect(lint([machine('m', { reviewBy: '2026-11-21' })])).toEqual(['refuse machine-review-past Machine/m spec.reviewBy']);
    expect(lint([machine('m', { reviewBy: today })])).toEqual([]);
    expect(lint([machine('m', { reviewBy: '2026-11-21' })], true)).toEqual(['warn machine-review-past Machine/m spec.reviewBy']);
    expect(lint([machine('m', { reviewBy: '2026-11-21', state: 'suspended' })])).toEqual([]);
    expect(lint([machine('m', { reviewBy: '2029-01-01' })])).toEqual(['warn machine-review-far Machine/m spec.reviewBy']);
  });

  it('refuses two machines that one token could be', () => {
    const found = lint([machine('a', { bindings: [binding({ workload_id: 'x' })] }), machine('b', { bindings: [binding({ workload_id: 'x', environment: 'test' })] })]);
    expect(found).toEqual(['refuse binding-overlap Machine/a spec.bindings[0].claims', 'refuse binding-overlap Machine/b spec.bindings[0].claims']);
    const apart = lint([machine('a', { bindings: [binding({ workload_id: 'x', environment: 'production' })] }), machine('b', { bindings: [binding({ workload_id: 'x', environment: 'test' })] })]);
    expect(apart).toEqual([]);
  });

  it('refuses two issuers that cannot be told apart, and lets one iss stand with other audiences', () => {
    expect(lint([issuer('other')]).sort()).toEqual(['refuse issuer-overlap Issuer/idp spec.audiences', 'refuse issuer-overlap Issuer/other spec.audiences']);
    expect(lint([issuer('other', { audiences: ['sallyport-b'] })])).toEqual([]);
  });

  it('refuses one subject as two people', () => expect(lint([person('alias', { subject: 'alice' })])).toContain('refuse person-twice Person/alias spec.subject'));
  it('warns of roles that should not meet', () => expect(lint([person('root', { roles: ['admin', 'approver', 'auditor'] })])).toEqual(['warn person-roles-toxic Person/root spec.roles', 'warn person-roles-toxic Person/root spec.roles']));
  it('warns of an active machine that no token can be, and of binding names that stand twice', () => {
    expect(lint([machine('m', { bindings: [] })])).toEqual(['warn machine-unreachable Machine/m spec.bindings']);
    expect(lint([machine('m', { bindings: [binding({ workload_id: 'x' }), binding({ workload_id: 'y' })] })])).toEqual(['refuse binding-name-twice Machine/m spec.bindings[1].name']);
  });

  it('sends nothing over the network in the clear', () => {
    const target = (host: string) => make('Target', 't', { kind: 'postgres', address: { host, port: 5432 }, tls: { mode: 'off' }, credential: 'file:t', environment: 'test' });
    expect(lint([target('db.example')])).toEqual(['refuse target-plaintext Target/t spec.tls.mode']);
    expect(lint([target('127.0.0.1')])).toEqual([]);
  });
});
