import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fakeApi, refusal, type FakeApi } from '../testing/fake-api.ts';
import { calm, here, longName, longOwner, machine, machineShown, person, transfer } from '../testing/machine-samples.ts';
import { sallyport } from '../testing/run.ts';

let api: FakeApi;
beforeAll(async () => {
  api = await fakeApi();
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => void (api.asked.length = 0));

const run = (...args: string[]) => sallyport(args, { SALLYPORT_API: api.url, SALLYPORT_TOKEN: 'token-of-alice' });
/** Commands are never broken: they are there to be copied. */
const widest = (text: string) => Math.max(...text.split('\n').filter((line) => !line.includes('sallyport ')).map((line) => line.length));

describe('sallyport machines', { timeout: 120_000 }, () => {
  it('lists them with how they stand, on a page of a hundred columns, and how to go on', async () => {
    api.on('GET /v1/machines', { body: { machines: [machine, calm], total: 1204, next: 'report' } });
    const { code, out } = await run('machines', 'list', '--state', 'suspended', '--owner', 'olga', '--criticality', 'low', '--after', 'm', '--limit', '2');
    expect([code, api.asked[0]?.route]).toEqual([0, 'GET /v1/machines?state=suspended&owner=olga&criticality=low&after=m&limit=2']);
    expect(widest(out)).toBeLessThanOrEqual(100);
    expect(out).toMatch(/nightly-settlement\S*… +suspended +critical +GONE: max\S*… +2026-11-20 01:00Z +2027-01-31/);
    expect(out).toMatch(/report +active +low +olga +never/);
    expect(out).toContain('2 of 1204; the next: --after report');
    api.on('GET /v1/machines', { body: { machines: [], total: 0, next: null } });
    expect((await run('machines', 'list')).out).toBe('no machines\n');
    expect(await run('machines', 'list', '--state', 'dead')).toMatchObject({ code: 2 });
  });

  it('shows one: what it is, what holds it back, who is asked to answer for it, its bindings and its newest history', async () => {
    api.on(`GET /v1/machines/${longName}`, { body: machineShown });
    const { out } = await run('machines', 'show', longName, '--history', '3');
    expect(widest(out)).toBeLessThanOrEqual(100);
    const flat = out.replaceAll(/\s+/g, ' ');
    for (const part of [
      'suspended (its document says active)', `${longOwner}, GONE since 2026-11-20 16:00Z`, 'contract until 2026-11-20', 'by pgbouncer 1.24, settlement-runner/4.18.2 (linux)', `suspended since 2026-11-20 16:00Z (owner-gone): its owner ${longOwner} is no longer active`,
      `priya.raghunathan says yes by: sallyport machines accept ${longName}`, 'kubernetes.io.namespace = settlement-production', 'github: tokens of github-actions for sallyport (replay single_use); never used',
      '2026-11-20 16:00Z priya.raghunathan was asked to answer for it by ines.operator', 'and 5 more: --history 8',
    ]) expect(flat).toContain(part);
    expect(out).not.toContain('document created');
    expect((await run('machines', 'show', longName, '--history', '8')).out).toMatch(/2025-02-01 09:30Z {2}document created, version 6, by ada\.admin\n$/);
    expect(JSON.parse((await run('-o', 'json', 'machines', 'show', longName)).out)).toMatchObject({ machine: { name: longName }, statuses: [{ cause: 'owner-gone' }, {}] });
    expect(await run('machines', 'show', longName, '--history', 'x')).toMatchObject({ code: 2, err: expect.stringContaining('--history') });
  });

  it('shows what was removed by its history', async () => {
    api.on('GET /v1/machines/old', { body: { ...machineShown, machine: null } });
    expect((await run('machines', 'show', 'old')).out).toMatch(/^old is no machine any more; this is what was\n\nhistory\n/);
    api.on('GET /v1/machines/none', refusal(404, 'not-found', 'there is no machine none in the inventory, and never was'));
    expect(await run('machines', 'show', 'none')).toMatchObject({ code: 2, err: expect.stringContaining('and never was') });
  });

  it('prints what others wrote safely', async () => {
    api.on('GET /v1/machines/evil', { body: { ...machineShown, machine: { ...machine, purpose: 'x\u001b[2J\u202e', usage: { ...machine.usage, clients: ['\u001b]0;x\u0007'] } } } });
    const { out } = await run('machines', 'show', 'evil');
    expect(out).toContain(String.raw`x\u{1b}[2J\u{202e}`);
    for (const dangerous of ['\u001b', '\u0007', '\u202e']) expect(out).not.toContain(dangerous);
  });

  it('suspends and retires with a reason, and says what lets it work again', async () => {
    api.on('POST /v1/machines/nightly/suspend', { body: { machine: 'nightly', state: 'suspended', changed: true } });
    const done = await run('machines', 'suspend', 'nightly', '--reason', 'case 7');
    expect([done.code, api.asked[0]?.body]).toEqual([0, { reason: 'case 7' }]);
    expect(done.out).toBe('machine nightly is suspended; its sessions are told to end\nto let it work again: sallyport machines transfer nightly --to PERSON --reason TEXT\n');
    api.on('POST /v1/machines/nightly/retire', { body: { machine: 'nightly', state: 'retired', changed: false } });
    expect((await run('machines', 'retire', 'nightly', '--reason', 'case 8')).out).toBe('machine nightly is retired already; nothing changed\n');
    expect(await run('machines', 'suspend', 'nightly')).toMatchObject({ code: 2 });
    api.on('POST /v1/machines/nightly/suspend', refusal(409, 'machine-retired', 'machine nightly is retired'));
    expect(await run('machines', 'suspend', 'nightly', '--reason', 'case 9')).toMatchObject({ code: 10 });
  });

  it('hands one over step by step: who has to say what next, and 11 until all have', async () => {
    api.on('POST /v1/machines/nightly/transfer', { body: transfer });
    const asked = await run('machines', 'transfer', 'nightly', '--to', 'priya.raghunathan', '--reason', 'the owner left');
    expect([asked.code, api.asked[0]?.body]).toEqual([11, { to: 'priya.raghunathan', backup: null, reason: 'the owner left' }]);
    expect(asked.out).toContain('priya.raghunathan says yes by: sallyport machines accept nightly');
    api.on('POST /v1/machines/nightly/accept', { body: { ...transfer, state: 'accepted', accepted: '2026-11-21T08:00:00.000000Z' } });
    const accepted = await run('machines', 'accept', 'nightly', '--backup', 'tom.okafor');
    expect([accepted.code, api.asked.at(-1)?.body]).toEqual([11, { backup: 'tom.okafor' }]);
    expect(accepted.out).toContain('somebody else agrees by: sallyport machines agree nightly');
    api.on('POST /v1/machines/nightly/agree', { body: { transfer: { ...transfer, state: 'accepted' }, state: 'suspended' } });
    expect(await run('machines', 'agree', 'nightly')).toMatchObject({ code: 11, out: 'you agreed; machine nightly is suspended until others do, too\nsomebody else agrees by: sallyport machines agree nightly\n' });
    api.on('POST /v1/machines/nightly/agree', { body: { transfer: { ...transfer, state: 'done' }, state: 'active' } });
    expect(await run('machines', 'agree', 'nightly')).toMatchObject({ code: 0, out: 'machine nightly is active, and priya.raghunathan answers for it\n' });
  });

  it.each([
    ['agree', 'self-approval', 403, 10, 'somebody else has to'], ['agree', 'not-accepted', 409, 11, 'accepted'], ['accept', 'backup-needed', 422, 2, '--backup'], ['accept', 'nothing-asked', 409, 2, 'nobody is asked'],
    ['agree', 'contract-over', 409, 10, 'vendor.contractEnd'], ['agree', 'owner-left', 409, 10, 'people list --here'],
  ])('%s refused as %s (%i) ends with %i and a way out', async (word, code, status, exit, way) => {
    api.on(`POST /v1/machines/nightly/${word}`, refusal(status, code, 'nobody is asked, or priya has not accepted'));
    expect(await run('machines', word, 'nightly')).toMatchObject({ code: exit, err: expect.stringContaining(way) });
  });
});

describe('sallyport people', { timeout: 120_000 }, () => {
  it('lists who is here and who is gone, and for how much each answers', async () => {
    api.on('GET /v1/people', { body: { people: [person, here], total: 2, next: null } });
    const { out } = await run('people', 'list', '--gone', '--limit', '10');
    expect(api.asked[0]?.route).toBe('GET /v1/people?gone=true&limit=10');
    expect(widest(out)).toBeLessThanOrEqual(100);
    expect(out).toMatch(/gone since 2026-11-20 \(scim\) +12 +operator, app/);
    expect(out).toMatch(/olga +here +3 +- +-/);
    await run('people', 'list', '--here');
    expect(api.asked.at(-1)?.route).toBe('GET /v1/people?gone=false&limit=50');
    expect(await run('people', 'list', '--here', '--gone')).toMatchObject({ code: 2 });
  });

  it('says that somebody left, what stopped with it, and how it goes on', async () => {
    api.on('POST /v1/people/olga/left', { body: { person: 'olga', changed: true, suspended: ['nightly', 'report'], attention: ['cleaner'] } });
    const { code, out } = await run('people', 'left', 'olga', '--reason', 'case 4711');
    expect([code, api.asked[0]?.body]).toEqual([0, { reason: 'case 4711' }]);
    expect(out).toBe(
      'olga is gone\n2 suspended, their sessions are told to end: nightly, report\n1 in grace, suspended when nobody else answers for them in time: cleaner\neach goes on under a new owner: sallyport machines transfer MACHINE --to PERSON --reason TEXT\n',
    );
    api.on('POST /v1/people/olga/left', { body: { person: 'olga', changed: false, suspended: [], attention: [] } });
    expect((await run('people', 'left', 'olga', '--reason', 'case 4711')).out).toBe('olga is gone: that was known, and nothing changed\n');
    expect(await run('people', 'left', 'olga')).toMatchObject({ code: 2 });
  });

  it('revokes the sessions of somebody, who is not gone by it', async () => {
    api.on('POST /v1/people/olga/revoke-sessions', { body: { person: 'olga', changed: true, suspended: [], attention: [] } });
    const { code, out } = await run('people', 'revoke-sessions', 'olga', '--reason', 'case 4713');
    expect([code, api.asked[0]?.body]).toEqual([0, { reason: 'case 4713' }]);
    expect(out).toBe('olga has to log in again: tokens from before now are refused, and machines that act for them by such a login are told to end\n');
    expect(await run('people', 'revoke-sessions', 'olga')).toMatchObject({ code: 2 });
    api.on('POST /v1/people/olga/revoke-sessions', refusal(401, 'session-revoked', 'this session was revoked: log in again (session-revoked)'));
    expect(await run('people', 'revoke-sessions', 'olga', '--reason', 'case 4713')).toMatchObject({ code: 10, err: expect.stringContaining('log in again, and get a fresh token') });
  });

  it('says that somebody is back; not against a document', async () => {
    api.on('POST /v1/people/olga/returned', { body: { person: 'olga', changed: true, suspended: [], attention: [] } });
    expect((await run('people', 'returned', 'olga', '--reason', 'case 4712')).out).toContain('sallyport machines list --state suspended --owner olga');
    api.on('POST /v1/people/olga/returned', refusal(409, 'document-says-left', 'the document of olga says it'));
    expect(await run('people', 'returned', 'olga', '--reason', 'case 4712')).toMatchObject({ code: 10, err: expect.stringContaining('contractEnd') });
  });
});
