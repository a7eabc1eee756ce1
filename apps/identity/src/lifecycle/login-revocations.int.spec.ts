import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { buckets, identityPeople, identityPerson, identityResolve, identitySignal, type Bus, type Caller } from '@sallyport/platform-bus';
import { boot } from '@sallyport/platform-runtime';
import { silentLog } from '@sallyport/platform-telemetry';
import { identityConfig } from '../config.ts';
import { startIdentity } from '../service.ts';
import { base, machine, person, target } from '../testing/documents.ts';
import { IdentityHouse } from '../testing/house.ts';

const jwt = 'urn:ietf:params:oauth:token-type:jwt';
const as = (name: string, ...roles: string[]): Caller => ({ person: name, roles, groups: [], source: '127.0.0.1' });
let house: IdentityHouse;
let governance: Bus;

beforeAll(async () => {
  house = await IdentityHouse.open();
  governance = await house.nats.connect('governance');
  const people = ['carol', 'dora', 'erna', 'fred', 'gina'];
  await house.apply([...base(house.pinned), ...people.map((name) => person(name, { roles: ['approver'], directoryIds: [`${name}@bank.example`] })), target('box'), machine('agent', { kind: 'agent', owner: 'carol', actsFor: { people } })]);
});
afterAll(() => house[Symbol.asyncDispose]());
beforeEach(() => {
  house.ahead = 0;
});

const now = () => Date.now() + house.ahead;
const seconds = (ago: number) => Math.floor(now() / 1000) - ago;
const of = (who: string, claims: Record<string, unknown> = {}) => house.mint({ workload_id: undefined, sub: who, ...claims });
const login = async (token: string, bus: Bus = house.console) => {
  const reply = await bus.call(identityResolve, { token, door: 'api', source: { address: '127.0.0.1', port: 1, client: null }, session: null, expect: 'person' });
  return reply.ok ? (reply.value.kind === 'person' ? reply.value.person : 'a machine') : `${reply.error.code}: ${reply.error.say}`;
};
const exchange = async (subject: string) => house.exchange({ subject_token: subject, actor_token: await house.mint({ workload_id: 'agent' }), actor_token_type: jwt, audience: 'box' });
const ticketFor = async (subject: string) => {
  const { status, json, text } = await exchange(subject);
  if (status !== 200) throw new Error(text);
  return String(json['access_token']);
};
const signal = async (who: string, at: number, ref: string | null = null) => {
  const reply = await governance.call(identitySignal, { source: 'ssf', kind: 'session-revoked', person: `${who}@bank.example`, at: new Date(at).toISOString(), ref, reason: 'caep.session-revoked of idp' });
  if (!reply.ok) throw new Error(reply.error.say);
  return reply.value;
};
const refused = 'unauthenticated: this session was revoked: log in again (session-revoked)';

it('a person’s tokens from before are refused, a new login works; nobody is suspended, and it is recorded with the signal', async () => {
  const [old, refreshed, silent] = [await of('carol', { iat: seconds(60) }), await of('carol', { iat: seconds(0), auth_time: seconds(60) }), await of('carol', { auth_time: 'long ago' })];
  expect([await login(old), await login(refreshed)]).toEqual(['carol', 'carol']);
  const at = (seconds(30) + 0.5) * 1000;
  expect(await signal('carol', at, 'jti-1')).toEqual({ person: 'carol', changed: true, suspended: [], attention: [] });
  expect((await house.events()).slice(-2)).toMatchObject([
    { type: 'signal.received', d: { source: 'ssf', kind: 'session-revoked', outcome: 'session-revoked' } },
    { type: 'person.sessions_revoked', d: { source: 'ssf', before: new Date(at + 500).toISOString().replace('.000Z', '.000000Z') } },
  ]);
  expect([await login(old), await login(refreshed), await login(silent)]).toEqual([refused, refused, refused]);
  expect(await house.last()).toMatchObject({ type: 'auth.failed', d: { code: 'session-revoked', door: 'api' } });
  expect([await login(await of('carol', { iat: seconds(29) })), await login(await of('carol')), await login(await of('dora', { iat: seconds(60) }))]).toEqual(['carol', 'carol', 'dora']);
  // What Carol owns works on, by its own tokens.
  expect(await house.resolve(await house.mint({ workload_id: 'agent' }))).toBe('agent');
  expect(await house.console.call(identityPeople, { by: as('root', 'admin'), gone: false, after: null, limit: 100 })).toMatchObject({ value: { people: expect.arrayContaining([expect.objectContaining({ name: 'carol', gone: null, loginsFrom: expect.stringMatching(/\.000000Z$/) }), expect.objectContaining({ name: 'dora', loginsFrom: null })]) } });
});

it('what is older than what is known, or the same, changes nothing; a moment to come is now', async () => {
  const at = (seconds(100)) * 1000;
  expect(await signal('dora', at)).toMatchObject({ changed: true });
  for (const again of [at, at + 999, at - 50_000]) expect(await signal('dora', again)).toMatchObject({ person: 'dora', changed: false });
  expect(await house.last()).toMatchObject({ type: 'signal.received', d: { kind: 'session-revoked', outcome: 'unchanged' } });
  expect(await signal('dora', now() + 40 * 86_400_000)).toMatchObject({ changed: true });
  expect(await login(await of('dora', { iat: seconds(5) }))).toBe(refused);
  house.ahead = 3000;
  expect(await login(await of('dora'))).toBe('dora');
  expect(await governance.call(identitySignal, { source: 'ssf', kind: 'session-revoked', person: 'a-stranger', at: new Date().toISOString(), ref: null, reason: 'x' })).toMatchObject({ value: { person: null, changed: false } });
  expect(await governance.call(identitySignal, { source: 'ssf', kind: 'session-revoked', person: 'dora', at: 'now', ref: null, reason: 'x' })).toMatchObject({ ok: false, error: { code: 'invalid' } });
});

it('machines that act for the person by an old login are stopped: tickets, tokens, and what is still to be exchanged', async () => {
  const seen: string[] = [];
  const stop = await (await house.gateway.kv(buckets.inventory)).watch('login.erna', (_key, value) => void seen.push(JSON.stringify(value)));
  const [old, fresh] = [await of('erna', { iat: seconds(60) }), await of('erna', { iat: seconds(10) })];
  const own = await house.mint({ workload_id: 'agent', sub: 'erna', iat: seconds(60) });
  const [before, after, direct] = [await ticketFor(old), await ticketFor(fresh), String((await house.exchange({ subject_token: own, audience: 'box' })).json['access_token'])];
  const forGina = await ticketFor(await of('gina', { iat: seconds(60) }));
  expect(await Promise.all([before, after, direct, own].map((one) => house.resolve(one)))).toEqual(['agent', 'agent', 'agent', 'agent']);
  const resolved = await house.gateway.call(identityResolve, { token: after, door: 'ssh', target: 'box', source: { address: '127.0.0.1', port: 1, client: null }, session: null, expect: 'machine' });
  expect(resolved).toMatchObject({ ok: true, value: { behalf: { kind: 'person', name: 'erna' }, behalfSince: expect.stringMatching(/Z$/) } });

  await signal('erna', seconds(30) * 1000);
  const revoked = (await house.events()).filter(({ type }) => type === 'token.revoked');
  expect(revoked.at(-1)).toMatchObject({ d: { machine: 'agent', count: 2, why: 'the person for whom it acted has to log in again' } });
  for (const one of [before, direct, own]) expect(await house.resolve(one)).toMatch(/^unauthenticated: .*\((session-revoked|ticket-revoked)\)$/);
  expect([await house.resolve(after), await house.resolve(forGina)]).toEqual(['agent', 'agent']);
  expect((await exchange(old)).json['error_description']).toContain('(session-revoked)');
  expect((await house.exchange({ subject_token: own, audience: 'box' })).json['error_description']).toContain('(session-revoked)');
  expect(await house.resolve(await ticketFor(await of('erna')))).toBe('agent');
  // By this the decision point knows it, calls the leases stale, and renews none.
  await expect.poll(() => seen.at(-1)).toMatch(/^\{"before":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z"\}$/);
  stop();
});

it('holds over a restart, and in another process at once', async () => {
  const port = '127.0.0.1:0';
  const second = await boot(
    { name: 'identity', config: identityConfig, start: ({ config, env, log, bus, readiness }) => startIdentity({ config, tenant: env.tenant, log, bus, readiness, now }) },
    { SALLYPORT_NATS: house.nats.url, SALLYPORT_NATS_PASSWORD: house.nats.passwords.identity, SALLYPORT_DSN: house.database.dsn('identity'), SALLYPORT_HTTP: port },
    silentLog,
  );
  const old = await of('fred', { iat: seconds(60) });
  // Whichever of the two answers: each admission is held to the inventory of its own transaction.
  await signal('fred', seconds(30) * 1000);
  for (let i = 0; i < 12; i++) expect(await login(old)).toBe(refused);
  await second.stop();
  await house.stop();
  await house.start();
  expect([await login(old), await login(await of('fred'))]).toEqual([refused, 'fred']);
  await expect(house.postgres.sql('delete from identity.login_revocation', house.database.name)).rejects.toThrow();
});

it('operators say it, by a reason; others are refused, and that is recorded', async () => {
  const tell = (by: Caller, who = 'gina') => house.console.call(identityPerson, { by, person: who, kind: 'session-revoked', reason: 'a laptop was lost' });
  const old = await of('gina', { iat: seconds(5) });
  expect(await tell(as('bob', 'approver'))).toMatchObject({ ok: false, error: { code: 'denied', say: 'to revoke somebody’s sessions needs the role admin or operator' } });
  expect(await house.last()).toMatchObject({ type: 'operator.acted', d: { action: 'person.session-revoked', object: 'gina', ok: false, code: 'denied' } });
  expect(await tell(as('olga', 'operator'), 'nobody-here')).toMatchObject({ ok: false, error: { code: 'not-found' } });
  expect(await login(old)).toBe('gina');
  expect(await tell(as('olga', 'operator'))).toMatchObject({ ok: true, value: { person: 'gina', changed: true, suspended: [], attention: [] } });
  expect((await house.events()).filter(({ type }) => type === 'person.sessions_revoked').at(-1)).toMatchObject({ who: { id: 'person:olga' }, d: { source: 'operator' } });
  expect(await login(old)).toBe(refused);
  house.ahead = 2000;
  expect(await login(await of('gina'))).toBe('gina');
  const [row] = await house.postgres.sql(`select person, source, told_by, reason from identity.login_revocation where person = 'gina'`, house.database.name);
  expect(row).toEqual({ person: 'gina', source: 'operator', told_by: 'person:olga', reason: 'a laptop was lost' });
});
