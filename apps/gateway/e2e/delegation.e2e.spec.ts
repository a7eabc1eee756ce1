import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sallyport } from '../../../scripts/stack/cli.ts';
import { group, machine, target, type Document } from './support/cast.ts';
import { libpq } from './support/endpoint.ts';
import { eventually, openSessions } from './support/ledger.ts';
import { run } from './support/run.ts';
import { startWorld, type World } from './support/world.ts';

const policies = {
  'delegation.cedar': `@id("in") permit (principal, action in [Action::"connect", Action::"control"], resource);
@id("agents") permit (principal in Group::"agents", action == Action::"read", resource);
@id("agents-write") permit (principal in Group::"agents", action == Action::"write", resource in Schema::"pg/notes");
@id("people-in") permit (principal is Person, action in [Action::"connect", Action::"control"], resource);
@id("finance") permit (principal is Person in Group::"finance", action == Action::"read", resource in Schema::"pg/books");
@id("finance-asks") @approvers("owners") @expires("2m") permit (principal is Person in Group::"finance", action == Action::"read", resource in Schema::"pg/secrets") when { context.approval };
@id("finance-write") permit (principal is Person in Group::"finance", action == Action::"write", resource);
`,
};

const seed = `create schema books; create schema notes; create schema other; create schema secrets;
create table books.t (a int); insert into books.t values (1); create table notes.t (a int); create table other.t (a int); create table secrets.t (a int);
grant usage on schema books, notes, other, secrets to public; grant all on books.t, notes.t, other.t, secrets.t to public;`;

/** An AI agent that acts for a person may do what policy allows to both: through psql, by a ticket of two tokens. */
describe('an agent on a person’s behalf', () => {
  let world: World;
  const carol = (spec: Readonly<Record<string, unknown>> = {}): Document => ({ apiVersion: 'sallyport/v1', kind: 'Person', metadata: { name: 'carol' }, spec: { displayName: 'carol', issuer: world.issuer.name, subject: 'carol', roles: ['approver'], groups: ['finance'], ...spec } });
  const agent = (actsFor: unknown): Document => {
    const plain = machine(world.issuer, 'agent', { groups: ['agents'] });
    return { ...plain, spec: { ...Object.fromEntries(Object.entries(plain['spec'] ?? {})), ...(actsFor === undefined ? {} : { actsFor }) } };
  };

  beforeAll(async () => {
    world = await startWorld({
      targets: { pg: { version: 'embedded', seed, databases: ['shop'] } },
      documents: ({ issuer, servers, ca }) => [group('agents'), group('finance'), machine(issuer, 'agent', { groups: ['agents'] }), target('pg', { port: servers['pg']?.server.port ?? 0, ca, credential: 'pg' })],
      policies,
    });
    await world.apply([carol(), agent(undefined)]);
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  const exchange = async () => {
    const file = world.stack.home.at('token-of-carol');
    writeFileSync(file, await world.issuer.token({ sub: 'carol' }));
    return sallyport({ SALLYPORT_TOKEN_URL: world.stack.env['SALLYPORT_TOKEN_URL'] ?? '', SALLYPORT_CA: world.stack.tls.ca, SALLYPORT_TOKEN: await world.tokenOf('agent') }, 'token', 'exchange', '--target', 'pg', '--on-behalf-of', file);
  };
  const ticketOf = async () => {
    const { code, out, err } = await exchange();
    if (code !== 0) throw new Error(err);
    return out.trim();
  };
  const psql = async (password: string, ...statements: string[]) => run('psql', ['-X', '-At', '-w', ...statements.flatMap((text) => ['-c', text])], { env: libpq({ ...(await world.gateway('pg', 'agent', 'shop')), password }) });

  it('gets no ticket until the agent’s document says that it acts for them', async () => {
    expect(await exchange()).toMatchObject({ code: 10, err: expect.stringContaining('(behalf-not-allowed)') });
    await world.apply([agent({ groups: ['finance'] })]);
    expect(await exchange()).toMatchObject({ code: 0 });
  });

  it('does what both may, is told which of the two may not, and the ledger has both', async () => {
    const ticket = await ticketOf();
    expect(await psql(ticket, 'select a from books.t')).toEqual({ code: 0, out: '1\n', err: '' });
    const person = await psql(ticket, 'select a from other.t');
    expect(person).toMatchObject({ code: 1, err: expect.stringContaining('the person for whom it acts may not: no rule permits read on other.t (behalf-denied)') });
    const both = await psql(ticket, 'insert into books.t values (2)');
    expect(both.err).toContain('the machine itself may not: no rule permits write on books.t (machine-denied)');
    expect(person.err + both.err).not.toContain('carol');
    // By itself the agent reads everything, and what is the person's alone is not its.
    const own = await world.tokenOf('agent');
    expect(await psql(own, 'select count(*) from other.t')).toMatchObject({ code: 0, out: '0\n' });
    expect((await psql(own, 'insert into books.t values (2)')).err).toMatch(/INSERT refused: no rule permits write on books\.t/);

    const found = await eventually(world, (events) => events.some(({ type, d }) => type === 'command.decided' && Reflect.get(d, 'shape') === 'insert into books.t values ($1)' && Reflect.has(d, 'sides')));
    const opened = found.filter(({ type }) => type === 'session.opened');
    // The auditor may know who it was; what lies in the ledger does not say it.
    expect(opened.map(({ d }) => Reflect.get(d, 'behalf'))).toEqual(expect.arrayContaining(['person:carol', undefined]));
    const sides = found.flatMap(({ type, d }) => (type === 'command.decided' && Reflect.has(d, 'sides') ? [Reflect.get(d, 'sides') as unknown] : []));
    expect(sides).toEqual(expect.arrayContaining([
      { machine: { decision: 'allow', rules: ['agents'] }, behalf: { decision: 'allow', rules: ['finance'] } },
      { machine: { decision: 'allow', rules: ['agents'] }, behalf: { decision: 'deny', rules: [] } },
      { machine: { decision: 'deny', rules: [] }, behalf: { decision: 'allow', rules: ['finance-write'] } },
    ]));
    expect(JSON.stringify(found.filter(({ type }) => type.startsWith('command.')))).not.toContain('carol');
  });

  it('waits for somebody else than the person, where the person needs leave', async () => {
    const ticket = await ticketOf();
    await world.apply([{ apiVersion: 'sallyport/v1', kind: 'ApproverGroup', metadata: { name: 'owners' }, spec: { members: ['bob', 'carol'] } }]);
    const held = psql(ticket, 'select count(*) from secrets.t');
    const asked = await waiting();
    expect(asked).toMatchObject({ machine: 'agent', behalf: { kind: 'person', name: 'carol' } });
    const approve = async (person: string) => sallyport({ SALLYPORT_API: world.stack.env['SALLYPORT_API'] ?? '', SALLYPORT_CA: world.stack.tls.ca, SALLYPORT_TOKEN: await world.issuer.token({ sub: person }) }, 'approvals', 'approve', asked.id);
    const self = await approve('carol');
    expect(self.code).not.toBe(0);
    expect(self.err + self.out).toContain('is whom the machine agent acts for');
    const other = await approve('bob');
    expect(`${other.err}${other.out}`).not.toContain('refused');
    expect(await held).toMatchObject({ code: 0, out: '0\n' });
  });

  it('ends within seconds when the person loses the group, or leaves: open sessions too', async () => {
    const ticket = await ticketOf();
    const idle = psql(ticket, 'select a from books.t', '\\! sleep 15', 'select a from books.t');
    await vi.waitFor(async () => expect(await openSessions(world, 'agent')).toHaveLength(1), { timeout: 20_000, interval: 200 });
    const began = Date.now();
    await world.apply([carol({ groups: [] })]);
    await vi.waitFor(async () => expect(await openSessions(world, 'agent')).toHaveLength(0), { timeout: 10_000, interval: 100 });
    expect(Date.now() - began).toBeLessThan(15_000);
    expect(await idle).toMatchObject({ code: 2, out: '1\n', err: expect.stringContaining('(behalf-not-allowed)') });
    expect((await psql(ticket, 'select 1')).err).toContain('(behalf-not-allowed)');
    await world.apply([carol()]);
    expect(await psql(ticket, 'select a from books.t')).toMatchObject({ code: 0 });
    await world.apply([carol({ active: false })]);
    expect((await psql(ticket, 'select 1')).err).toMatch(/\((behalf-inactive|ticket-revoked)\)/);
    expect((await psql(await world.tokenOf('agent'), 'select count(*) from other.t')).code).toBe(0);
  });

  interface Asked { readonly id: string; readonly machine: string; readonly behalf: unknown }
  async function waiting(): Promise<Asked> {
    for (let tries = 0; tries < 100; tries++) {
      const { out } = await world.cli('bob', '-o', 'json', 'approvals', 'list', '--state', 'pending');
      const { approvals }: { approvals: Asked[] } = out.startsWith('{') ? JSON.parse(out) : { approvals: [] };
      const [first] = approvals;
      if (first !== undefined) return first;
      await new Promise((done) => setTimeout(done, 200));
    }
    throw new Error('nothing waits for approval');
  }
});
