import { describe, expect, it } from 'vitest';
import { id, type Digest } from '@sallyport/domain-model';
import { TokenRefusedError, type VerifiedToken } from '@sallyport/platform-identity';
import { approvers, base, binding, inventoryOf, machine, person } from '../testing/documents.ts';
import { admit, refusedToken } from './admit.ts';
import { authEvent } from './auth-event.ts';
import type { Inventory } from './inventory.ts';
import { isReplay, replayKey } from './replay.ts';

const expires = Date.parse('2026-11-22T10:10:00Z');

function token(inventory: Inventory, claims: Record<string, unknown>, jti: string | null = 'j-1'): VerifiedToken {
  const [issuer] = inventory.issuers;
  if (issuer === undefined) throw new Error('no issuer');
  return { issuer, claims, audiences: ['sallyport'], hash: id<Digest>('a'.repeat(64)), jti, expires };
}

const attempt = { id: 'a-1', door: 'postgres', source: '10.0.0.1', client: 'psql', session: 's-1', micros: 12 };

describe('a machine', () => {
  it('is admitted with its actor, and its use is to be remembered until the token is dead', () => {
    const inventory = inventoryOf(...base(), machine('m'));
    const judgement = admit(token(inventory, { workload_id: 'm', email: 'x@y.example' }), inventory, 'machine');
    if (judgement.kind !== 'admit') throw new Error(judgement.say);
    expect(judgement.principal).toMatchObject({ kind: 'machine', actor: { machine: 'm', owner: 'alice', issuer: 'https://idp.example', jti: 'j-1', tokenExpires: '2026-11-22T10:10:00.000000Z' } });
    expect(judgement.use).toMatchObject({ binding: 'm/b', mode: 'bind_first', until: expires + 60_000 });
    expect(judgement.claims).toEqual({ workload_id: 'm' });
    expect(authEvent(attempt, judgement, null)).toMatchObject({ type: 'auth.ok', who: { id: 'machine:m', owner: 'alice' }, data: { binding: 'm/b', session: 's-1', door: 'postgres' } });
    expect(authEvent(attempt, judgement, { attempt: 'a-0', source: '10.0.0.2' })).toMatchObject({ type: 'auth.replay', data: { jti: 'j-1', source: '10.0.0.1', first_source: '10.0.0.2' } });
  });

  it.each([['draft', 'machine-draft'], ['suspended', 'machine-suspended'], ['retired', 'machine-retired']])('that is %s is refused by name', (state, code) => {
    const inventory = inventoryOf(...base(), machine('m', { state }));
    expect(admit(token(inventory, { workload_id: 'm' }), inventory, 'machine')).toMatchObject({ kind: 'refuse', answer: 'unauthorized', code, who: { id: 'machine:m' } });
  });

  it('is refused when its owner left, even if a backup is there', () => {
    const inventory = inventoryOf(...base().slice(0, 1), person('alice', { active: false }), person('bob'), machine('m'));
    expect(admit(token(inventory, { workload_id: 'm' }), inventory, 'machine')).toMatchObject({ kind: 'refuse', answer: 'unauthorized', code: 'owner-inactive' });
  });

  it('is nobody when no binding fits or the issuer is for people only', () => {
    const inventory = inventoryOf(...base(), machine('m'));
    expect(admit(token(inventory, { workload_id: 'other' }), inventory, 'machine')).toMatchObject({ kind: 'refuse', answer: 'unauthenticated', code: 'claims-unmatched', who: { id: 'unknown' } });
    const people = inventoryOf(...base({ trusts: ['people'] }));
    expect(admit(token(people, { workload_id: 'm' }), people, 'machine')).toMatchObject({ code: 'issuer-not-for-machines' });
  });

  it('with replay protection off has no use to remember', () => {
    const inventory = inventoryOf(...base(), machine('m', { bindings: [binding({ workload_id: 'm' }, { replay: 'off', justification: 'the runner pool shares one token' })] }));
    expect(admit(token(inventory, { workload_id: 'm' }), inventory, 'machine')).toMatchObject({ kind: 'admit', use: null });
  });
});

describe('a person', () => {
  it('comes with roles and the approver groups of the inventory, and without claims in evidence', () => {
    const inventory = inventoryOf(...base(), approvers('dba', ['alice', 'bob']), approvers('sec', ['bob']));
    const judgement = admit(token(inventory, { sub: 'alice', name: 'Alice A.' }), inventory, 'person');
    expect(judgement).toMatchObject({ kind: 'admit', principal: { kind: 'person', person: 'alice', roles: ['approver'], groups: ['dba'] }, claims: {}, use: null });
    expect(JSON.stringify(judgement)).not.toContain('Alice A.');
  });

  it('is refused when unknown or inactive, and is never a machine', () => {
    const inventory = inventoryOf(...base(), person('carl', { active: false }), machine('m'));
    expect(admit(token(inventory, { sub: 'eve' }), inventory, 'person')).toMatchObject({ code: 'person-unknown' });
    expect(admit(token(inventory, { sub: 'carl' }), inventory, 'person')).toMatchObject({ answer: 'unauthorized', code: 'person-inactive' });
    expect(admit(token(inventory, { sub: 'alice' }), inventory, 'machine')).toMatchObject({ code: 'claims-unmatched' });
    expect(admit(token(inventory, { workload_id: 'm' }), inventory, 'person')).toMatchObject({ kind: 'refuse', code: 'claims-missing' });
  });
});

describe('what was no token', () => {
  it('leaves neither its hash nor claims in evidence', () => {
    const judgement = refusedToken(new TokenRefusedError('token-malformed', 'not a signed JWT'), null);
    expect(authEvent(attempt, judgement, null)).toEqual({ type: 'auth.failed', who: null, data: { code: 'token-malformed', say: 'not a signed JWT', issuer: null, claims: {}, source: '10.0.0.1', micros: 12, door: 'postgres', session: 's-1' } });
  });
});

describe('a replay', () => {
  const first = { attempt: 'a-1', source: '10.0.0.1' };
  it('is a use from another address, or any second one where the binding says so', () => {
    expect(isReplay('bind_first', first, first)).toBe(false);
    expect(isReplay('bind_first', { attempt: 'a-2', source: '10.0.0.1' }, first)).toBe(false);
    expect(isReplay('bind_first', { attempt: 'a-2', source: '10.0.0.2' }, first)).toBe(true);
    expect(isReplay('single_use', first, first)).toBe(false);
    expect(isReplay('single_use', { attempt: 'a-2', source: '10.0.0.1' }, first)).toBe(true);
  });
  it('is known by issuer and jti, or by the whole token', () => {
    const inventory = inventoryOf(...base());
    const key = (jti: string | null) => Buffer.from(replayKey(token(inventory, {}, jti))).toString('hex');
    expect(new Set([key('j-1'), key('j-2'), key(null)]).size).toBe(3);
    expect(key('j-1')).toBe(key('j-1'));
  });
});
