import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sallyport } from '../../../scripts/stack/cli.ts';
import { group, machine, target } from './support/cast.ts';
import { libpq } from './support/endpoint.ts';
import { eventually } from './support/ledger.ts';
import { run } from './support/run.ts';
import { startWorld, type World } from './support/world.ts';

const policies = {
  'all.cedar': `@id("all") @reason("this test asks who comes in, not what is allowed") permit (principal in Group::"jobs", action, resource);
@id("masked") @reason("nothing is classified") forbid (principal, action == Action::"unmask", resource);
`,
};

/** A ticket where a JWT would do as well: psql's PGPASSWORD, by exchange over TLS. */
describe('a ticket as PGPASSWORD', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      targets: { pg: { version: 'embedded', seed: 'select 1;', databases: ['shop'] } },
      documents: ({ issuer, servers, ca }) => [
        group('jobs'), machine(issuer, 'job', { groups: ['jobs'] }), machine(issuer, 'leaver', { groups: ['jobs'] }),
        ...['pg', 'other'].map((name) => target(name, { port: servers['pg']?.server.port ?? 0, ca, credential: 'pg' })),
      ],
      policies,
    });
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  const exchange = async (name: string, ...args: string[]) =>
    sallyport({ SALLYPORT_TOKEN_URL: world.stack.env['SALLYPORT_TOKEN_URL'] ?? '', SALLYPORT_CA: world.stack.tls.ca, SALLYPORT_TOKEN: await world.tokenOf(name) }, 'token', 'exchange', ...args);
  const ticketOf = async (name: string, ...args: string[]) => {
    const { code, out, err } = await exchange(name, '--target', 'pg', ...args);
    if (code !== 0) throw new Error(err);
    return out.trim();
  };
  const psql = async (ticket: string, at = 'pg') => run('psql', ['-X', '-At', '-w', '-c', 'select 1'], { env: libpq({ ...(await world.gateway(at, 'job', 'shop')), password: ticket }) });

  it('lets the machine in, and the ledger has both: the exchange, and who came with what it gave', async () => {
    const ticket = await ticketOf('job');
    expect(await psql(ticket)).toEqual({ code: 0, out: '1\n', err: '' });
    expect(await psql(ticket)).toMatchObject({ code: 0 });
    const found = await eventually(world, (events) => events.some(({ type }) => type === 'token.exchanged') && events.some(({ type }) => type === 'session.opened'));
    const given = found.find(({ type }) => type === 'token.exchanged');
    expect(given).toMatchObject({ who: { id: 'machine:job' }, d: { kind: 'ticket', targets: ['pg'] } });
    expect(found.find(({ type }) => type === 'session.opened')).toMatchObject({ who: { id: 'machine:job', jti: Reflect.get(given?.d ?? {}, 'id') } });
    expect(JSON.stringify(found)).not.toContain(ticket);
  });

  it('is for its target and role alone, and for as many connections as it says', async () => {
    const ticket = await ticketOf('job', '--uses', '2');
    expect((await psql(ticket, 'other')).err).toContain('(ticket-target-wrong)');
    expect((await psql(ticket, 'reader@pg')).err).toContain('(ticket-target-wrong)');
    expect([(await psql(ticket)).code, (await psql(ticket)).code]).toEqual([0, 0]);
    expect((await psql(ticket)).err).toContain('(ticket-used-up)');
    expect(await exchange('job', '--target', 'nowhere')).toMatchObject({ code: 2, err: expect.stringContaining('there is no target nowhere here') });
  });

  it('ends with its machine', async () => {
    const ticket = await ticketOf('leaver');
    expect(await psql(ticket)).toEqual({ code: 0, out: '1\n', err: '' });
    await world.apply([machine(world.issuer, 'leaver', { groups: ['jobs'], state: 'suspended' })]);
    expect((await psql(ticket)).err).toContain('machine leaver is suspended');
    await world.apply([machine(world.issuer, 'leaver', { groups: ['jobs'] })]);
    expect((await psql(ticket)).err).toContain('(ticket-revoked)');
  });
});
