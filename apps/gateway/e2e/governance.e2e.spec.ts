import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingCrypto } from '@sallyport/protocol-ssh';
import { missingSshd } from '@sallyport/testing-servers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { missing } from './clients/programs.ts';
import { governancePolicies } from './governance.policies.ts';
import { document, group, machine, person, target, type Document, type Person } from './support/cast.ts';
import { approvalOf, connect, failure, type Endpoint } from './support/endpoint.ts';
import { eventually, openSessions, type StoredEvent } from './support/ledger.ts';
import { makePack, type Pack } from './support/pack.ts';
import { psqlOnce, startPsql } from './support/psql.ts';
import { addDirectory, entra, type Directory } from './support/scim.ts';
import { box, startSshWorld, type SshWorld } from './support/ssh-world.ts';
import { steward, type Steward } from './support/steward.ts';
import { startWorld, type World, type WorldOptions } from './support/world.ts';

/**
 * Governing machine identities, on the whole product with real clients: a contractor leaves on a Friday; access for a time, in an emergency, under review; a change that needs two; and the examiner's pack of all of it.
 * The tests are one story, in order.
 */
const began = Date.now() - 1000;
const seed = readFileSync(join(import.meta.dirname, '../../demo/sql/ledger.sql'), 'utf8');
const noSsh = missingSshd ?? missingCrypto;
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

let ssh: SshWorld | null = null;
let world: World;
let people: Steward;

const plan: Pick<WorldOptions, 'targets' | 'documents'> = {
  targets: { ledger: { version: 'embedded', seed, databases: ['ledger'] } },
  documents: ({ issuer, servers, ca }) => {
    const at = { port: servers['ledger']?.server.port ?? 0, ca, credential: 'ledger' };
    const job = (name: string, rest: Readonly<Record<string, unknown>> = {}): Document => machine(issuer, name, { groups: ['jobs'], rest });
    const standing = (name: string): Document => document('Entitlement', name, { machines: [name], target: 'vault', until: inDays(60), justification: 'it reads the vault once every night' });
    return [
      ...(noSsh === null ? [] : [group('jobs')]), target('ledger-db', at), target('vault', at, { access: 'entitlement' }),
      person(issuer, 'carlos', { employment: 'contractor', contractEnd: inDays(45), directoryIds: ['ext-4711', 'carlos@contractors.example'] }),
      job('nightly', { owner: 'carlos', backupOwner: 'nora', criticality: 'critical', businessService: 'general ledger', vendor: { name: 'Acme Books', contractEnd: inDays(120) } }),
      job('closer'), job('medic'), job('reader', { team: 'reviewed' }), job('courier', { team: 'reviewed' }), job('idler', { team: 'reviewed' }),
      standing('courier'), standing('idler'),
      document('AccessPath', 'month-end', { machines: ['closer'], target: 'vault', longest: '20s', approvers: [{ group: 'owners' }], onConnect: 'ask' }),
    ];
  },
};

beforeAll(async () => {
  if (noSsh === null) {
    ssh = await startSshWorld(governancePolicies(), [], plan);
    const { spec } = document('Target', 'guarded', { ...Object(box(ssh.sshd)['spec']), access: 'entitlement' });
    await ssh.world.apply([
      document('Target', 'guarded', Object(spec)),
      document('AccessPath', 'emergencies', { machines: ['medic'], target: 'guarded', approvers: [{ group: 'owners', count: 2 }], breakGlass: { group: 'owners', count: 1, longest: '10m' } }),
    ]);
  }
  world = ssh?.world ?? (await startWorld({ ...plan, policies: governancePolicies() }));
  people = await steward(world);
});
afterAll(() => (ssh ?? world)?.[Symbol.asyncDispose]());

const through = (name: string, to = 'ledger-db'): Promise<Endpoint> => world.gateway(to, name, 'ledger');
const count = 'select count(*) from ledger.entries';

/** Who said yes by the command line; its exit code. */
const approve = async (by: Person, id: string) => (await world.cli(by, 'approvals', 'approve', id)).code;
async function json<T>(by: Person, ...args: string[]): Promise<T> {
  const { out, err } = await world.cli(by, ...args, '-o', 'json');
  if (out === '') throw new Error(`sallyport ${args.join(' ')}: ${err}`);
  const answer: T = JSON.parse(out);
  return answer;
}

describe('a contractor leaves on a Friday', () => {
  let directory: Directory;
  let user: string;

  beforeAll(async () => {
    directory = await addDirectory(world, 'erin', 'entra');
    const { status, body } = await directory.send('POST', '/Users', entra.create('carlos@contractors.example', 'ext-4711'));
    expect(status).toBe(201);
    user = String(body['id']);
  });

  it('within seconds his nightly job is suspended, its psql is told why and ended, and its next connection is refused with the reason', async (context) => {
    const why = await missing('psql');
    if (why !== null) return context.skip(why);
    expect(await psqlOnce(await through('nightly'), count)).toEqual({ code: 0, out: '200\n', err: '' });
    await using job = startPsql(await through('nightly'));
    job.write(`${count} \\watch 0.2\n`);
    await expect.poll(() => job.out, { timeout: 15_000 }).toContain('200');
    await using idle = await connect(await through('nightly'));
    await idle.client.query('select 1');
    expect(await people.stateOf('nightly')).toBe('active');

    const told = Date.now();
    expect(await directory.send('PATCH', `/Users/${user}`, entra.disable)).toMatchObject({ status: 200, body: { active: false } });
    const [end, other] = await Promise.all([job.ended, idle.ended.then((error) => ({ error, at: Date.now() }))]);
    process.stdout.write(`from the directory's word: psql ended after ${end.at - told} ms, an idle session after ${other.at - told} ms\n`);
    expect(Math.max(end.at, other.at) - told).toBeLessThan(60_000);
    expect(end.code).not.toBe(0);
    expect(end.err).toMatch(/FATAL: .*machine nightly is suspended/);
    expect(other.error.message).toContain('machine nightly is suspended');
    expect(await people.stateOf('nightly')).toBe('suspended');

    const refused = await psqlOnce(await through('nightly'), count);
    process.stdout.write(`the next connection: ${refused.err}`);
    expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/FATAL: .*owner of machine nightly is no longer active; it needs a new one[\s\S]*HINT: .*ask who answers for the machine/) });
    expect(await openSessions(world, 'nightly')).toEqual([]);
  });

  it('and the directory, asked again and again, changes nothing more', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => directory.send('PATCH', `/Users/${user}`, entra.disable)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await directory.send('POST', '/Users', entra.create('carlos@contractors.example', 'ext-4711'))).status).toBe(409);
    const found = await eventually(world, (all) => all.some(({ type }) => type === 'nhi.suspended'));
    expect(found.filter(({ type }) => type === 'person.left')).toHaveLength(1);
    expect(found.filter(({ type, d }) => type === 'nhi.suspended' && d['machine'] === 'nightly')).toHaveLength(1);
  });

  it('the new owner accepts it, a second person agrees, and the job runs again', async () => {
    expect(await people.agree('bob', 'nightly')).toBe('not-accepted');
    expect(await people.transfer('oscar', 'nightly', 'nora')).toBe('ok');
    expect(await people.accept('oscar', 'nightly')).toBe('denied');
    expect(await people.accept('nora', 'nightly', 'brenda')).toBe('ok');
    expect(await failure(connect(await through('nightly')))).toMatchObject({ code: '28000' });
    expect(await people.agree('nora', 'nightly')).not.toBe('ok');
    expect(await people.agree('bob', 'nightly')).toBe('ok');
    await using again = await connect(await through('nightly'));
    expect((await again.client.query(count)).rows).toEqual([{ count: '200' }]);
    const running = again.client.query('update ledger.accounts set balance = balance + 1 where id = 2');
    expect(await approve('brenda', await approvalOf(again))).toBe(0);
    expect(await running).toMatchObject({ rowCount: 1 });
  });

  it('and an old word of the directory, replayed, does not stop it again', async () => {
    expect((await directory.send('PATCH', `/Users/${user}`, entra.disable)).status).toBe(200);
    const found = await eventually(world, (all) => all.some(({ type, d }) => type === 'nhi.reactivated' && d['machine'] === 'nightly'));
    expect(found.find(({ type }) => type === 'nhi.reactivated')).toMatchObject({ who: { id: 'person:bob' }, d: { owner: 'nora', approved_by: ['bob'] } });
    expect(await people.stateOf('nightly')).toBe('active');
  });
});

describe('access for a time', () => {
  it('is asked for by connecting, refused with a request id until somebody else says yes, used, and ends by itself with its session', async () => {
    const asked = await failure(connect(await through('closer', 'vault')));
    expect(asked).toMatchObject({ code: '57P03', severity: 'FATAL', message: expect.stringMatching(/people are asked for it now: request [0-9a-f-]{36}/), hint: expect.stringContaining('connect again') });
    const id = /request ([0-9a-f-]{36})/.exec(asked.message)?.[1] ?? '';
    expect((await failure(connect(await through('closer', 'vault')))).message).toContain(id);
    const { requests: [request] } = await json<{ requests: { approval: string; state: string }[] }>('oscar', 'access', 'requests', '--id', id);
    expect(request).toMatchObject({ state: 'pending', byConnecting: true, requester: 'machine:closer' });
    const approval = request?.approval ?? '';
    expect(await approve('alice', approval)).toBe(10);
    expect(await approve('bob', approval)).toBe(0);

    const session = await entered(() => through('closer', 'vault'));
    expect((await session.client.query(count)).rows).toEqual([{ count: '200' }]);
    const { entitlements: [granted] } = await json<{ entitlements: { id: string; until: string }[] }>('oscar', 'entitlements', 'list', '--machine', 'closer');
    expect(granted).toMatchObject({ kind: 'jit', approvedBy: ['bob'], used: 1 });
    const end = await session.ended;
    const late = Date.now() - Date.parse(granted?.until ?? '');
    process.stdout.write(`a session by access on request ended ${late} ms after its end: ${end.message}\n`);
    expect(late).toBeGreaterThan(-1000);
    expect(late).toBeLessThan(30_000);
    expect(end.message).toMatch(/entitlement|access/);
    const { entitlements: [ended] } = await json<{ entitlements: { id: string; state: string }[] }>('oscar', 'entitlements', 'list', '--machine', 'closer', '--state', 'all');
    expect(ended).toMatchObject({ id: granted?.id, state: 'expired' });
    expect((await failure(connect(await through('closer', 'vault')))).code).toBe('57P03');
  });
});

/** A connection that is refused for a moment while a yes gets around. */
async function entered(to: () => Promise<Endpoint>) {
  for (let i = 0; ; i++) {
    try {
      return await connect(await to());
    } catch (error) {
      if (i > 50) throw error;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}

describe.skipIf(noSsh !== null)('access in an emergency', () => {
  it('is opened with one yes, is recorded, and leaves a review that nobody who had part in it can close', async () => {
    if (ssh === null) throw new Error('no SSH');
    const before = await ssh.certified('medic', 'guarded');
    const client = (options: readonly string[], text: string) => ssh?.run('ssh', [...options, '-p', String(ssh.port), '127.0.0.1', text]) ?? Promise.reject(new Error('no SSH'));
    const refused = await client(before, 'echo no');
    expect([refused.code, refused.out]).toEqual([255, '']);
    expect(refused.err).toContain('sallyport: refused');

    const opened = await world.cli('oscar', 'break-glass', 'open', '--machine', 'medic', '--target', 'guarded', '--reason', 'the ledger does not close', '-o', 'json');
    expect(opened.code).toBe(11);
    const asked: { id: string; approval: string } = JSON.parse(opened.out);
    expect(await approve('bob', asked.approval)).toBe(0);
    await expect.poll(async () => (await client(await ssh?.certified('medic', 'guarded') ?? [], 'echo emergency-$((40+2))')).out, { timeout: 15_000 }).toBe('emergency-42\n');

    const found = await eventually(world, (all) => all.some(({ type, who }) => type === 'recording.ended' && who?.id === 'machine:medic'));
    const sid = found.find(({ type, who }) => type === 'recording.ended' && who?.id === 'machine:medic')?.sid ?? '';
    expect((await world.cli('carl', 'sessions', 'replay', sid, '--search', 'emergency-42')).out).toContain('emergency-42');
    const { glasses: [glass] } = await json<{ glasses: { entitlement: { id: string }; by: string; review: unknown }[] }>('oscar', 'break-glass', 'list');
    expect(glass).toMatchObject({ by: 'person:oscar', review: null, approvedBy: ['bob'] });
    const entitlement = glass?.entitlement.id ?? '';
    const review = (by: Person) => world.cli(by, 'break-glass', 'review', entitlement, '--finding', 'justified', '--say', 'the incident is known');
    expect([(await review('oscar')).code, (await review('bob')).code]).toEqual([10, 10]);
    // The end of the emergency does not close it either.
    expect(await world.cli('erin', 'entitlements', 'revoke', entitlement, '--why', 'the emergency is over')).toMatchObject({ code: 0 });
    expect((await json<{ glasses: unknown[] }>('oscar', 'break-glass', 'list')).glasses).toHaveLength(1);
    expect((await review('carl')).code).toBe(0);
    expect((await review('erin')).code).not.toBe(0);
    expect((await json<{ glasses: unknown[] }>('oscar', 'break-glass', 'list')).glasses).toEqual([]);
  });
});

describe('a review of access', () => {
  it('narrows one, revokes one, and ends what nobody decides, under use', async () => {
    await using reader = await connect(await through('reader'));
    await reader.client.query('select id, city from ledger.customers');
    const courier = await connect(await through('courier', 'vault'));
    const idler = await connect(await through('idler', 'vault'));
    for (const { client } of [courier, idler]) await client.query(count);
    await expect.poll(async () => Promise.all(['reader', 'courier', 'idler'].map(async (name) => (await people.used(name)) > 1)), { timeout: 30_000 }).toEqual([true, true, true]);

    const { id } = await people.openReview('erin', '--team', 'reviewed');
    const items = await people.items(id);
    const itemOf = (name: string, to: string) => items.find((one) => one.machine === name && one.target === to) ?? expect.fail(`no item of ${name} at ${to}`);
    expect(await people.decide('alice', itemOf('reader', 'ledger-db').id, 'narrow')).toBe('self-review');
    expect(await people.decide('bob', itemOf('reader', 'ledger-db').id, 'narrow')).toBe('ok');
    const narrowed = (await people.items(id)).find((one) => one.id === itemOf('reader', 'ledger-db').id);
    expect(narrowed).toMatchObject({ state: 'narrowed', decided: { by: 'bob' }, policy: { text: expect.stringContaining('reader') } });
    process.stdout.write(`narrowed to:\n${narrowed?.policy?.text ?? ''}\n`);
    // Everything else of these machines is in order.
    for (const one of items) if (one.machine === 'reader' ? one.target !== 'ledger-db' : one.target !== 'vault') expect(await people.atOnce.decide('bob', one.id, 'keep')).toBe('ok');

    const item = itemOf('courier', 'vault');
    expect(item).toMatchObject({ entitlement: expect.any(String), used: expect.arrayContaining([expect.objectContaining({ verb: 'read', object: 'ledger.entries' })]) });
    expect(await people.decide('bob', item.id, 'revoke')).toBe('ok');
    expect((await courier.ended).message).toMatch(/no entitlement for vault any more.*revoked/);
    expect(await failure(connect(await through('courier', 'vault')))).toMatchObject({ code: '28000' });

    // Two weeks and the grace go by.
    await world.stack.postgres.sql(`update governance.review_campaign set due = now() - interval '15 days', stops = now() - interval '1 minute' where id = '${id}'`, 'sallyport');
    expect((await idler.ended).message).toMatch(/no entitlement for vault any more.*revoked/);
    expect(await failure(connect(await through('idler', 'vault')))).toMatchObject({ code: '28000' });
    const found = await eventually(world, (all) => all.some(({ type, d }) => type === 'review.stopped' && d['machine'] === 'idler'));
    expect(found.filter(({ type, d }) => type === 'review.overdue' && d['item'] === itemOf('idler', 'vault').id)).toHaveLength(1);
    // The policy stands as it stood: what was narrowed is a draft.
    expect((await reader.client.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
  });
});

describe('a change under four eyes', () => {
  const settings = document('Governance', 'default', { changeControl: [{ kinds: ['policy'], approvers: [{ group: 'owners', count: 1 }] }] });

  it('is refused to one person, proposed, approved by another, in force for a session that is open, and rolled back', async () => {
    await world.apply([settings]);
    await using job = await connect(await through('nightly'));
    await job.client.query(count);
    await expect(world.apply([], governancePolicies({ entriesReadable: false }))).rejects.toThrow(/change-required/);
    const directory = world.stack.home.at('e2e-config');
    const proposed = await world.cli('erin', 'apply', '-f', directory, '--propose', '--title', 'the entries are audited', '--ticket', 'CHG-1', '-o', 'json');
    expect(proposed.code, proposed.err).toBe(11);
    const { id, parts }: Change = JSON.parse(proposed.out);
    expect(await approve('erin', approvalOf(parts))).not.toBe(0);
    expect((await world.cli('erin', 'changes', 'activate', id)).code).not.toBe(0);
    expect((await job.client.query(count)).rows).toHaveLength(1);
    expect(await approve('bob', approvalOf(parts))).toBe(0);
    await activated(id);
    expect(await failure(job.client.query(count))).toMatchObject({ code: '42501', message: expect.stringContaining('audited') });

    const back = await world.cli('erin', 'changes', 'roll-back', id, '-o', 'json');
    expect(back.code, back.err).toBe(11);
    const second: Change = JSON.parse(back.out);
    expect(await approve('brenda', approvalOf(second.parts))).toBe(0);
    await activated(second.id);
    expect((await job.client.query(count)).rows).toEqual([{ count: '200' }]);
  });

  interface Change {
    readonly id: string;
    readonly parts: readonly { readonly approval: string | null }[];
  }
  const approvalOf = (parts: Change['parts']) => parts.map(({ approval }) => approval).find((one) => one !== null) ?? expect.fail('nobody is asked');
  /** The yes gets around within a moment. */
  const activated = (id: string) => expect.poll(async () => (await world.cli('erin', 'changes', 'activate', id)).code, { timeout: 15_000 }).toBe(0);
});

describe('the examiner', () => {
  let pack: Pack;
  beforeAll(async () => {
    // What is done is committed a moment later.
    await eventually(world, (all) => all.filter(({ type }) => type === 'change.activated').length === 2);
    // A pack reaches as far as the log is signed, which is at most ten seconds behind.
    let made = 0;
    await vi.waitFor(async () => {
      pack = await makePack(world, `examiner-${++made}.tar.gz`, began);
      expect((await pack.rows('EP-08')).filter(({ event, what }) => event === 'change' && what?.startsWith('activated'))).toHaveLength(2);
    }, { timeout: 30_000, interval: 1000 });
  });

  it('gets a pack that verifies without the installation', async () => {
    expect(await pack.verify()).toMatchObject({ code: 0, out: expect.stringContaining('OK') });
    const states = Object.fromEntries(pack.controls.map(({ id, state }) => [id, state]));
    for (const id of ['EP-01', 'EP-02', 'EP-03', 'EP-04', 'EP-05', 'EP-06', 'EP-07', 'EP-08', 'EP-09', 'EP-17', 'EP-18']) expect(states[id], id).not.toBe('no data yet');
  });

  it('reads in it who left, how long it took, who took over and who agreed', async () => {
    const [leaver, ...others] = (await pack.rows('EP-05')).filter(({ person: who }) => who === 'carlos');
    expect(others).toEqual([]);
    process.stdout.write(`EP-05: ${JSON.stringify(leaver)}\n`);
    expect(leaver).toMatchObject({ source: 'scim', machine: 'nightly', privileged: 'yes', new_owner: 'nora', agreed_by: 'bob', outcome: 'taken over', uncovered: '0' });
    expect(Number(leaver?.['lag_seconds'])).toBeLessThan(60);
    expect(Number(leaver?.['open_sessions'])).toBeGreaterThanOrEqual(2);
    expect(Number(leaver?.['last_ended_after_seconds'])).toBeLessThan(60);
    expect(Number(leaver?.['refused_after'])).toBeGreaterThanOrEqual(2);
    expect((await pack.rows('EP-01')).find((row) => row['machine'] === 'nightly')).toMatchObject({ owner: 'nora', backup_owner: 'brenda', criticality: 'critical', vendor: 'Acme Books' });
    expect((await pack.rows('EP-18')).find((row) => row['machine'] === 'nightly')).toMatchObject({ vendor: 'Acme Books', sponsor: 'nora' });
  });

  it('and the access for a time, the emergency, the review and the change', async () => {
    const access = await pack.rows('EP-06');
    expect(access.find((row) => row['kind'] === 'jit')).toMatchObject({ machine: 'closer', target: 'vault', granted_seconds: '20' });
    if (noSsh === null) expect(access.find((row) => row['kind'] === 'break-glass')).toMatchObject({ machine: 'medic', reviewed_by: expect.stringContaining('carl') });
    const reviewed = await pack.rows('EP-04');
    const decisionOf = (name: string, to: string) => reviewed.find((row) => row['machine'] === name && row['target'] === to)?.['decision'];
    expect([decisionOf('reader', 'ledger-db'), decisionOf('courier', 'vault'), decisionOf('idler', 'vault')]).toEqual(['narrow', 'revoke', 'stopped undecided']);
    const changes = (await pack.rows('EP-08')).filter((row) => row['event'] === 'change');
    expect(changes.map((row) => [row['author'], row['approvers']])).toEqual([['person:erin', 'bob'], ['person:erin', 'brenda']]);
    expect((await pack.rows('EP-09')).length).toBeGreaterThan(3);
    expect((await pack.rows('EP-17')).length).toBeGreaterThan(0);
  });

  it('and the ledger verifies, and holds no name and no token of the directory', async () => {
    expect(await world.cli('carl', 'evidence', 'verify')).toMatchObject({ code: 0 });
    const all = JSON.stringify(await eventually(world, (found: readonly StoredEvent[]) => found.length > 0));
    for (const value of ['Vega', 'sld_', 'eyJ']) expect(all).not.toContain(value);
  });
});
