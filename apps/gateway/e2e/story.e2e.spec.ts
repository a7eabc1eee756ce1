import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatVerifierKey, noteSigner, signingKeyFromPem } from '@sallyport/engine-evidence';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from './clients/programs.ts';
import { storyPolicies } from './story.policies.ts';
import { classification, group, machine, target } from './support/cast.ts';
import { approvalOf as asked, connect, failure, libpq, type Endpoint } from './support/endpoint.ts';
import { approvals, events, eventually, openSessions, type StoredEvent } from './support/ledger.ts';
import { startWorld, type World } from './support/world.ts';

/** The main job, on the whole product: what a machine sees, what stops it, who lets it go on, and what the ledger says of all that. */
const seed = readFileSync(join(import.meta.dirname, '../../demo/sql/ledger.sql'), 'utf8');

let world: World;

beforeAll(async () => {
  world = await startWorld({
    targets: { ledger: { version: 'embedded', seed, databases: ['ledger'] } },
    documents: ({ issuer, servers, ca }) => [
      group('batch'), group('analysts'),
      machine(issuer, 'nightly', { groups: ['batch'] }), machine(issuer, 'analyst', { groups: ['analysts'] }), machine(issuer, 'doomed', { groups: ['batch'] }),
      target('ledger-db', { port: servers['ledger']?.server.port ?? 0, ca, credential: 'ledger' }),
      classification('customers', 'ledger-db', [
        { column: 'ledger.customers.name', tag: 'person.name', action: 'redact' },
        { column: 'ledger.customers.email', tag: 'person.email', action: 'token' },
        { column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'last4' },
        { column: 'ledger.customers.card', tag: 'pci.pan', action: 'null' },
      ]),
    ],
    policies: storyPolicies(),
  });
});

afterAll(() => world?.[Symbol.asyncDispose]());

const through = (name = 'nightly'): Promise<Endpoint> => world.gateway('ledger-db', name, 'ledger');
const direct = (sql: string) => world.servers['ledger']?.server.sql(sql, 'ledger');

async function sessionOf(command: (event: StoredEvent) => boolean): Promise<string> {
  const found = await eventually(world, (all) => all.some(command));
  return found.find(command)?.sid ?? '';
}

describe('a machine reads', () => {
  it('and sees classified columns masked, in every way of asking, and is told so once', async () => {
    await using session = await connect(await through());
    const text = 'select id, name, email, ssn, card, city from ledger.customers order by id limit 2';
    const simple = await session.client.query(text);
    const extended = await session.client.query({ text, values: [] });
    const named = await session.client.query({ name: 'customers', text: 'select id, name, email, ssn, card, city from ledger.customers where id <= $1 order by id', values: [2] });
    for (const { rows } of [simple, extended, named]) {
      expect(rows).toEqual([
        { id: '1', name: '[masked]', email: expect.stringMatching(/^tok_/), ssn: expect.stringMatching(/^\*+9999$/), card: null, city: 'Dayton' },
        { id: '2', name: '[masked]', email: expect.stringMatching(/^tok_/), ssn: expect.stringMatching(/5462$/), card: null, city: 'Boise' },
      ]);
      expect(rows[0].email).not.toBe(rows[1].email);
      expect(rows[0].email).toBe(simple.rows[0].email);
    }
    expect(session.notices.filter(({ message }) => message.includes('masked'))).toHaveLength(1);
  });

  it('and an analyst sees the column that a rule unmasks, and no other', async () => {
    await using session = await connect(await through('analyst'));
    const { rows } = await session.client.query('select name, email, ssn from ledger.customers where id = 1');
    expect(rows).toEqual([{ name: '[masked]', email: 'ada.quill@example.com', ssn: expect.stringMatching(/9999$/) }]);
  });
});

describe('a machine is stopped', () => {
  it('when it drops a table: 42501 with the rule and a request id, the session alive, the table there', async () => {
    await using session = await connect(await through());
    const said = await failure(session.client.query('drop table ledger.entries'));
    expect(said).toMatchObject({ code: '42501', severity: 'ERROR', message: expect.stringContaining('nothing of the ledger is dropped'), detail: expect.stringMatching(/^request [0-9a-f-]{36}, rules no-drop$/) });
    expect((await session.client.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
    expect(await direct('select count(*)::int as n from ledger.entries')).toEqual([{ n: 200 }]);
    const request = /request ([0-9a-f-]{36})/.exec(said.detail ?? '')?.[1];
    const found = await eventually(world, (all) => all.some(({ type, d }) => type === 'command.decided' && d['command'] === request));
    expect(found.find(({ d }) => d['command'] === request)?.d).toMatchObject({ decision: 'deny', rules: ['no-drop'] });
  });

  it('inside a transaction, which then is a failed one', async () => {
    await using session = await connect(await through());
    await session.client.query('begin');
    expect(await failure(session.client.query({ text: 'drop table ledger.entries', values: [] }))).toMatchObject({ code: '42501' });
    expect(await failure(session.client.query('select 1'))).toMatchObject({ code: '25P02' });
    await session.client.query('rollback');
    expect((await session.client.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
  });
});

describe('a risky change is held', () => {
  const update = 'update ledger.accounts set balance = balance + 250 where id = 2';

  it('until another than the owner has approved it; the approval is for this once', async () => {
    await using session = await connect(await through());
    const running = session.client.query(update);
    const id = await asked(session);
    expect(await direct('select balance from ledger.accounts where id = 2')).toEqual([{ balance: '2000.00' }]);
    const shown = await world.cli('bob', 'approvals', 'show', id, '--exit-code');
    expect(shown).toMatchObject({ code: 11, out: expect.stringContaining(update) });
    expect(await world.cli('alice', 'approvals', 'approve', id)).toMatchObject({ code: 10, err: expect.stringContaining('owns the machine nightly') });
    expect(await world.cli('erin', 'approvals', 'approve', id)).toMatchObject({ code: 10 });
    expect(await world.cli('bob', 'approvals', 'approve', id, '--comment', 'correction of the day')).toMatchObject({ code: 0 });
    expect(await running).toMatchObject({ rowCount: 1 });
    expect(await direct('select balance from ledger.accounts where id = 2')).toEqual([{ balance: '2250.00' }]);

    expect(await world.cli('bob', 'approvals', 'approve', id)).toMatchObject({ code: 10, err: expect.stringContaining('already voted') });
    expect(await world.cli('brenda', 'approvals', 'approve', id)).toMatchObject({ code: 12, err: expect.stringContaining('consumed') });
    expect(await world.cli('bob', 'approvals', 'show', id, '--exit-code')).toMatchObject({ code: 0, out: expect.stringContaining('consumed') });

    const again = failure(session.client.query(update));
    const second = await asked(session, [id]);
    expect(await world.cli('bob', 'approvals', 'reject', second, '--comment', 'once was enough')).toMatchObject({ code: 0 });
    expect(await again).toMatchObject({ code: '42501', severity: 'ERROR', message: expect.stringContaining('rejected') });
    expect((await session.client.query('select balance from ledger.accounts where id = 2')).rows).toEqual([{ balance: '2250.00' }]);

    const found = await eventually(world, (all) => all.some(({ type, d }) => type === 'approval.rejected' && d['approval'] === second));
    expect(of(found, id)).toEqual(['approval.requested', 'approval.refused', 'approval.voted', 'approval.granted', 'approval.consumed', 'approval.refused', 'approval.refused']);
    expect(of(found, second)).toEqual(['approval.requested', 'approval.voted', 'approval.rejected']);
    expect(await lastWord(second)).toBe('rejected');
    const allowed = found.find(({ type, auth, d }) => type === 'command.decided' && auth?.approval === id && d['decision'] === 'allow');
    expect(allowed?.who?.id).toBe('machine:nightly');
  });

  it('until two distinct people have approved what needs two', async () => {
    await using session = await connect(await through('analyst'));
    expect(await failure(session.client.query('delete from ledger.accounts where id = 77'))).toMatchObject({ code: '42501' });
    await using job = await connect(await through());
    const running = job.client.query('delete from ledger.accounts where id = 77');
    const id = await asked(job);
    expect(await world.cli('bob', 'approvals', 'approve', id)).toMatchObject({ code: 0, out: expect.stringContaining('still waits') });
    expect(await world.cli('bob', 'approvals', 'approve', id)).toMatchObject({ code: 10 });
    expect(await world.cli('brenda', 'approvals', 'approve', id)).toMatchObject({ code: 0 });
    expect(await running).toMatchObject({ rowCount: 0 });
  });

  it('and fails when nobody answers in time', async () => {
    await using session = await connect(await through());
    const started = Date.now();
    const said = await failure(session.client.query({ text: 'update ledger.entries set memo = $1 where id = $2', values: ['late', 1] }));
    expect(said).toMatchObject({ code: '42501', message: expect.stringContaining('expired') });
    expect(Date.now() - started).toBeLessThan(15_000);
    const id = await asked(session);
    expect(await world.cli('bob', 'approvals', 'approve', id)).toMatchObject({ code: 12, err: expect.stringContaining('expired') });
    expect((await world.cli('bob', 'approvals', 'show', id)).out).toContain("│ $1 = 'late'\n│ $2 = '1'\n");
    expect((await session.client.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
    const found = await eventually(world, (all) => of(all, id).includes('approval.expired'));
    expect(of(found, id).slice(0, 2)).toEqual(['approval.requested', 'approval.expired']);
    expect(await lastWord(id)).toBe('expired');
  });

  it('and is withdrawn when the client cancels: psql on an interrupt', async (context) => {
    const why = await missing('psql');
    if (why !== null) return context.skip(why);
    const child = spawn('psql', ['-X', '-c', update], { env: { PATH: process.env['PATH'] ?? '', ...libpq(await through()) } });
    let err = '';
    const id = await new Promise<string>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`psql ended: ${err}`)));
      child.stderr.setEncoding('utf8').on('data', (part: string) => {
        err += part;
        const found = /approval ([0-9a-f-]{36}) is needed/.exec(err)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    child.kill('SIGINT');
    const code = await new Promise((resolve) => child.removeAllListeners('exit').once('close', resolve));
    expect(code).not.toBe(0);
    const found = await eventually(world, (all) => of(all, id).includes('approval.withdrawn'));
    expect(of(found, id)).toEqual(['approval.requested', 'approval.withdrawn']);
    expect(await lastWord(id)).toBe('withdrawn');
    expect(await world.cli('bob', 'approvals', 'approve', id)).toMatchObject({ code: 12 });
    expect(await direct('select balance from ledger.accounts where id = 2')).toEqual([{ balance: '2250.00' }]);
  });

  it('and is withdrawn when the client goes away', async () => {
    const session = await connect(await through());
    const running = session.client.query(update).catch(() => undefined);
    const id = await asked(session);
    await session.client.end().catch(() => undefined);
    await running;
    const found = await eventually(world, (all) => of(all, id).includes('approval.withdrawn'));
    expect(of(found, id)).toEqual(['approval.requested', 'approval.withdrawn']);
    expect(await lastWord(id)).toBe('withdrawn');
    expect((await approvals(world, 'pending')).filter((one) => one.id === id)).toEqual([]);
  });
});

/** Why the command that asked for this approval did not run, as the session's own chain tells. */
async function lastWord(approval: string): Promise<unknown> {
  const wordOf = (all: readonly StoredEvent[]) => {
    const command = all.find(({ type, d }) => type === 'approval.requested' && d['approval'] === approval)?.d['command'];
    return all.find(({ type, d }) => type === 'command.refused' && d['request'] === command)?.d['code'];
  };
  return wordOf(await eventually(world, (all) => wordOf(all) !== undefined));
}

const of = (found: readonly StoredEvent[], approval: string) => found.filter(({ type, d }) => type.startsWith('approval.') && type !== 'approval.notified' && d['approval'] === approval).map(({ type }) => type);

describe('while a session is open', () => {
  it('a change of policy holds for its very next statement', async () => {
    await using session = await connect(await through());
    await session.client.query('select count(*) from ledger.entries');
    await world.apply([], storyPolicies({ entriesReadable: false }));
    expect(await failure(session.client.query('select count(*) from ledger.entries'))).toMatchObject({ code: '42501', message: expect.stringContaining('audited') });
    await world.apply([], storyPolicies());
    expect((await session.client.query('select count(*)::int as n from ledger.entries')).rows).toEqual([{ n: 200 }]);
  });

  it('a change of the classification holds for the next result', async () => {
    await using session = await connect(await through());
    const cities = async () => (await session.client.query('select city from ledger.customers where id = 1')).rows;
    expect(await cities()).toEqual([{ city: 'Dayton' }]);
    const more = (columns: Parameters<typeof classification>[2]) => world.apply([classification('cities', 'ledger-db', columns)]);
    await more([{ column: 'ledger.customers.city', tag: 'person.city', action: 'redact' }]);
    expect(await cities()).toEqual([{ city: '[masked]' }]);
    await more([]);
    expect(await cities()).toEqual([{ city: 'Dayton' }]);
  });

  it('a machine that is suspended loses it, and gets no other', async () => {
    const session = await connect(await through('doomed'));
    await session.client.query('select 1');
    await world.apply([machine(world.issuer, 'doomed', { groups: ['batch'], state: 'suspended' })]);
    const end = await session.ended;
    expect(end.message).toContain('suspended');
    const refused = await failure(connect(await through('doomed')));
    expect(refused).toMatchObject({ code: '28000', message: expect.stringContaining('machine doomed is suspended') });
    await world.apply([machine(world.issuer, 'doomed', { groups: ['batch'] })]);
    await using again = await connect(await through('doomed'));
    expect((await again.client.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
  });

  it('an operator ends it, and its client is told why', async () => {
    const session = await connect(await through('doomed'));
    await session.client.query('select 1');
    await eventually(world, (all) => all.some(({ type, who }) => type === 'session.opened' && who?.id === 'machine:doomed'));
    const open = await openSessions(world, 'doomed');
    expect(open.length).toBeGreaterThan(0);
    const id = open[0]?.id ?? '';
    expect(await world.cli('bob', 'sessions', 'kill', id)).toMatchObject({ code: 10 });
    expect(await world.cli('oscar', 'sessions', 'kill', id, '--reason', 'the batch window is over')).toMatchObject({ code: 0 });
    const end = await session.ended;
    expect(end).toMatchObject({ code: '57P01', message: expect.stringContaining('the batch window is over') });
    const found = await eventually(world, (all) => all.some(({ type, sid }) => type === 'session.closed' && sid === id), id);
    expect(found.at(-1)).toMatchObject({ type: 'session.closed', d: { by: 'killed' } });
  });
});

describe('the ledger', () => {
  it('replays a session with its texts, to an auditor only, and records that', async () => {
    const text = `select 'only the auditor reads this' as secret`;
    {
      await using session = await connect(await through());
      await session.client.query(text);
      await session.client.query({ text: 'select $1::text as p', values: ['a bound secret'] });
    }
    const id = await sessionOf(({ type, d }) => type === 'command.decided' && String(d['shape']).includes('as p'));
    await eventually(world, (all) => all.some(({ type }) => type === 'session.closed'), id);
    const replay = await world.cli('carl', 'sessions', 'replay', id);
    expect(replay).toMatchObject({ code: 0, out: expect.stringContaining('only the auditor reads this') });
    expect(replay.out).toMatch(/params *│ \$1 = 'a bound secret'\n/);
    for (const person of ['erin', 'bob', 'oscar'] as const) {
      const refused = await world.cli(person, 'sessions', 'replay', id);
      expect(refused).toMatchObject({ code: 10 });
      expect(`${refused.out}${refused.err}`).not.toContain('only the auditor');
    }
    const shown = await world.cli('carl', 'sessions', 'show', id);
    expect(shown.code).toBe(0);
    expect(shown.out).not.toContain('only the auditor');
    const found = await eventually(world, (all) => all.some(({ type, d }) => type === 'evidence.read' && JSON.stringify(d).includes(id)));
    expect(found.some(({ type, who }) => type === 'evidence.read' && who?.id === 'person:carl')).toBe(true);
  });

  it('says who came, what was masked, what was applied, and holds no value and no token', async () => {
    const found = await events(world);
    const types = new Set(found.map(({ type }) => type));
    for (const type of ['auth.ok', 'session.opened', 'session.closed', 'session.refused', 'command.decided', 'command.settled', 'mask.applied', 'config.changed', 'policy.activated', 'approval.requested', 'service.started']) expect(types, type).toContain(type);
    const all = JSON.stringify(found);
    for (const value of ['219-09-9999', '4111 1111', 'ada.quill@example.com', 'Ada Quill', 'correction of the day', 'a bound secret', 'eyJ']) expect(all, value).not.toContain(value);
  });

  it('has ends that the gateway signed with the key that it named, and a heartbeat of every service', async () => {
    const found = await eventually(world, (all) => new Set(all.filter(({ type }) => type === 'producer.heartbeat').map(({ sid }) => sid)).size >= 6);
    const [named] = found.filter(({ type }) => type === 'key.created');
    expect(named).toMatchObject({ d: { use: 'session.closed' } });
    const ends = found.filter(({ type }) => type === 'session.closed');
    expect(ends.length).toBeGreaterThan(0);
    for (const { d } of ends) expect(d).toMatchObject({ key: named?.d['key'], signature: expect.stringMatching(/^[A-Za-z0-9+/]{86}==$/) });
    const verified = await world.cli('carl', 'evidence', 'verify', '-o', 'json');
    expect(JSON.parse(verified.out)).toMatchObject({ notes: expect.arrayContaining([expect.stringContaining('session ends are signed')]) });
  });

  it('verifies', async () => {
    expect(await world.cli('carl', 'evidence', 'verify')).toMatchObject({ code: 0, out: expect.stringContaining('OK') });
    expect(await world.cli('bob', 'evidence', 'verify')).toMatchObject({ code: 10 });
    const { key } = noteSigner('sallyport.local/default', signingKeyFromPem(readFileSync(world.stack.home.keys.log, 'utf8')));
    expect(await world.cli('carl', 'evidence', 'verify', 'db', '--key', formatVerifierKey(key))).toMatchObject({ code: 0, out: expect.stringMatching(/the first \d+ leaves are those of the checkpoint that the service shows/) });
  });
});
