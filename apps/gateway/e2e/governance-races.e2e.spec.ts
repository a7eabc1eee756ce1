import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from './clients/programs.ts';
import { governancePolicies } from './governance.policies.ts';
import { document, group, machine, person, target, type Document } from './support/cast.ts';
import { approvalOf, connect, failure, type Endpoint } from './support/endpoint.ts';
import { eventually, openSessions, type StoredEvent } from './support/ledger.ts';
import { startPsql } from './support/psql.ts';
import { addDirectory, entra } from './support/scim.ts';
import { steward, type Steward } from './support/steward.ts';
import { startWorld, type World } from './support/world.ts';

/**
 * What happens when two things happen at once, on the whole product. Nothing here hangs on who is first: whoever it is, what clients were told, what the target has and what the ledger says must agree.
 * Races within one service are in its own integration tests.
 */
const seed = readFileSync(join(import.meta.dirname, '../../demo/sql/ledger.sql'), 'utf8');
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

const finishers = ['finisher-1', 'finisher-2', 'finisher-3', 'finisher-4'];
let world: World;
let people: Steward;
let noPsql: string | null;

beforeAll(async () => {
  world = await startWorld({
    targets: { ledger: { version: 'embedded', seed, databases: ['ledger'] } },
    documents: ({ issuer, servers, ca }) => {
      const at = { port: servers['ledger']?.server.port ?? 0, ca, credential: 'ledger' };
      const job = (name: string, rest: Readonly<Record<string, unknown>> = {}): Document => machine(issuer, name, { groups: ['jobs'], rest });
      return [
        group('jobs'), target('ledger-db', at), target('vault', at, { access: 'entitlement' }), person(issuer, 'carlos', { directoryIds: ['ext-4711'] }),
        ...['loader', ...finishers, 'reader', 'sleeper', 'asker'].map((name) => job(name)), job('looper', { team: 'reviewed' }), job('exchanger', { owner: 'carlos', criticality: 'critical' }),
        document('Entitlement', 'looper', { machines: ['looper'], target: 'vault', until: inDays(60), justification: 'it reads the vault again and again' }),
      ];
    },
    policies: governancePolicies(),
  });
  people = await steward(world);
  noPsql = await missing('psql');
});
afterAll(() => world?.[Symbol.asyncDispose]());

const through = (name: string, to = 'ledger-db'): Promise<Endpoint> => world.gateway(to, name, 'ledger');
const sql = async (text: string) => (await world.servers['ledger']?.server.sql(text, 'ledger')) ?? [];
const number = async (text: string) => Number((await sql(text))[0]?.['n']);
const loaded = (memo: string) => number(`select count(*)::int as n from ledger.entries where memo like '${memo}%'`);
const copying = () => number(`select count(*)::int as n from pg_stat_activity where query ilike '%copy%' and query not ilike '%pg_stat_activity%' and state = 'active'`);
const copyIn = '\\copy ledger.entries (account_id, amount, memo) from pstdin';

/** All of the session of this machine that is over: dense, with its end last. */
async function chainOf(name: string): Promise<readonly StoredEvent[]> {
  const mine = (found: readonly StoredEvent[]) => found.filter(({ type, who }) => type === 'session.opened' && who?.id === `machine:${name}`).at(-1)?.sid ?? '';
  const sid = mine(await eventually(world, (found) => mine(found) !== ''));
  const chain = await eventually(world, (found) => found.some(({ type }) => type === 'session.closed'), sid);
  expect(chain.map(({ seq }) => seq)).toEqual(chain.map((_, i) => (chain[0]?.seq ?? 0) + i));
  expect(chain.at(-1)?.type).toBe('session.closed');
  return chain;
}

/** Ends of a session's commands by the command. */
function settledOf(chain: readonly StoredEvent[]): ReadonlyMap<string, string> {
  return new Map(chain.filter(({ type }) => type === 'command.settled').flatMap(({ d }) => (Array.isArray(d['results']) ? d['results'] : [])).map((one: unknown) => [String(Reflect.get(Object(one), 'command')), String(Reflect.get(Object(one), 'status'))]));
}
const decidedOf = (chain: readonly StoredEvent[], word: string): string => String(chain.find(({ type, d }) => type === 'command.decided' && String(d['shape']).toLowerCase().includes(word))?.d['command']);

describe('a machine is suspended', () => {
  it('in the middle of a COPY in: the client is told, nothing of it is committed, and the ledger has all of it', async (context) => {
    if (noPsql !== null) return context.skip(noPsql);
    await using job = startPsql(await through('loader'), '-c', copyIn);
    const line = `1\t1.00\tloaded ${'x'.repeat(1000)}\n`;
    const writing = setInterval(() => job.write(line.repeat(20)), 20);
    try {
      await expect.poll(copying, { timeout: 15_000 }).toBe(1);
      await sleep(300);
      expect(await people.atOnce.suspend('oscar', 'loader')).toBe('ok');
      const end = await job.ended;
      process.stdout.write(`COPY in: ${end.err}`);
      expect(end.code).not.toBe(0);
      expect(end.err).toMatch(/machine loader is suspended/);
    } finally {
      clearInterval(writing);
    }
    await expect.poll(copying, { timeout: 15_000 }).toBe(0);
    expect(await loaded('loaded')).toBe(0);
    const chain = await chainOf('loader');
    expect(settledOf(chain).get(decidedOf(chain, 'copy'))).toMatch(/./);
    expect(chain.at(-1)?.d).toMatchObject({ why: expect.stringContaining('suspended') });
  });

  it('as a COPY in ends: all of it is there or nothing, and who was told that it is there was told the truth', async (context) => {
    if (noPsql !== null) return context.skip(noPsql);
    for (const [round, name] of finishers.entries()) {
      const memo = `of ${name}`;
      await using job = startPsql(await through(name), '-c', copyIn);
      job.write(`1\t1.00\t${memo} ${'x'.repeat(500)}\n`.repeat(2000));
      await expect.poll(copying, { timeout: 15_000 }).toBe(1);
      const suspended = people.atOnce.suspend('oscar', name);
      await sleep(round * 10);
      job.end();
      expect(await suspended).toBe('ok');
      const end = await job.ended;
      await expect.poll(copying, { timeout: 15_000 }).toBe(0);
      const rows = await loaded(memo);
      process.stdout.write(`COPY against suspension, ended ${round * 10} ms later: exit ${end.code}, ${rows} rows\n`);
      expect([0, 2000]).toContain(rows);
      if (end.code === 0) expect(rows).toBe(2000);
      const chain = await chainOf(name);
      const status = settledOf(chain).get(decidedOf(chain, 'copy'));
      if (status === 'done') expect(rows).toBe(2000);
      if (rows === 0) expect(status).not.toBe('done');
    }
  });

  it.each([['reader', 'that is read'], ['sleeper', 'that nobody reads']])('in the middle of a COPY out (%s) %s: it ends, at the target too, and the ledger has all of it', async (name, _how) => {
    if (noPsql !== null) return;
    const endless = '\\copy (select a.id, b.memo from ledger.entries a, ledger.entries b, ledger.entries c, ledger.entries d) to pstdout';
    await using job = startPsql(await through(name), '-c', endless);
    await expect.poll(() => job.out.length, { timeout: 15_000 }).toBeGreaterThan(100_000);
    if (name === 'sleeper') job.pause();
    await expect.poll(copying, { timeout: 15_000 }).toBe(1);
    expect(await people.atOnce.suspend('oscar', name)).toBe('ok');
    await expect.poll(copying, { timeout: 30_000 }).toBe(0);
    await expect.poll(() => openSessions(world, name), { timeout: 15_000 }).toEqual([]);
    job.resume();
    const end = await job.ended;
    process.stdout.write(`COPY out, ${name}: ${end.err}`);
    expect(end.code).not.toBe(0);
    if (name === 'reader') expect(end.err).toContain(`machine ${name} is suspended`);
    const chain = await chainOf(name);
    expect(settledOf(chain).get(decidedOf(chain, 'copy'))).toMatch(/./);
    expect(settledOf(chain).get(decidedOf(chain, 'copy'))).not.toBe('done');
  });
});

describe('an approval', () => {
  const of = (found: readonly StoredEvent[], approval: string) => found.filter(({ type, d }) => type.startsWith('approval.') && d['approval'] === approval).map(({ type }) => type);

  it('that expires as somebody says yes while the statement is held: it ran and is spent, or it did not run, and all say the same', async () => {
    await using session = await connect(await through('asker'));
    const seen: string[] = [];
    for (const [round, wait] of [0, 1500, 1800, 1900, 1950, 2000, 2050, 2200].entries()) {
      const memo = `hasty ${round}`;
      const running = session.client.query(`update ledger.entries set memo = '${memo}' where id = 1`).then(() => 'ran', (error: unknown) => String(Reflect.get(Object(error), 'message')));
      const id = await approvalOf(session, seen);
      seen.push(id);
      const [vote] = await Promise.all([sleep(wait).then(() => people.atOnce.vote('bob', id)), running]);
      const said = await running;
      const ran = (await number(`select count(*)::int as n from ledger.entries where memo = '${memo}'`)) === 1;
      const found = of(await eventually(world, (all) => of(all, id).some((type) => type === 'approval.consumed' || type === 'approval.expired')), id);
      process.stdout.write(`a yes after ${wait} ms of 2000: ${vote}, ${said.slice(0, 60)}\n`);
      expect(ran).toBe(said === 'ran');
      expect(found.includes('approval.consumed')).toBe(ran);
      if (ran) expect(found).toEqual(expect.arrayContaining(['approval.granted', 'approval.consumed']));
      else expect(said).toContain('expired');
      expect(found.filter((type) => type === 'approval.granted').length).toBeLessThanOrEqual(vote === 'ok' ? 1 : 0);
      expect(found.includes('approval.consumed') && found.includes('approval.expired')).toBe(false);
    }
  });

  it.each([['update ledger.accounts set balance = balance + 1 where id = 3', 1], ['delete from ledger.accounts where id = 77', 2]])('that two people give at once (%s): %i is what it takes, it is granted once, and it runs once', async (text, needed) => {
    await using session = await connect(await through('asker'));
    const before = await number('select balance as n from ledger.accounts where id = 3');
    const running = session.client.query(text);
    running.catch(() => undefined);
    const id = await approvalOf(session);
    const codes = (await Promise.all((['bob', 'brenda'] as const).map((by) => people.atOnce.vote(by, id)))).sort();
    expect(codes.filter((code) => code === 'ok')).toHaveLength(needed);
    expect(await running).toMatchObject({ command: text.slice(0, 6).toUpperCase() });
    if (needed === 1) expect(await number('select balance as n from ledger.accounts where id = 3')).toBe(before + 1);
    const found = of(await eventually(world, (all) => of(all, id).includes('approval.consumed')), id);
    for (const type of ['approval.granted', 'approval.consumed']) expect(found.filter((one) => one === type), type).toHaveLength(1);
    expect(found.filter((one) => one === 'approval.voted')).toHaveLength(needed);
  });
});

describe('a review', () => {
  it('that is decided as its time runs out, while the machine works: it ends once, the session with it, and nothing runs afterwards', async () => {
    const session = await connect(await through('looper', 'vault'));
    let runs = 0;
    let over = false;
    const looping = (async () => {
      for (; !over; runs++) await session.client.query('select count(*) from ledger.entries');
    })().catch((error: unknown) => String(error));
    await expect.poll(() => people.used('looper'), { timeout: 30_000 }).toBeGreaterThan(1);
    const { id } = await people.openReview('erin', '--team', 'reviewed', '--target', 'vault');
    const [item] = await people.items(id);
    const [decided] = await Promise.all([
      people.atOnce.decide('bob', item?.id ?? '', 'revoke'),
      world.stack.postgres.sql(`update governance.review_campaign set due = now() - interval '15 days', stops = now() - interval '1 minute' where id = '${id}'`, 'sallyport'),
    ]);
    await session.ended;
    over = true;
    expect(await looping).toMatch(/no entitlement for vault any more/);
    const stopped = runs;
    expect(await failure(connect(await through('looper', 'vault')))).toMatchObject({ code: '28000' });
    const found = await eventually(world, (all) => all.some(({ type, d }) => type === 'review.closed' && d['campaign'] === id));
    const ends = found.filter(({ type, d }) => (type === 'review.decided' || type === 'review.stopped') && d['campaign'] === id);
    process.stdout.write(`a review under use: ${ends.map(({ type }) => type).join()} (${decided}), after ${stopped} statements\n`);
    expect(ends).toHaveLength(1);
    expect(ends[0]?.type).toBe(decided === 'ok' ? 'review.decided' : 'review.stopped');
    expect(found.filter(({ type, d }) => type === 'entitlement.revoked' && d['entitlement'] === item?.entitlement)).toHaveLength(1);
    const chain = await chainOf('looper');
    expect(chain.filter(({ type, d }) => type === 'command.decided' && d['decision'] === 'allow').length).toBeGreaterThanOrEqual(stopped);
  });
});

describe('somebody leaves', () => {
  it('while the tokens of his machine are being exchanged: no ticket works afterwards, and what the directory says ten times at once is said once', async () => {
    const directory = await addDirectory(world, 'erin', 'entra');
    const created = await directory.send('POST', '/Users', entra.create('carlos@contractors.example', 'ext-4711'));
    const user = String(created.body['id']);
    const some = Promise.withResolvers<void>();
    let given = 0;
    const exchanges = Array.from({ length: 45 }, async (_, i) => {
      await sleep(i * 40);
      const ticket = await exchange('exchanger');
      if (ticket !== null && ++given === 5) some.resolve();
      return ticket;
    });
    await some.promise;
    const words = Promise.all(Array.from({ length: 10 }, () => directory.send('PATCH', `/Users/${user}`, entra.disable)));
    const tickets = (await Promise.all(exchanges)).filter((ticket) => ticket !== null);
    expect(new Set((await words).map(({ status }) => status))).toEqual(new Set([200]));
    await expect.poll(() => people.stateOf('exchanger'), { timeout: 15_000 }).toBe('suspended');
    expect(await exchange('exchanger')).toBeNull();
    process.stdout.write(`${tickets.length} of 45 exchanges came before the leaving\n`);
    for (const ticket of tickets) expect(await failure(connect({ ...(await through('exchanger')), password: ticket }))).toMatchObject({ code: '28000', message: expect.stringMatching(/ticket-revoked|owner-inactive/) });
    const found = await eventually(world, (all) => all.some(({ type, d }) => type === 'nhi.suspended' && d['machine'] === 'exchanger'));
    for (const type of ['person.left', 'nhi.suspended']) expect(found.filter((one) => one.type === type && (one.d['machine'] ?? 'exchanger') === 'exchanger'), type).toHaveLength(1);
    expect(found.filter(({ type }) => type === 'token.exchanged')).toHaveLength(tickets.length);
  });

  /** The ticket, or null where it is refused. */
  async function exchange(name: string): Promise<string | null> {
    const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: await world.tokenOf(name), subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', audience: 'ledger-db' });
    return new Promise((resolve, reject) => {
      const outgoing = request(`${world.stack.env['SALLYPORT_TOKEN_URL'] ?? ''}/v1/token`, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, ca: readFileSync(world.stack.tls.ca) }, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (part: string) => (text += part)).once('end', () => {
          const answer: { access_token?: string } = JSON.parse(text);
          resolve(answer.access_token ?? null);
        });
      });
      outgoing.once('error', reject).end(form.toString());
    });
  }
});

it('the ledger verifies, races and all', async () => {
  expect(await world.cli('carl', 'evidence', 'verify')).toMatchObject({ code: 0 });
});
