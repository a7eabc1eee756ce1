import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { uuidv7 } from '@sallyport/domain-model';
import { identityEntitlements, identityRequests, identityRevoke, identityWithdraw } from '@sallyport/platform-bus';
import { machine, person, raw } from '../testing/documents.ts';
import { by, caller, code, day, olga, root, value, word, World } from '../testing/entitlements/world.ts';

let w: World;
const path = (name: string, spec: Record<string, unknown> = {}) => raw('AccessPath', name, { machines: ['nightly', 'second'], target: 'db', roles: ['asked', 'other', 'third'], approvers: [{ group: 'dba', count: 2 }], longest: '1h', ...spec });
const decided = (id: string, state: string) => vi.waitFor(async () => expect(await w.request(id)).toMatchObject({ state }), { timeout: 8000, interval: 50 });
/** Nobody is asked for the same twice at once: what a test leaves open is taken back. */
const clean = async () => {
  const { requests } = value(await w.house.console.call(identityRequests, { by: root, state: 'pending' }));
  for (const { id } of requests) value(await w.house.console.call(identityWithdraw, { by: root, request: id, why: 'the test is over' }));
  for (const { id } of await w.live()) await w.house.console.call(identityRevoke, { by: root, entitlement: id, why: 'the test is over' });
  await w.sql(`update identity.access_request set created = created - interval '2 hours', decided = decided - interval '2 hours' where state <> 'pending'`);
};

beforeAll(async () => {
  w = await World.open();
  await w.house.apply([path('month-end')]);
});
afterAll(() => w[Symbol.asyncDispose]());
beforeEach(() => void (w.told.length = 0));
afterEach(async () => {
  Object.assign(w.people, { away: false, silent: false, unanswerable: false, loseSpends: 0 });
  await clean();
});

describe('access on request', () => {
  it('is asked of the people whom the path names, who read all of it, and begins when the last of them says yes', async () => {
    const asked = value(await w.ask({ uses: 2 }));
    expect(asked).toMatchObject({ state: 'pending', kind: 'jit', path: 'month-end', seconds: 1800, uses: 2, requester: 'person:olga', byConnecting: false, entitlement: null });
    expect(w.people.last.asked).toMatchObject({ subject: { kind: 'access', id: asked.id }, requester: 'person:olga', owner: 'alice', machine: 'nightly', quorum: [{ group: 'dba', count: 2 }], shape: 'access of nightly to db as asked for 30 min, 2 sessions', environment: 'test' });
    expect(w.people.last.asked.text).toContain('month end closing');
    expect(word(await w.enter({ role: 'asked' }))).toBe('not-entitled');
    const at = w.now - 60_000;
    w.people.say('approved', at, 'person:bob', 'person:carol');
    await decided(asked.id, 'granted');
    const [granted] = await w.live();
    expect(granted).toMatchObject({ kind: 'jit', request: asked.id, approval: w.people.last.id, approvedBy: ['bob', 'carol'], uses: 2, role: 'asked', limitedBy: null });
    expect([Date.parse(granted?.from ?? ''), Date.parse(granted?.until ?? '')]).toEqual([at, at + 1_800_000]);
    expect(await w.lastOf('entitlement.granted')).toMatchObject({ entitlement: granted?.id, kind: 'jit', request: asked.id, approval: w.people.last.id, approved_by: ['bob', 'carol'], from: granted?.from, until: granted?.until });
    expect(await w.enter({ role: 'asked' })).toEqual({ entitlement: granted?.id, kind: 'jit', until: granted?.until, record: false });
    expect(code(await w.ask())).toBe('already-entitled');
  });

  it('ends with the time that was fixed when it was granted, and the session with it', async () => {
    const asked = value(await w.ask({ seconds: 60 }));
    w.people.say('approved', w.now, 'bob', 'carol');
    await decided(asked.id, 'granted');
    const id = uuidv7();
    expect(word(await w.enter({ session: id, role: 'asked' }))).toBe('jit');
    w.house.ahead += 61_000;
    expect(await w.renew({ session: id, role: 'asked' })).toMatchObject({ refused: 'ended', say: expect.stringContaining('(expired)') });
    await vi.waitFor(() => expect(w.told).toContain('nightly db the entitlement ended'), { timeout: 5000 });
  });

  it('is not granted after a no, an end, or a withdrawal, and that is recorded', async () => {
    const no = value(await w.ask());
    w.people.say('rejected', w.now, 'bob');
    await decided(no.id, 'rejected');
    expect(await w.lastOf('entitlement.refused')).toMatchObject({ request: no.id, code: 'rejected' });
    const gone = value(await w.ask());
    expect(code(await w.house.console.call(identityWithdraw, { by: caller('dave', 'approver'), request: gone.id, why: 'not needed' }))).toBe('denied');
    expect(value(await w.house.console.call(identityWithdraw, { by: olga, request: gone.id, why: 'not needed' }))).toMatchObject({ state: 'withdrawn' });
    expect(w.people.last.state).toBe('withdrawn');
    expect(code(await w.house.console.call(identityWithdraw, { by: olga, request: gone.id, why: 'not needed' }))).toBe('not-pending');
    expect(await w.live()).toEqual([]);
  });

  it('is not beyond what the settings, the contracts and the path let', async () => {
    expect(code(await w.ask({ seconds: 3601 }))).toBe('too-long');
    await w.house.apply([raw('Governance', 'default', { longestEntitlement: { jit: '10m', standing: '90d', breakGlass: '1h' } })]);
    const asked = value(await w.ask());
    const at = w.now;
    w.people.say('approved', at, 'bob', 'carol');
    await decided(asked.id, 'granted');
    expect((await w.live())[0]).toMatchObject({ until: new Date(at + 600_000).toISOString().replace('Z', '000Z'), limitedBy: 'the longest that access on request may last (10m)' });
    await w.house.apply([raw('Governance', 'default', {})]);
  });

  it.each([
    ['a stranger', { by: caller('dave', 'approver') }, 'denied'], ['no path', { target: 'box' }, 'no-path'], ['another role', { role: 'writer' }, 'no-path'], ['an unknown machine', { machine: 'nobody' }, 'machine-not-active'],
  ])('is not asked for: %s', async (_, { by: who = olga, ...change }: { by?: ReturnType<typeof caller>; target?: string; role?: string; machine?: string }, expected) => {
    expect(code(await w.ask(change, who))).toBe(expected);
    expect(await w.lastOf('entitlement.refused')).toMatchObject({ code: expected });
  });

  it('is asked for by those who answer for the machine, too', async () => expect(code(await w.ask({}, caller('alice', 'approver')))).toBe('ok'));

  it('is refused where nobody could say yes', async () => {
    w.people.unanswerable = true;
    expect(code(await w.ask())).toBe('unanswerable');
    expect(await w.lastOf('entitlement.refused')).toMatchObject({ code: 'unanswerable' });
    w.people.unanswerable = false;
    expect(code(await w.ask())).toBe('ok');
  });

  it('is one request at a time for one place, whoever asks at once, and twenty an hour for a machine', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => w.ask()));
    expect(all.map(code).sort()).toEqual([...Array<string>(9).fill('already-asked'), 'ok']);
    for (let i = 0; i < 25; i++) {
      const one = await w.ask({ machine: 'second' });
      if (!one.ok) {
        expect([i, one.error.code]).toEqual([20, 'rate-limited']);
        return;
      }
      await w.house.console.call(identityWithdraw, { by: olga, request: one.value.id, why: 'again' });
    }
    expect.unreachable();
  });

  it('is not granted by a path that was changed after people read the request, nor to a machine that has stopped', async () => {
    const changed = value(await w.ask());
    await w.house.apply([path('month-end', { longest: '2h' })]);
    w.people.say('approved', w.now, 'bob', 'carol');
    await decided(changed.id, 'refused');
    expect(await w.lastOf('entitlement.refused')).toMatchObject({ request: changed.id, code: 'no-path' });
    const stopped = value(await w.ask({ machine: 'second' }));
    await w.house.apply([machine('second', { groups: ['jobs'], state: 'draft' })]);
    w.people.say('approved', w.now, 'bob', 'carol');
    await decided(stopped.id, 'refused');
    await w.house.apply([machine('second', { groups: ['jobs'] })]);
  });

  it('ends for good when the machine stops', async () => {
    const asked = value(await w.ask({ machine: 'second' }));
    w.people.say('approved', w.now, 'bob', 'carol');
    await decided(asked.id, 'granted');
    expect(word(await w.enter({ machine: 'second', role: 'asked' }))).toBe('jit');
    await w.house.apply([machine('second', { groups: ['jobs'], state: 'draft' })]);
    await vi.waitFor(async () => expect(await w.live({ machine: 'second' })).toEqual([]), { timeout: 5000 });
    await w.house.apply([machine('second', { groups: ['jobs'] })]);
    expect(word(await w.enter({ machine: 'second', role: 'asked' }))).toBe('ended');
  });

  it('ends early when a contract turns out to end early', async () => {
    const asked = value(await w.ask());
    w.people.say('approved', w.now, 'bob', 'carol');
    await decided(asked.id, 'granted');
    const before = word(await w.enter({ role: 'asked' }));
    await w.house.apply([machine('nightly', { vendor: { name: 'acme', contractEnd: w.dateIn(0) } })]);
    const [granted] = await w.live();
    const until = await w.enter({ role: 'asked' });
    expect([before, word(until)]).toEqual(['jit', 'jit']);
    expect('until' in until && Date.parse(until.until)).toBe(Math.min(Date.parse(granted?.until ?? ''), Date.parse(`${w.dateIn(1)}T00:00:00Z`)));
    await w.house.apply([machine('nightly')]);
  });
});

describe('what is lost on the way', () => {
  it('costs no grant: neither a message that was not heard', async () => {
    const asked = value(await w.ask());
    w.people.silent = true;
    w.people.say('approved', w.now, 'bob', 'carol');
    await decided(asked.id, 'granted');
  });

  it('nor an approval that was spent and whose answer was lost', async () => {
    const asked = value(await w.ask());
    w.people.loseSpends = 1;
    const at = w.now;
    w.people.say('approved', at, 'bob', 'person:carol');
    await vi.waitFor(async () => expect(await w.request(asked.id)).toMatchObject({ state: 'granted' }), { timeout: 20_000, interval: 200 });
    expect(await w.live()).toMatchObject([{ approvedBy: ['bob', 'carol'], from: new Date(at).toISOString().replace('Z', '000Z') }]);
  }, 30_000);

  it('nor people who could not be asked at first', async () => {
    w.people.away = true;
    const asked = value(await w.ask());
    expect(asked).toMatchObject({ state: 'pending', approval: null });
    w.people.away = false;
    await vi.waitFor(async () => expect(await w.request(asked.id)).toMatchObject({ approval: expect.any(String) }), { timeout: 20_000, interval: 200 });
    w.people.say('approved', w.now, 'bob', 'carol');
    await decided(asked.id, 'granted');
  }, 30_000);

  it('nor a restart: what was decided meanwhile is found, and counts are kept', async () => {
    const asked = value(await w.ask({ uses: 2 }));
    const id = uuidv7();
    await w.house.stop();
    w.people.say('approved', w.now, 'bob', 'carol');
    await w.house.start();
    await decided(asked.id, 'granted');
    expect(word(await w.enter({ session: id, role: 'asked' }))).toBe('jit');
    await w.house.stop();
    await w.house.start();
    expect(word(await w.enter({ session: id, role: 'asked' }))).toBe('jit');
    expect((await w.live())[0]).toMatchObject({ uses: 2, used: 1 });
  }, 30_000);
});

describe('uses', () => {
  it('are counted exactly: of twenty sessions at once that want the last one has it, whichever process they ask', async () => {
    const second = await w.another();
    try {
      const asked = value(await w.ask({ uses: 3 }));
      w.people.say('approved', w.now, 'bob', 'carol');
      await decided(asked.id, 'granted');
      await w.enter({ role: 'asked' });
      await w.enter({ role: 'asked' });
      const sessions = Array.from({ length: 20 }, () => uuidv7());
      const answers = await Promise.all(sessions.map((session) => w.enter({ session, role: 'asked' })));
      expect(answers.filter((answer) => 'entitlement' in answer)).toHaveLength(1);
      expect(new Set(answers.filter((answer) => 'refused' in answer).map(by))).toEqual(new Set(['machine nightly has no entitlement for db as asked: the last one is used up (3 of 3 sessions)']));
      expect((await w.events('entitlement.used')).slice(-3).map(({ d }) => d['left'])).toEqual([2, 1, 0]);
      expect(await w.lastOf('entitlement.expired')).toMatchObject({ why: 'uses' });
      // Who is in stays in, and is not counted again.
      const winner = sessions[answers.findIndex((answer) => 'entitlement' in answer)] ?? '';
      expect(word(await w.renew({ session: winner, role: 'asked' }))).toBe('jit');
      expect(word(await w.enter({ session: winner, role: 'asked' }))).toBe('jit');
      expect((await w.list({ state: 'used-up' })).entitlements[0]).toMatchObject({ used: 3, uses: 3 });
      w.house.ahead += 3_600_000;
      expect(word(await w.renew({ session: winner, role: 'asked' }))).toBe('ended');
    } finally {
      await second.stop();
    }
  }, 30_000);

  it('are granted once, though two processes hear of the answer', async () => {
    const second = await w.another();
    try {
      for (let i = 0; i < 5; i++) {
        const asked = value(await w.ask({ role: i % 2 === 0 ? 'asked' : 'other' }));
        w.people.say('approved', w.now, 'bob', 'carol');
        await decided(asked.id, 'granted');
        await sleep(50);
        expect((await w.live()).filter(({ request }) => request === asked.id)).toHaveLength(1);
        expect((await w.events('entitlement.granted')).filter(({ d }) => d['request'] === asked.id)).toHaveLength(1);
        await clean();
      }
    } finally {
      await second.stop();
    }
  }, 30_000);
});

describe('connecting', () => {
  it('is asking, where the path says so: the client is told the request, again and again, until people answered', async () => {
    expect(word(await w.enter({ role: 'asked' }))).toMatch(/not-entitled|ended/);
    await w.house.apply([path('month-end', { longest: '2h', onConnect: 'ask' })]);
    const first = await w.enter({ role: 'asked' });
    expect(first).toMatchObject({ refused: 'access-requested', say: expect.stringMatching(/^access to db as asked needs leave, and people are asked for it now: request [0-9a-f-]{36}; connect again/) });
    const request = 'request' in first ? (first.request ?? '') : '';
    expect(await w.request(request)).toMatchObject({ byConnecting: true, requester: 'machine:nightly', seconds: 7200, state: 'pending' });
    expect(w.people.last.asked.requester).toBe('machine:nightly');
    expect(await Promise.all(Array.from({ length: 5 }, () => w.enter({ role: 'asked' })))).toEqual(Array(5).fill(first));
    expect(word(await w.renew({ role: 'asked' }))).not.toBe('access-requested');
    w.people.say('approved', w.now, 'bob', 'carol');
    await decided(request, 'granted');
    expect(word(await w.enter({ role: 'asked' }))).toBe('jit');
  });

  it('does not ask again at once after people have said no', async () => {
    const first = await w.enter({ role: 'other' });
    w.people.say('rejected', w.now, 'bob');
    const request = 'request' in first ? (first.request ?? '') : '';
    await decided(request, 'rejected');
    const asked = w.people.approvals.size;
    expect(await w.enter({ role: 'other' })).toMatchObject({ refused: 'access-requested', request, say: expect.stringContaining('people said no') });
    expect(w.people.approvals.size).toBe(asked);
    w.house.ahead += 11 * 60_000;
    expect(await w.enter({ role: 'other' })).not.toMatchObject({ request });
    expect(w.people.approvals.size).toBe(asked + 1);
  });

  it('asks nothing for a machine that needs attention', async () => {
    await w.house.apply([person('alice', { contractEnd: w.dateIn(400) }), machine('third', { groups: ['jobs'], criticality: 'low', owner: 'dave', backupOwner: 'bob' }), path('thirds', { machines: ['third'], onConnect: 'ask' })]);
    await w.house.apply([person('dave', { active: false })]);
    expect(word(await w.enter({ machine: 'third', role: 'asked' }))).toBe('not-entitled');
    expect(code(await w.ask({ machine: 'third' }))).toBe('machine-not-active');
  });
});

describe('a machine that asks over HTTPS', () => {
  const auth = (token: string) => ['-H', `Authorization: Bearer ${token}`];
  const form = (fields: Record<string, string>) => Object.entries(fields).flatMap(([name, text]) => ['--data-urlencode', `${name}=${text}`]);

  it('is answered with a request, and sees what became of it', async () => {
    const token = await w.house.mint();
    const asked = await w.house.curl(['/v1/access', '-i', ...auth(token), ...form({ target: 'third@db', seconds: '900', reason: 'month end closing' })]);
    expect(asked.status).toBe(202);
    expect(asked.text).toMatch(/retry-after: 5/i);
    const json: Record<string, unknown> = JSON.parse(asked.text.slice(asked.text.indexOf('{')));
    expect(json).toMatchObject({ state: 'pending', target: 'db', role: 'third', seconds: 900, poll_token: expect.any(String) });
    const [id, poll] = [String(json['request']), String(json['poll_token'])];
    expect((await w.house.curl([`/v1/access/${id}`, ...auth(poll)])).json).toMatchObject({ state: 'pending' });
    w.people.say('approved', w.now, 'bob', 'carol');
    await decided(id, 'granted');
    expect(await w.house.curl([`/v1/access/${id}`, ...auth(poll)])).toMatchObject({ status: 200, json: { state: 'granted', entitlement: expect.any(String) } });
    expect((await w.house.curl([`/v1/access/${id}`, ...auth(await w.house.mint())])).json).toMatchObject({ state: 'granted' });
    expect(word(await w.enter({ role: 'third' }))).toBe('jit');
    expect(JSON.stringify(await w.events('entitlement.requested', 'entitlement.granted', 'auth.ok'))).not.toContain(poll);
  });

  it('may send JSON, and asking again while it is open is the same request', async () => {
    const json = (token: string, fields: object) => w.house.curl(['/v1/access', ...auth(token), '-H', 'content-type: application/json', '-d', JSON.stringify(fields)]);
    const wanted = { target: 'db', role: 'third', seconds: 600, uses: 1, reason: 'month end closing' };
    const first = await json(await w.house.mint(), wanted);
    const again = await json(await w.house.mint(), wanted);
    expect([first.status, again.status, again.json['request']]).toEqual([202, 202, first.json['request']]);
    expect(again.json['poll_token']).toBeUndefined();
    expect(await json(await w.house.mint(), { ...wanted, seconds: 1200 })).toMatchObject({ status: 409, json: { error: 'conflict' } });
  });

  it.each([
    ['no token', async () => [], { target: 'third@db' }, 401, 'invalid_token'],
    ['a token that is none', async () => auth('abc'), { target: 'third@db' }, 401, 'invalid_token'],
    ['a target without a path', async () => auth(await w.house.mint()), { target: 'box' }, 403, 'denied'],
    ['more than the path lets', async () => auth(await w.house.mint()), { target: 'third@db', seconds: '86400' }, 400, 'invalid_request'],
    ['a field that is not known', async () => auth(await w.house.mint()), { target: 'third@db', second: '60' }, 400, 'invalid_request'],
    ['an emergency that only people may call', async () => auth(await w.house.mint()), { target: 'third@db', break_glass: 'true' }, 403, 'denied'],
  ])('is refused: %s', async (_, header, fields: Record<string, string>, status, error) => {
    expect(await w.house.curl(['/v1/access', ...(await header()), ...form({ reason: 'month end closing', ...fields })])).toMatchObject({ status, json: { error } });
  });

  it('sees nobody else’s request, and no way to tell whether there is one', async () => {
    const theirs = value(await w.ask({ machine: 'second' }));
    for (const id of [theirs.id, uuidv7(), 'x']) expect(await w.house.curl([`/v1/access/${id}`, ...auth(await w.house.mint())])).toMatchObject({ status: 404, json: { error: 'not_found' } });
    expect(await w.house.curl(['/v1/access', '-X', 'DELETE'])).toMatchObject({ status: 400 });
  });
});

describe('lists', () => {
  it('come in pages, newest first, with exact totals and filters', async () => {
    await w.house.apply([w.entitlement('many', { machines: ['nightly', 'second'], target: 'box', roles: Array.from({ length: 15 }, (_, i) => `r${i}`) })]);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<World['list']>> = await w.list({ target: 'box', after, limit: 7 });
      expect(page.total).toBe(30);
      seen.push(...page.entitlements.map(({ id }) => id));
      after = page.next;
    } while (after !== null);
    expect([new Set(seen).size, seen]).toEqual([30, seen.toSorted().reverse()]);
    expect((await w.list({ target: 'box', machine: 'second', role: 'r3' })).total).toBe(1);
    expect((await w.list({ document: 'many', state: 'expired' })).total).toBe(0);
    w.house.ahead += 5 * day;
    expect((await w.list({ target: 'box', unusedDays: 4 })).total).toBe(30);
    await w.enter({ machine: 'second', target: 'box', role: 'r3' });
    expect((await w.list({ target: 'box', unusedDays: 4 })).total).toBe(29);
    expect(code(await w.house.console.call(identityEntitlements, { by: root, after: 'x' }))).toBe('invalid');
  });
});
