import { parseDocument } from '@sallyport/platform-config';
import { canonical, digestOf, isOwned, type OwnedDocument } from '../model/document.ts';
import { Inventory } from '../model/inventory.ts';

type Spec = Readonly<Record<string, unknown>>;
export type Raw = { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string }; readonly spec: Spec };

export const raw = (kind: string, name: string, spec: Spec): Raw => ({ apiVersion: 'sallyport/v1', kind, metadata: { name }, spec });

export const issuer = (spec: Spec = {}) =>
  raw('Issuer', 'idp', { issuer: 'https://idp.example', provider: 'generic', trusts: ['machines', 'people'], keys: { discovery: true }, algorithms: ['ES256'], audiences: ['sallyport'], immutableClaims: ['workload_id'], ...spec });
export const person = (name: string, spec: Spec = {}) => raw('Person', name, { displayName: name, issuer: 'idp', subject: name, roles: ['approver'], ...spec });
export const binding = (claims: Spec, spec: Spec = {}) => ({ name: 'b', issuer: 'idp', audience: 'sallyport', claims, ...spec });
export const machine = (name: string, spec: Spec = {}) =>
  raw('Machine', name, { kind: 'batch', owner: 'alice', backupOwner: 'bob', purpose: 'closes the books of the day', environment: 'production', criticality: 'high', state: 'active', reviewBy: '2099-03-31', bindings: [binding({ workload_id: name })], ...spec });
export const target = (name: string, spec: Spec = {}) => raw('Target', name, { kind: 'postgres', address: { host: '127.0.0.1', port: 5432 }, tls: { mode: 'off' }, credential: `file:${name}`, environment: 'test', ...spec });
export const approvers = (name: string, members: string[]) => raw('ApproverGroup', name, { members });

/** Issuer, alice and bob. */
export const base = (issuerSpec: Spec = {}) => [issuer(issuerSpec), person('alice'), person('bob')];

export function parsed(document: Raw): OwnedDocument {
  const result = parseDocument(document);
  if (!result.ok || !isOwned(result.document)) throw new Error(JSON.stringify(result));
  return result.document;
}

export function inventoryOf(...documents: Raw[]): Inventory {
  return new Inventory(1, documents.map(parsed).map((document) => ({ kind: document.kind, name: document.metadata.name, version: 1, digest: digestOf(canonical(document)), document })));
}
