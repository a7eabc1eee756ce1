import { describe, expect, it } from 'vitest';
import type { AnyDocument } from '../kinds/index.ts';
import { parseDocument } from '../parse.ts';
import { lintInventory } from './lint-inventory.ts';

function make(kind: string, name: string, spec: Record<string, unknown>): AnyDocument {
  const parsed = parseDocument({ apiVersion: 'sallyport/v1', kind, metadata: { name }, spec });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.document;
}
const person = (name: string, spec: Record<string, unknown> = {}) => make('Person', name, { displayName: name, issuer: 'idp', subject: name, roles: ['approver'], ...spec });
const people = [
  make('Issuer', 'idp', { issuer: 'https://idp.example', provider: 'generic', trusts: ['people'], keys: { discovery: true }, algorithms: ['ES256'], audiences: ['sallyport'], immutableClaims: ['x'] }),
  person('alice'), person('bob'), person('gone', { active: false }), person('eve', { roles: ['admin'] }), make('ApproverGroup', 'board', { members: ['alice', 'bob', 'gone', 'eve'] }),
];
const lint = (group: string, count: number, more: AnyDocument[] = [], unchanged = false) =>
  lintInventory({ documents: [...people, ...more, make('Governance', 'default', { changeControl: [{ kinds: ['Target'], approvers: [{ group, count }] }] })], today: '2026-11-23', unchanged: () => unchanged })
    .filter(({ kind }) => kind === 'Governance').map(({ severity, code, path }) => `${severity} ${code} ${path}`);

describe('change control', () => {
  it('names groups that exist, with as many people who can say yes as have to', () => {
    expect(lint('board', 2)).toEqual([]);
    expect(lint('ghosts', 1)).toEqual(['refuse reference-unknown spec.changeControl[0].approvers[0].group']);
    expect(lint('board', 3)).toEqual(['refuse approvers-too-few spec.changeControl[0].approvers[0].count']);
  });
  it('that stands is only warned of when people left: their leaving must not be held up by it', () => {
    expect(lint('board', 3, [], true)).toEqual(['warn approvers-too-few spec.changeControl[0].approvers[0].count']);
  });
  it('whose approvers propose themselves need one more than have to agree', () => {
    const more = [person('root', { roles: ['admin', 'approver'] }), make('ApproverGroup', 'small', { members: ['alice', 'root'] })];
    expect(lint('small', 2, more)).toEqual(['warn approvers-quorum spec.changeControl[0].approvers[0].count']);
    expect(lint('small', 1, more)).toEqual([]);
  });
});
