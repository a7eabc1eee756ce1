import { id, type Digest } from '@sallyport/domain-model';
import { describe, expect, it } from 'vitest';
import { base, binding, inventoryOf, machine, person, target } from '../testing/documents.ts';
import { admitTicket, bindingDigest, type Presented, type Ticket } from './ticket.ts';

const now = Date.parse('2026-11-23T10:00:00Z');
const inventory = (...over: Parameters<typeof inventoryOf>) => inventoryOf(...base(), target('box'), machine('nightly'), ...over);
const digest = bindingDigest(inventory().machines.get('nightly')?.spec.bindings[0] ?? { name: '', issuer: '', audience: '', claims: {}, replay: 'off' });
const ticket = (over: Partial<Ticket> = {}): Ticket => ({
  id: '0190', kind: 'ticket', machine: 'nightly', binding: 'b', bindingDigest: digest, npid: 'n', issuer: 'idp', targets: ['reader@box'], key: null, extensions: [], sources: ['10.0.0.1'], act: [], behalf: null, behalfSince: null, source: '10.0.0.1', maxUses: null, expires: now + 1, ...over,
});
const presented = (over: Partial<Presented> = {}): Presented => ({ target: 'box', role: 'reader', holds: null, source: '10.0.0.1', hash: id<Digest>('0'.repeat(64)), now, ...over });
const outcome = (over: Partial<Ticket>, how: Partial<Presented> = {}, held = inventory()) => {
  const judged = admitTicket(ticket(over), presented(how), held);
  return judged.kind === 'admit' ? 'ok' : judged.code;
};

describe('a ticket', () => {
  it('lets its machine in as the token did that it came of', () => {
    expect(admitTicket(ticket({ act: ['https://agents.example planner'] }), presented(), inventory())).toMatchObject({
      kind: 'admit', binding: 'nightly/b', issuer: 'https://idp.example', use: null, spend: { ticket: '0190' }, claims: { ticket: '0190', act: 'https://agents.example planner' },
      principal: { actor: { machine: 'nightly', owner: 'alice', npid: 'n', jti: '0190', tokenExpires: '2026-11-23T10:00:00.001000Z' }, ticket: { act: ['https://agents.example planner'] } },
    });
  });

  it('ends at its very millisecond', () => {
    expect(outcome({ expires: now })).toBe('ticket-expired');
    expect(outcome({ expires: now, kind: 'ssh-certificate' })).toBe('certificate-expired');
  });

  it('that is bound to a key needs that key, of that kind', () => {
    for (const [key, holds] of [['ssh:SHA256:a', { ssh: 'SHA256:a', x5t: null, jkt: null }], ['x5t#S256:a', { ssh: null, x5t: 'a', jkt: null }], ['jkt:a', { ssh: null, x5t: null, jkt: 'a' }]] as const) {
      expect(outcome({ key }, { holds })).toBe('ok');
      expect(outcome({ key })).toBe('ticket-key-wrong');
      expect(outcome({ key }, { holds: { ssh: 'b', x5t: 'b', jkt: 'b' } })).toBe('ticket-key-wrong');
    }
    expect(outcome({ key: 'jkt:null' }, { holds: { ssh: null, x5t: null, jkt: null } })).toBe('ticket-key-wrong');
    expect(outcome({ key: 'jkt:a' }, { holds: { ssh: 'a', x5t: 'a', jkt: null } })).toBe('ticket-key-wrong');
  });

  it('is worth nothing without its machine, its owner, its binding and its issuer, as they stood', () => {
    expect(outcome({ machine: 'other' })).toBe('machine-unknown');
    expect(outcome({}, {}, inventory(machine('nightly', { state: 'suspended' })))).toBe('machine-suspended');
    expect(outcome({}, {}, inventory(person('alice', { active: false })))).toBe('owner-inactive');
    expect(outcome({ binding: 'other' })).toBe('ticket-revoked');
    expect(outcome({}, {}, inventory(machine('nightly', { bindings: [binding({ workload_id: 'nightly' }, { audience: 'other' })] })))).toBe('ticket-revoked');
    expect(outcome({ issuer: 'gone' })).toBe('ticket-revoked');
    const [idp] = base({ trusts: ['people'] });
    expect(outcome({}, {}, inventory(...(idp === undefined ? [] : [idp])))).toBe('ticket-revoked');
  });
});
