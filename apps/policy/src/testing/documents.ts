import type { Caller, LeaseRequest } from '@sallyport/platform-bus';
import { readPolicySet } from '@sallyport/engine-policy';
import type { ActivePolicy } from '../model/active-policy.ts';
import { Inventory } from '../model/inventory.ts';

const head = (kind: string, name: string) => ({ apiVersion: 'sallyport/v1', kind, metadata: { name } });

export const machine = (name = 'nightly-ledger', spec: Record<string, unknown> = {}) => ({
  ...head('Machine', name),
  spec: {
    kind: 'batch', owner: 'alice', backupOwner: 'bob', purpose: 'books the entries of the day', environment: 'production', criticality: 'high', groups: ['batch'], state: 'active', reviewBy: '2030-01-01', bindings: [], ...spec,
  },
});

export const person = (name: string, spec: Record<string, unknown> = {}) => ({ ...head('Person', name), spec: { displayName: name, issuer: 'idp', subject: name, ...spec } });

export const target = (name = 'ledger-db', spec: Record<string, unknown> = {}) => ({
  ...head('Target', name),
  spec: { kind: 'postgres', address: { host: '127.0.0.1', port: 5432 }, tls: { mode: 'off' }, credential: 'env:LEDGER', environment: 'production', tags: ['pci'], evidence: 'strict', settings: {}, ...spec },
});

export const plan = (name = 'ledger-db') => ({ id: 'plan-1', target: name, columns: [{ column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'redact' as const }], detectors: [], large: ['ledger.entries'] });

/** @param classified what the bucket shows of the target's plan */
export function inventoryOf(classified: unknown = { revision: 1, plan: plan() }): Inventory {
  const inventory = new Inventory();
  inventory.tell('machine.nightly-ledger', machine());
  inventory.tell('target.ledger-db', target());
  inventory.tell('group.batch', { ...head('Group', 'batch'), spec: { purpose: 'batch jobs' } });
  inventory.tell('approvers.dba', { ...head('ApproverGroup', 'dba'), spec: { members: ['alice'] } });
  inventory.tellPlan('ledger-db', classified);
  return inventory;
}

export const rules = `
@id("connect") permit(principal in Group::"batch", action == Action::"connect", resource == Target::"ledger-db");
@id("read") permit(principal in Group::"batch", action == Action::"read", resource in Schema::"ledger-db/ledger");
@id("ddl") @reason("ask a DBA") @approvers("dba") permit(principal, action == Action::"define", resource in Schema::"ledger-db/ledger") when { context.approval };
`;

export function policyOf(text = rules, version = 1): ActivePolicy {
  const read = readPolicySet([{ name: 'ledger.cedar', text }]);
  if (!read.ok) throw new Error(read.problems[0]?.say);
  return { version, digest: read.set.digest, set: read.set };
}

export const asked = (change: Partial<LeaseRequest> = {}): LeaseRequest => ({
  session: '0193-session', machine: 'nightly-ledger', npid: 'n', target: 'ledger-db', role: null, protocol: 'postgres', source: { address: '10.0.0.1', port: 50_000, client: 'psql' }, behalf: null, behalfSince: null, ...change,
});

export const caller = (...roles: string[]): Caller => ({ person: 'alice', roles, groups: [], source: '127.0.0.1' });
