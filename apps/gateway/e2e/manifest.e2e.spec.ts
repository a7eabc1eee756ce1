import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storyPolicies } from './story.policies.ts';
import { group, machine, target, type Document } from './support/cast.ts';
import { connect, failure, type Connected } from './support/endpoint.ts';
import { eventually, openSessions } from './support/ledger.ts';
import { startWorld, type World } from './support/world.ts';

/** One yes of people for a list of statements, from the machine's own request to the rows that change, on the whole product. */
const seed = readFileSync(join(import.meta.dirname, '../../demo/sql/ledger.sql'), 'utf8');

let world: World;
let documents: (state: 'active' | 'suspended') => readonly Document[];

beforeAll(async () => {
  world = await startWorld({
    targets: { ledger: { version: 'embedded', seed, databases: ['ledger'] } },
    documents: ({ issuer, servers, ca }) => {
      documents = (state) => [group('batch'), group('analysts'), machine(issuer, 'nightly', { groups: ['batch'], state }), machine(issuer, 'other', { groups: ['batch'] }), target('ledger-db', { port: servers['ledger']?.server.port ?? 0, ca, credential: 'ledger' })];
      return documents('active');
    },
    policies: storyPolicies(),
  });
});
afterAll(() => world?.[Symbol.asyncDispose]());

const session = async (name = 'nightly'): Promise<Connected> => connect(await world.gateway('ledger-db', name, 'ledger'));
const balance = async (account: number) => Number(String((await world.servers['ledger']?.server.sql(`select balance from ledger.accounts where id = ${account}`, 'ledger'))?.[0]?.['balance']));
const asks = ({ notices }: Connected) => notices.filter(({ message }) => message.includes('is needed')).length;

interface Told {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** What a job does with curl. */
async function ask(method: 'GET' | 'POST', path: string, body?: object, name = 'nightly'): Promise<Told> {
  const token = await world.tokenOf(name);
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const outgoing = request(`${world.stack.env['SALLYPORT_TOKEN_URL'] ?? ''}${path}`, { method, headers, ca: readFileSync(world.stack.tls.ca) }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (part: string) => (text += part)).once('end', () => resolve({ status: incoming.statusCode ?? 0, json: JSON.parse(text) }));
    });
    outgoing.once('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function approved(...statements: readonly object[]): Promise<string> {
  const { status, json } = await ask('POST', '/v1/manifests', { target: 'ledger-db', reason: 'the close of the month', statements });
  expect([status, json]).toMatchObject([202, { state: 'pending', quorum: [{ group: 'owners', count: 1 }] }]);
  const id = String(json['manifest']);
  expect(await world.cli('bob', 'approvals', 'approve', id)).toMatchObject({ code: 0 });
  return id;
}

const add = (account: number, amount: number) => `update ledger.accounts set balance = balance + ${amount} where id = ${account}`;
const addBound = 'update ledger.accounts set balance = balance + $1 where id = $2';

describe('a manifest of statements', () => {
  it('lets each of them run as often as it says, in any session of the machine, and people read all of it first', async () => {
    const statements = [{ text: add(2, 10) }, { text: addBound, parameters: ['5', '3'], times: 2 }, { text: 'select count(*) from ledger.entries' }];
    const { json } = await ask('POST', '/v1/manifests', { target: 'ledger-db', reason: 'the close of the month', statements });
    expect(json['statements']).toMatchObject([{ decision: 'hold' }, { decision: 'hold' }, { decision: 'allow' }]);
    const id = String(json['manifest']);
    expect((await ask('GET', `/v1/manifests/${id}`)).json).toMatchObject({ state: 'pending' });
    expect((await ask('GET', `/v1/manifests/${id}`, undefined, 'other')).status).toBe(404);
    const { out } = await world.cli('bob', 'approvals', 'show', id);
    for (const part of [add(2, 10), "$1 = '5'", '2. 2 times', 'policy allows it anyway', 'the close of the month']) expect(out).toContain(part);
    expect(await world.cli('alice', 'approvals', 'approve', id)).toMatchObject({ code: 10 });
    expect(await world.cli('bob', 'approvals', 'approve', id)).toMatchObject({ code: 0 });

    const [second, third] = [await balance(2), await balance(3)];
    await using one = await session();
    await using two = await session();
    expect(await one.client.query(`${add(2, 10)};`)).toMatchObject({ rowCount: 1 });
    expect(await one.client.query(addBound, ['5', '3'])).toMatchObject({ rowCount: 1 });
    expect(await two.client.query(addBound, ['5', '3'])).toMatchObject({ rowCount: 1 });
    expect([await balance(2), await balance(3), asks(one), asks(two)]).toEqual([second + 10, third + 10, 0, 0]);
    expect((await ask('GET', `/v1/manifests/${id}`)).json).toMatchObject({ state: 'consumed', statements: [{ used: 1 }, { used: 2 }, { used: 0 }] });
    expect((await world.cli('bob', 'approvals', 'show', id)).out).toContain('2 of 2');

    const found = await eventually(world, (all) => all.filter(({ type, d }) => type === 'approval.consumed' && d['approval'] === id).length === 3);
    expect(found.filter(({ type, auth, d }) => type === 'command.decided' && d['decision'] === 'allow' && auth?.approval === id)).toHaveLength(3);
    const runs = found.filter(({ type, d }) => type === 'approval.consumed' && d['approval'] === id);
    expect(runs.map(({ d, who }) => [who?.id, d['run']])).toMatchObject([['machine:nightly', { place: 1, use: 1, times: 1 }], ['machine:nightly', { place: 2, use: 1, times: 2 }], ['machine:nightly', { place: 2, use: 2, times: 2 }]]);
    const decided = found.filter(({ type, d }) => type === 'command.decided' && runs.some((run) => run.d['command'] === d['command'])).map(({ d }) => d['decision']);
    expect(decided.filter((one) => one === 'hold')).toHaveLength(3);
  });

  it('lets nothing else pass: other values, another text, one run too many, another machine: people are asked', async () => {
    await approved({ text: addBound, parameters: ['1', '4'] });
    for (const [name, text, values] of [['nightly', addBound, ['2', '4']], ['nightly', addBound.replace('+', '-'), ['1', '4']], ['other', addBound, ['1', '4']]] as const) {
      await using held = await session(name);
      const running = held.client.query(text, [...values]).catch(() => undefined);
      await expect.poll(() => asks(held)).toBe(1);
      await held.client.end();
      await running;
    }
    await using one = await session();
    expect(await one.client.query(addBound, ['1', '4'])).toMatchObject({ rowCount: 1 });
    const again = one.client.query(addBound, ['1', '4']).catch(() => undefined);
    await expect.poll(() => asks(one)).toBe(1);
    await one.client.end();
    await again;
  });

  it('is counted exactly when many sessions run the same statement at once', async () => {
    const before = await balance(5);
    await approved({ text: add(5, 1), times: 7 });
    const sessions = await Promise.all(Array.from({ length: 20 }, () => session()));
    const running = sessions.map(({ client }) => client.query(add(5, 1)).then(() => 'ran', () => 'did not run'));
    await expect.poll(() => sessions.filter((one) => asks(one) === 1).length, { timeout: 30_000 }).toBe(13);
    await expect.poll(() => balance(5), { timeout: 10_000 }).toBe(before + 7);
    await Promise.all(sessions.map(({ client }) => client.end()));
    expect((await Promise.all(running)).filter((one) => one === 'ran')).toHaveLength(7);
    expect(await balance(5)).toBe(before + 7);
  });

  it('does not cover a name that another search path makes another table', async () => {
    await approved({ text: add(4, 1) });
    const { json } = await ask('POST', '/v1/manifests', { target: 'ledger-db', reason: 'the close of the month', searchPath: ['ledger'], statements: [{ text: 'update accounts set balance = balance + 1 where id = 4', times: 2 }] });
    expect(await world.cli('bob', 'approvals', 'approve', String(json['manifest']))).toMatchObject({ code: 0 });
    await using there = await session();
    await there.client.query('set search_path = ledger');
    expect(await there.client.query('update accounts set balance = balance + 1 where id = 4')).toMatchObject({ rowCount: 1 });
    await using elsewhere = await session();
    expect(await failure(elsewhere.client.query('update accounts set balance = balance + 1 where id = 4'))).toMatchObject({ code: '42501' });
  });

  it('with a statement that policy denies is refused with the list, and nobody is asked', async () => {
    const { status, json } = await ask('POST', '/v1/manifests', { target: 'ledger-db', reason: 'the close of the month', statements: [{ text: add(2, 1) }, { text: 'drop table ledger.entries' }, { text: 'selec' }] });
    expect([status, json]).toMatchObject([422, { error: 'refused', refused: [{ place: 2, code: 'denied' }, { place: 3, code: 'unreadable' }] }]);
  });

  it('is asked for by an operator from a file, and neither he nor the owner may agree', async () => {
    const path = join(world.stack.home.at('e2e-config'), '..', 'manifest.yaml');
    await writeFile(path, `target: ledger-db\nreason: a correction of March\nstatements:\n  - ${add(4, 3)}\n`);
    const submitted = await world.cli('oscar', 'manifest', 'submit', path, '--machine', 'nightly', '-o', 'json');
    expect(submitted).toMatchObject({ code: 11 });
    const { approval }: { approval: string } = JSON.parse(submitted.out);
    expect((await world.cli('bob', 'approvals', 'show', approval)).out).toContain('asked by  oscar (for nightly, owner alice)');
    expect(await world.cli('alice', 'approvals', 'approve', approval)).toMatchObject({ code: 10 });
    expect(await world.cli('brenda', 'approvals', 'approve', approval)).toMatchObject({ code: 0 });
    await using one = await session();
    expect(await one.client.query(add(4, 3))).toMatchObject({ rowCount: 1 });
  });

  it('is worth nothing under another policy', async () => {
    await approved({ text: add(2, 100) });
    await world.apply([], storyPolicies({ entriesReadable: false }));
    try {
      await using one = await session();
      const running = one.client.query(add(2, 100)).catch(() => undefined);
      await expect.poll(() => asks(one), { timeout: 10_000 }).toBe(1);
      await one.client.end();
      await running;
    } finally {
      await world.apply([], storyPolicies());
    }
  });

  it('is taken back with all that the machine holds when it is suspended', async () => {
    const id = await approved({ text: add(2, 1000), times: 5 });
    const held = await session();
    const running = failure(held.client.query(add(2, 2000)));
    await expect.poll(() => asks(held)).toBe(1);
    const before = await balance(2);
    await world.apply(documents('suspended'));
    expect(await running).toMatchObject({ severity: expect.stringMatching(/ERROR|FATAL/) });
    await expect.poll(async () => (await world.cli('bob', 'approvals', 'show', id, '-o', 'json')).out, { timeout: 15_000 }).toContain('"withdrawn"');
    const found = await eventually(world, (all) => all.filter(({ type }) => type === 'approval.withdrawn').length >= 2);
    expect(found.some(({ type, d }) => type === 'approval.withdrawn' && d['approval'] === id)).toBe(true);
    expect(await openSessions(world, 'nightly')).toEqual([]);
    expect((await ask('POST', '/v1/manifests', { target: 'ledger-db', reason: 'the close of the month', statements: [{ text: add(2, 1) }] })).status).toBe(403);
    await world.apply(documents('active'));
    await using again = await session();
    const asked = again.client.query(add(2, 1000)).catch(() => undefined);
    await expect.poll(() => asks(again), { timeout: 10_000 }).toBe(1);
    await again.client.end();
    await asked;
    expect(await balance(2)).toBe(before);
  });
});
