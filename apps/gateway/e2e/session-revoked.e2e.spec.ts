import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sallyport } from '../../../scripts/stack/cli.ts';
import { group, machine, target, type Document } from './support/cast.ts';
import { libpq } from './support/endpoint.ts';
import { eventually, openSessions } from './support/ledger.ts';
import { run } from './support/run.ts';
import { startWorld, type World } from './support/world.ts';

const policies = {
  'people.cedar': `@id("agents") permit (principal in Group::"agents", action in [Action::"connect", Action::"control", Action::"read"], resource);
@id("people") permit (principal is Person, action in [Action::"connect", Action::"control", Action::"read"], resource);
`,
};

/** Somebody’s laptop is lost: their sessions are revoked, with real services and psql. */
describe('a person whose sessions are revoked', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({
      targets: { pg: { version: 'embedded', seed: 'create table t (a int); insert into t values (1); grant select on t to public', databases: ['shop'] } },
      documents: ({ issuer, servers, ca }) => [group('agents'), machine(issuer, 'agent', { groups: ['agents'] }), target('pg', { port: servers['pg']?.server.port ?? 0, ca, credential: 'pg' })],
      policies,
    });
    const carol: Document = { apiVersion: 'sallyport/v1', kind: 'Person', metadata: { name: 'carol' }, spec: { displayName: 'carol', issuer: world.issuer.name, subject: 'carol', roles: ['approver'] } };
    const plain = machine(world.issuer, 'agent', { groups: ['agents'] });
    await world.apply([carol, { ...plain, spec: { ...Object.fromEntries(Object.entries(plain['spec'] ?? {})), actsFor: { people: ['carol'] } } }]);
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  const ticketBy = async (login: string) => {
    const file = world.stack.home.at('token-of-carol');
    writeFileSync(file, login);
    const { code, out, err } = await sallyport({ SALLYPORT_TOKEN_URL: world.stack.env['SALLYPORT_TOKEN_URL'] ?? '', SALLYPORT_CA: world.stack.tls.ca, SALLYPORT_TOKEN: await world.tokenOf('agent') }, 'token', 'exchange', '--target', 'pg', '--on-behalf-of', file);
    if (code !== 0) throw new Error(err);
    return out.trim();
  };
  const psql = async (password: string, ...statements: string[]) => run('psql', ['-X', '-At', '-w', ...statements.flatMap((text) => ['-c', text])], { env: libpq({ ...(await world.gateway('pg', 'agent', 'shop')), password }) });
  const approvals = (login: string) => sallyport({ SALLYPORT_API: world.stack.env['SALLYPORT_API'] ?? '', SALLYPORT_CA: world.stack.tls.ca, SALLYPORT_TOKEN: login }, 'approvals', 'list');

  it('is refused at the next request, and what a machine does for them ends within seconds; a new login works, and what is the machine’s own goes on', async () => {
    const login = await world.issuer.token({ sub: 'carol' });
    expect(await approvals(login)).toMatchObject({ code: 0 });
    const ticket = await ticketBy(login);
    const own = psql(await world.tokenOf('agent'), 'select a from t', '\\! sleep 12', 'select a from t');
    const idle = psql(ticket, 'select a from t', '\\! sleep 12', 'select a from t');
    await vi.waitFor(async () => expect(await openSessions(world, 'agent')).toHaveLength(2), { timeout: 20_000, interval: 100 });
    const began = Date.now();
    const said = await world.cli('oscar', 'people', 'revoke-sessions', 'carol', '--reason', 'a laptop was lost');
    expect(said).toMatchObject({ code: 0, out: expect.stringContaining('carol has to log in again') });
    await vi.waitFor(async () => expect(await approvals(login)).toMatchObject({ code: 10, err: expect.stringContaining('log in again (session-revoked)') }), { timeout: 5_000, interval: 50 });
    await vi.waitFor(async () => expect(await openSessions(world, 'agent')).toHaveLength(1), { timeout: 10_000, interval: 100 });
    expect(Date.now() - began).toBeLessThan(12_000);
    expect(await idle).toMatchObject({ code: 2, out: '1\n', err: expect.stringContaining('(session-revoked)') });
    expect(await own).toMatchObject({ code: 0, out: '1\n1\n' });
    expect((await psql(ticket, 'select 1')).err).toMatch(/\((session|ticket)-revoked\)/);
    await expect(ticketBy(login)).rejects.toThrow('session-revoked');

    const anew = await world.issuer.token({ sub: 'carol' });
    expect(await approvals(anew)).toMatchObject({ code: 0 });
    expect(await psql(await ticketBy(anew), 'select a from t')).toMatchObject({ code: 0, out: '1\n' });
    const found = await eventually(world, (events) => events.some(({ type }) => type === 'person.sessions_revoked') && events.some(({ type }) => type === 'token.revoked'));
    expect(found.filter(({ type }) => type === 'nhi.suspended')).toEqual([]);
  });
});
