import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { identityExplain, identityResolve } from '@sallyport/platform-bus';
import { base, binding, machine, person, raw, target } from '../testing/documents.ts';
import { IdentityHouse, type Form } from '../testing/house.ts';

const jwt = 'urn:ietf:params:oauth:token-type:jwt';
let house: IdentityHouse;

const finance = raw('Group', 'finance', { purpose: 'those who close the books' });
const carol = (spec: Record<string, unknown> = {}) => person('carol', { roles: [], groups: ['finance'], ...spec });
const agent = (spec: Record<string, unknown> = {}) => machine('agent', { kind: 'agent', actsFor: { people: ['dora'], groups: ['finance'], machines: ['robot'] }, ...spec });

beforeAll(async () => {
  house = await IdentityHouse.open();
  await house.apply([
    ...base(house.pinned), finance, carol(), person('dora', { roles: [] }), person('erna', { roles: [] }), target('box'), machine('robot'), machine('stranger'), machine('plain'), agent(),
    machine('careful', { bindings: [binding({ workload_id: 'careful' }, { replay: 'single_use' })], actsFor: { people: ['carol'] } }),
  ]);
});
afterAll(() => house[Symbol.asyncDispose]());
beforeEach(() => {
  house.ahead = 0;
});

const of = (who: string, claims: Record<string, unknown> = {}) => house.mint({ workload_id: undefined, sub: who, ...claims });
const workload = (name: string, claims: Record<string, unknown> = {}) => house.mint({ workload_id: name, ...claims });
const exchange = async (subject: string, actor: string, over: Form = {}) => house.exchange({ subject_token: subject, actor_token: actor, actor_token_type: jwt, audience: 'box', ...over });
const said = async (...args: Parameters<typeof exchange>) => {
  const { status, json } = await exchange(...args);
  return status === 200 ? 'given' : `${String(json['error'])}: ${String(json['error_description'])}`;
};
const given = async (...args: Parameters<typeof exchange>) => {
  const { status, json, text } = await exchange(...args);
  if (status !== 200) throw new Error(text);
  return { ticket: String(json['access_token']), seconds: Number(json['expires_in']) };
};
const resolved = async (token: string) => {
  const reply = await house.gateway.call(identityResolve, { token, door: 'postgres', target: 'box', source: { address: '127.0.0.1', port: 1, client: null }, session: null, expect: 'machine' });
  if (!reply.ok) return reply.error.say;
  return reply.value.kind === 'machine' ? { machine: reply.value.actor.machine, behalf: reply.value.behalf } : 'a person';
};

describe('the exchange of two tokens, the party’s and the machine’s that acts for it', () => {
  it('gives the machine a ticket on the person’s behalf; both tokens and the exchange are recorded', async () => {
    const { ticket, seconds } = await given(await of('carol', { act: { sub: 'portal' } }), await workload('agent', { act: { sub: 'launcher' } }));
    expect(seconds).toBeGreaterThan(890);
    expect((await house.events()).slice(-3)).toMatchObject([
      { type: 'auth.ok', who: { id: 'person:carol' }, d: { door: 'token-exchange', claims: {} } },
      { type: 'auth.ok', who: { id: 'machine:agent' }, d: { door: 'token-exchange' } },
      { type: 'token.exchanged', who: { id: 'machine:agent', owner: 'alice' }, d: { binding: 'agent/b', behalf: 'person:carol', act: ['portal', 'launcher'] } },
    ]);
    expect(await resolved(ticket)).toEqual({ machine: 'agent', behalf: { kind: 'person', name: 'carol' } });
    expect(await house.last()).toMatchObject({ type: 'auth.ok', who: { id: 'machine:agent' }, d: { claims: { on_behalf_of: 'person:carol' } } });
    expect(await resolved((await given(await of('dora'), await workload('agent'))).ticket)).toMatchObject({ behalf: { name: 'dora' } });
  });

  it('gives it one on another machine’s behalf', async () => {
    expect(await resolved((await given(await workload('robot'), await workload('agent'))).ticket)).toEqual({ machine: 'agent', behalf: { kind: 'machine', name: 'robot' } });
  });

  it('lasts no longer than either token', async () => {
    const in200 = Math.floor(Date.now() / 1000) + 200;
    expect((await given(await of('carol', { exp: in200 }), await workload('agent'))).seconds).toBeLessThanOrEqual(200);
    expect((await given(await of('carol'), await workload('agent', { exp: in200 }))).seconds).toBeLessThanOrEqual(200);
    expect((await given(await of('carol'), await workload('agent'), { lifetime: '60' })).seconds).toBeLessThanOrEqual(60);
  });

  it('is for nobody unless the machine’s document says so', async () => {
    expect(await said(await of('erna'), await workload('agent'))).toMatch(/^invalid_request: machine agent may not act for this person.*\(behalf-not-allowed\)$/);
    expect(await house.last()).toMatchObject({ type: 'token.refused', who: { id: 'machine:agent' }, d: { code: 'behalf-not-allowed' } });
    expect(await said(await of('carol'), await workload('plain'))).toContain('(behalf-not-allowed)');
    expect(await said(await workload('stranger'), await workload('agent'))).toContain('machine agent may not act for machine stranger');
    expect(await said(await workload('agent'), await workload('robot'))).toContain('machine robot may not act for machine agent');
  });

  it('is refused to one party with two tokens, to tickets, and to what acts for others already', async () => {
    expect(await said(await workload('agent'), await workload('agent'))).toContain('(behalf-self)');
    const ticket = (await given(await of('carol'), await workload('agent'))).ticket;
    expect(await said(ticket, await workload('agent'))).toContain('a ticket is not exchanged for another');
    expect(await said(await of('carol'), ticket)).toContain('a ticket does not act');
    const native = () => workload('agent', { sub: 'carol' });
    expect(await said(await of('dora'), await native())).toContain('(actor-delegated)');
    await house.apply([machine('stranger', { actsFor: { machines: ['agent'] } })]);
    expect(await said(await native(), await workload('stranger'))).toContain('(subject-delegated)');
    expect(await said(await of('carol'), await of('dora'))).toMatch(/^invalid_request: the actor token: /);
  });

  it('verifies each token in full', async () => {
    const past = Math.floor(Date.now() / 1000) - 3000;
    expect(await said(await of('carol', { exp: past + 60, iat: past }), await workload('agent'))).toMatch(/the subject token: .*\(token-expired\)$/);
    expect(await said(await of('carol'), await workload('agent', { exp: past + 60, iat: past }))).toMatch(/the actor token: .*\(token-expired\)$/);
    expect(await said(await of('carol', { aud: 'elsewhere' }), await workload('agent'))).toMatch(/the subject token: .*\(audience-wrong\)$/);
    expect(await said(await of('carol'), await workload('agent', { aud: 'elsewhere' }))).toMatch(/the actor token: .*\(audience-wrong\)$/);
    expect(await said(await of('carol', { iss: 'https://evil.example' }), await workload('agent'))).toMatch(/\(issuer-unknown\)$/);
    expect(await said(`${(await of('carol')).slice(0, -6)}AAAAAA`, await workload('agent'))).toMatch(/the subject token: .*\(signature-wrong\)$/);
    expect(await said(await of('nobody'), await workload('agent'))).toMatch(/the subject token: /);
    expect(await said('x', await workload('agent'))).toMatch(/\(token-malformed\)$/);
    expect(await said(await of('carol'), await workload('unknown'))).toMatch(/the actor token: .*\(claims-unmatched\)$/);
  });

  it('takes a token from where it came first, and one that may be used once, once', async () => {
    const subject = await of('carol');
    const actor = await workload('agent');
    expect(await said(subject, actor)).toBe('given');
    expect(await said(subject, actor)).toBe('given');
    const elsewhere = ['--interface', '127.0.0.2'];
    const { json } = await house.exchange({ subject_token: subject, actor_token: await workload('agent'), actor_token_type: jwt, audience: 'box' }, elsewhere);
    expect(json['error_description']).toMatch(/the subject token: the token was used from another address before/);
    expect((await house.events()).findLast(({ type }) => type === 'auth.replay')).toMatchObject({ who: { id: 'person:carol' }, d: { binding: 'person', source: '127.0.0.2', first_source: '127.0.0.1' } });
    const once = await workload('careful');
    expect(await said(await of('carol'), once)).toBe('given');
    expect(await said(await of('carol'), once)).toMatch(/the actor token: .*may be used once/);
  });

  it('lets those act whom the subject token names, where it names somebody (may_act)', async () => {
    const named = (may_act: unknown) => of('carol', { may_act });
    expect(await said(await named({ workload_id: 'agent' }), await workload('agent'))).toBe('given');
    for (const may_act of [{ workload_id: 'other' }, {}, [], { iss: 'https://idp.example' }, { iss: 'https://other.example', workload_id: 'agent' }, { sub: 'agent' }]) {
      expect(await said(await named(may_act), await workload('agent'))).toContain('(may-act)');
    }
  });

  it('ends chains that are too long', async () => {
    const chain = (length: number): Record<string, unknown> => (length === 0 ? {} : { act: { sub: `hop-${length}`, ...chain(length - 1) } });
    expect(await said(await of('carol', chain(3)), await workload('agent', chain(1)))).toBe('given');
    expect(await said(await of('carol', chain(3)), await workload('agent', chain(2)))).toContain('(chain-too-long)');
    expect(await said(await of('carol', chain(5)), await workload('agent'))).toContain('(chain-too-long)');
  });

  it('binds the ticket to the key of the machine that acts', async () => {
    const { ticket } = await given(await of('carol'), await workload('agent'), { uses: '1' });
    expect(await resolved(ticket)).toMatchObject({ machine: 'agent' });
    expect(await resolved(ticket)).toMatch(/\(ticket-used-up\)/);
  });
});

describe('a ticket on somebody’s behalf', () => {
  it('works no more when the person loses the group, and again with it', async () => {
    const { ticket } = await given(await of('carol'), await workload('agent'));
    await house.apply([carol({ groups: [] })]);
    expect(await resolved(ticket)).toMatch(/may not act for this person.*\(behalf-not-allowed\)$/);
    await house.apply([carol()]);
    expect(await resolved(ticket)).toMatchObject({ machine: 'agent' });
    await house.apply([agent({ actsFor: { people: ['dora'] } })]);
    expect(await resolved(ticket)).toMatch(/\(behalf-not-allowed\)$/);
    await house.apply([agent()]);
  });

  it('is revoked when the person leaves, or the other machine is stopped, and stays so', async () => {
    const { ticket } = await given(await of('carol'), await workload('agent'));
    const forRobot = (await given(await workload('robot'), await workload('agent'))).ticket;
    const forDora = (await given(await of('dora'), await workload('agent'))).ticket;
    await house.apply([carol({ active: false }), machine('robot', { state: 'suspended' })]);
    expect(await resolved(ticket)).toMatch(/is not active \(behalf-inactive\)$/);
    expect(await resolved(forRobot)).toMatch(/\(behalf-inactive\)$/);
    const revoked = (await house.events()).filter(({ type, d }) => type === 'token.revoked' && d['machine'] === 'agent');
    expect(revoked.at(-1)).toMatchObject({ d: { why: 'the party for whom it acted left or was stopped' } });
    expect(await said(await of('carol'), await workload('agent'))).toMatch(/the subject token: .*\(person-inactive\)$/);
    await house.apply([carol(), machine('robot')]);
    expect(await resolved(ticket)).toMatch(/\(ticket-revoked\)$/);
    expect(await resolved(forRobot)).toMatch(/\(ticket-revoked\)$/);
    expect(await resolved(forDora)).toMatchObject({ behalf: { name: 'dora' } });
  });
});

describe('a token that is a person’s by its own words, in a machine’s hand', () => {
  it('makes the machine act on the person’s behalf, at any door, and only if it may', async () => {
    expect(await resolved(await workload('agent', { sub: 'carol', act: { sub: 'agent' } }))).toEqual({ machine: 'agent', behalf: { kind: 'person', name: 'carol' } });
    expect(await resolved(await workload('plain', { sub: 'carol', act: { sub: 'plain' } }))).toMatch(/\(behalf-not-allowed\)$/);
    expect(await resolved(await workload('plain', { sub: 'carol' }))).toMatch(/\(behalf-not-allowed\)$/);
    // Whoever is nobody of the inventory is no party: the machine’s own token, through whomever it came.
    expect(await resolved(await workload('plain', { sub: 'plain', act: { sub: 'orchestrator' } }))).toEqual({ machine: 'plain', behalf: null });
    const { status, json } = await house.exchange({ subject_token: await workload('agent', { sub: 'carol' }), audience: 'box' });
    expect(status).toBe(200);
    expect(await resolved(String(json['access_token']))).toMatchObject({ behalf: { name: 'carol' } });
  });

  it('is explained with both parties', async () => {
    const reply = await house.console.call(identityExplain, { by: { person: 'root', roles: ['admin'], groups: [], source: '127.0.0.1' }, token: await workload('agent', { sub: 'carol' }) });
    expect(reply).toMatchObject({ ok: true, value: { verdict: 'machine', machine: 'agent', behalf: { kind: 'person', name: 'carol' } } });
  });

  it('asks for no access and no manifests', async () => {
    const token = await workload('agent', { sub: 'carol' });
    const { json } = await house.curl(['/v1/access', '-H', `authorization: Bearer ${token}`, '--data-urlencode', 'target=box', '--data-urlencode', 'reason=to look at the books']);
    expect(json['error_description']).toContain('not on somebody’s behalf');
  });
});
