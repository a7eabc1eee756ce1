import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fail, ok, subjects, type Reply } from '@sallyport/platform-bus';
import { base, machine, target } from '../testing/documents.ts';
import { IdentityHouse } from '../testing/house.ts';

let house: IdentityHouse;
const asked: Record<string, unknown>[] = [];
let reply: (subject: string) => Reply<unknown>;
const approval = randomUUID();

beforeAll(async () => {
  house = await IdentityHouse.open();
  await house.apply([...base(house.pinned), target('ledger'), target('box'), machine('nightly'), machine('other')]);
  const approvals = await house.nats.connect('approvals');
  approvals.nc.subscribe('approvals.*', {
    callback: (_error, message) => {
      asked.push({ subject: message.subject, ...message.json<object>() });
      message.respond(JSON.stringify(reply(message.subject)));
    },
  });
  await approvals.nc.flush();
});
afterAll(() => house[Symbol.asyncDispose]());
beforeEach(() => {
  asked.length = 0;
  reply = (subject) => (subject === subjects.approvalsManifest ? ok(pending) : ok(shown));
});

const statements = [{ place: 1, shape: 'update a set b = ?', times: 2, decision: 'hold' }];
const pending = { approval, url: `https://sallyport.example/v1/approvals/${approval}`, expires: '2099-01-01T00:00:00.000000Z', quorum: [{ group: 'dba', count: 1 }], statements, refused: [] };
const shown = {
  id: approval, state: 'approved', subject: { kind: 'manifest', id: 'd' }, requester: 'machine:nightly', machine: 'nightly', owner: 'alice', target: 'ledger', environment: null, source: '', session: null, command: null,
  shape: '', effects: [], rules: [], say: '', quorum: pending.quorum, created: '', expires: pending.expires, votes: [{ by: 'bob', vote: 'approve', comment: null, at: '' }], text: null, parameters: null,
  manifest: { role: null, statements: [{ ...statements[0], used: 1 }] },
};
const body = (change: object = {}) => ({ target: 'ledger', reason: 'the close of the month', statements: [{ text: "update a set b = 'Zebulon'", times: 2 }], ...change });

async function post(token: string | null, json: unknown, type = 'application/json') {
  const path = join(house.directory.path, 'body');
  await writeFile(path, typeof json === 'string' ? json : JSON.stringify(json));
  return house.curl(['/v1/manifests', '-H', `Content-Type: ${type}`, ...(token === null ? [] : ['-H', `Authorization: Bearer ${token}`]), '--data-binary', `@${path}`]);
}
const look = async (token: string, id: string = approval) => house.curl([`/v1/manifests/${id}`, '-H', `Authorization: Bearer ${token}`]);

describe('a machine that asks for a manifest', () => {
  it('is known by its token, and asks for itself alone', async () => {
    const { status, json } = await post(await house.mint(), body());
    expect([status, json]).toEqual([202, { manifest: approval, state: 'pending', approval_url: pending.url, expires: pending.expires, quorum: pending.quorum, statements }]);
    expect(asked).toEqual([{
      subject: 'approvals.manifest', requester: 'machine:nightly', machine: 'nightly', source: '127.0.0.1',
      manifest: { target: 'ledger', role: null, reason: 'the close of the month', expiresIn: 86_400, searchPath: null, statements: [{ text: "update a set b = 'Zebulon'", parameters: [], times: 2 }] },
    }]);
    const event = await house.last();
    expect(event).toMatchObject({ type: 'auth.ok', who: { id: 'machine:nightly' }, d: { door: 'manifest' } });
    expect(JSON.stringify(event)).not.toContain('Zebulon');
  });

  it('sees what became of it, and nobody else does', async () => {
    expect(await look(await house.mint())).toMatchObject({ status: 200, json: { manifest: approval, state: 'approved', yes: 1, statements: [{ used: 1 }] } });
    expect(await look(await house.mint({ workload_id: 'other' }))).toMatchObject({ status: 404, json: { error: 'not_found' } });
    expect((await look('nonsense')).status).toBe(401);
    reply = () => fail('not-found', 'there is no such approval');
    expect(await look(await house.mint())).toMatchObject({ status: 404, json: { error: 'not_found', error_description: 'there is no such manifest of yours' } });
    expect((await look(await house.mint(), '..')).status).toBe(404);
    reply = () => ok({ ...shown, subject: null });
    expect((await look(await house.mint())).status).toBe(404);
  });

  it('is told which statements would not run', async () => {
    const refused = [{ place: 3, code: 'denied', say: 'no', rules: ['no-drops'] }];
    reply = () => ok({ ...pending, approval: null, url: null, expires: null, quorum: [], statements: [], refused });
    expect(await post(await house.mint(), body())).toMatchObject({ status: 422, json: { error: 'refused', refused } });
  });

  it('is told when none needs anybody’s leave', async () => {
    reply = () => ok({ ...pending, approval: null, url: null, expires: null, quorum: [] });
    expect(await post(await house.mint(), body())).toMatchObject({ status: 200, json: { manifest: null, state: 'not-needed' } });
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'the body is no JSON'], ['a limit that is misspelt', { ...body(), expires_in: 60 }, 'expires_in'], ['no statement', body({ statements: [] }), 'statements'],
    ['more than a thousand', body({ statements: Array.from({ length: 1001 }, () => ({ text: 'x' })) }), 'statements'], ['a statement that may run for ever', body({ statements: [{ text: 'x', times: 1001 }] }), 'statements.0.times'],
    ['more than a week', body({ expiresIn: 604_801 }), 'expiresIn'], ['a value that is no text', body({ statements: [{ text: 'x', parameters: [1] }] }), 'statements.0.parameters.0'],
  ])('is refused with %s, before anybody is asked', async (_what, json, say) => {
    expect(await post(await house.mint(), json)).toMatchObject({ status: 400, json: { error: 'invalid_request', error_description: expect.stringContaining(say) } });
    expect(asked).toEqual([]);
  });

  it('is refused with more than 256 KiB', async () => {
    expect(await post(await house.mint(), body({ statements: Array.from({ length: 100 }, () => ({ text: 'x'.repeat(3000) })) }))).toMatchObject({ status: 400, json: { error: 'invalid_request', error_description: 'the body is larger than 262144 bytes' } });
    expect((await post(await house.mint(), body({ statements: Array.from({ length: 80 }, () => ({ text: 'x'.repeat(3000) })) }))).status).toBe(202);
  });

  it('is refused without a token, with one of a person, and with a ticket for another target', async () => {
    expect(await post(null, body())).toMatchObject({ status: 401, json: { error: 'invalid_token' } });
    expect((await post(await house.mint({ workload_id: 'alice', sub: 'alice' }), body())).status).toBe(401);
    expect(await post(await house.ticket(), body())).toMatchObject({ status: 401, json: { error: 'invalid_token', error_description: expect.stringContaining('ticket') } });
    expect((await post(await house.mint(), body(), 'text/plain')).status).toBe(400);
    expect(asked).toEqual([]);
  });

  it.each([['unanswerable', 422, 'unanswerable'], ['rate-limited', 429, 'slow_down'], ['machine-not-active', 403, 'denied'], ['unavailable', 503, 'temporarily_unavailable']])('is told %s as %i', async (code, status, error) => {
    reply = () => fail(code, 'say');
    expect(await post(await house.mint(), body())).toMatchObject({ status, json: { error } });
  });
});
