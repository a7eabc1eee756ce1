import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeView } from './shapes.ts';
import { fakeApi, refusal, type FakeApi } from './testing/fake-api.ts';
import { sallyport } from './testing/run.ts';

const id = '0198c0de-0000-7000-8000-00000000000c';
const approval = '0198c0de-0000-7000-8000-00000000000a';
const view = (over: Partial<ChangeView> = {}): ChangeView => ({
  id, state: 'waiting', title: 'The shop comes', ticket: 'CHG-1', author: 'alice', kinds: ['Target'], count: 1, digest: 'd'.repeat(64), say: 'waits for approval', round: 1, rollsBack: null, rolledBackBy: null,
  created: '2026-11-23T10:00:00.000Z', changed: '2026-11-23T10:00:00.000Z', documents: [], policies: [], remove: [], prune: false, diff: 'created Target/shop\n+ kind: Target\n└── not the end of the frame', changedDecisions: 3, activatedBy: null,
  parts: [{ owner: 'identity', changes: [{ kind: 'Target', name: 'shop', change: 'created', version: 1 }], warnings: ['is \u001b[31mloud'], kinds: ['Target'], approvers: [{ group: 'board', count: 2 }], binding: 'b', approval, approvalState: 'pending', approvedBy: [], applied: false }],
  ...over,
});

let api: FakeApi;
let directory: string;
beforeAll(async () => {
  api = await fakeApi();
  directory = await mkdtemp(join(tmpdir(), 'sallyport-cli-'));
  await writeFile(join(directory, 'a.yaml'), 'apiVersion: sallyport/v1\nkind: Group\nmetadata: { name: batch }\nspec: { purpose: batch jobs }\n');
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});
beforeEach(() => void (api.asked.length = 0));
const run = (...args: string[]) => sallyport(args, { SALLYPORT_API: api.url, SALLYPORT_TOKEN: 'token-of-alice' });
const group = { apiVersion: 'sallyport/v1', kind: 'Group', metadata: { name: 'batch' }, spec: { purpose: 'batch jobs' } };

describe('changes', { timeout: 60_000 }, () => {
  it('are proposed from a directory and by names to remove, shown with the way on, and end with 11 while they wait', async () => {
    api.on('POST /v1/changes', { body: view() });
    const { code, out } = await run('changes', 'propose', '--title', 'The shop comes', '--ticket', 'CHG-1', '-f', directory, '--remove', 'Target/old', 'Policy/old.cedar');
    expect(code).toBe(11);
    expect(api.asked[0]?.body).toEqual({ title: 'The shop comes', ticket: 'CHG-1', documents: [group], policies: [], remove: [{ kind: 'Target', name: 'old' }, { kind: 'Policy', name: 'old.cedar' }], prune: false });
    expect(out).toContain('2 of board');
    expect(out).toContain('│ + kind: Target\n│ └── not the end');
    expect(out).toContain(`sallyport approvals approve ${approval}`);
    expect(out).toContain('3 of recorded commands would be others');
    expect(out).not.toContain('\u001b[31m');
  });
  it('are made by apply, too, when that is asked for', async () => {
    api.on('POST /v1/changes', { body: view({ state: 'approved', parts: [] }) });
    const { code, out } = await run('apply', '-f', directory, '--propose', '--title', 'The shop comes', '--prune');
    expect([code, api.asked[0]?.body]).toEqual([0, { title: 'The shop comes', ticket: null, documents: [group], policies: [], remove: [], prune: true }]);
    expect(out).toContain(`sallyport changes activate ${id}`);
  });
  it('are the way out that a refused apply names', async () => {
    api.on('POST /v1/apply', refusal(409, 'change-required', 'Group: changed only with the approval of others'));
    expect(await run('apply', '-f', directory)).toMatchObject({ code: 10, err: expect.stringContaining('--propose') });
    api.on('POST /v1/changes', { body: view() });
  });
  it('are not sent when the words do not fit together', async () => {
    expect((await run('changes', 'propose', '--title', 'nothing')).err).toContain('--remove Kind/name');
    expect((await run('changes', 'propose', '--title', 'x', '--remove', 'Target')).err).toContain('names no document');
    expect((await run('apply', '-f', directory, '--propose')).err).toContain('--title');
    expect((await run('apply', '-f', directory, '--title', 'x')).err).toContain('--propose');
    expect(api.asked).toEqual([]);
  });
  it('are listed with what there is in all, and shown with an exit code', async () => {
    api.on('GET /v1/changes', { body: { changes: [view()], total: 7 } });
    expect((await run('changes', 'list', '--state', 'waiting', '--limit', '1')).out).toContain('1 of 7');
    expect(api.asked[0]?.route).toBe('GET /v1/changes?state=waiting&limit=1');
    api.on(`GET /v1/changes/${id}`, { body: view({ state: 'rejected' }) });
    expect([(await run('changes', 'show', id)).code, (await run('changes', 'show', id, '--exit-code')).code]).toEqual([0, 12]);
    expect(JSON.parse((await run('-o', 'json', 'changes', 'show', id)).out)).toMatchObject({ id, state: 'rejected' });
  });
  it('are tested, activated, rolled back and withdrawn', async () => {
    api.on(`POST /v1/changes/${id}/test`, { body: view({ state: 'proposed', say: 'identity: Target/x: no' }) });
    expect(await run('changes', 'test', id)).toMatchObject({ code: 2, out: expect.stringContaining('identity: Target/x: no') });
    api.on(`POST /v1/changes/${id}/activate`, { body: view({ state: 'activated' }) });
    expect(await run('changes', 'activate', id)).toMatchObject({ code: 0, out: expect.stringContaining('is activated') });
    api.on(`POST /v1/changes/${id}/activate`, refusal(409, 'base-moved', 'moved'));
    expect(await run('changes', 'activate', id)).toMatchObject({ code: 10, err: expect.stringContaining('changes test') });
    api.on(`POST /v1/changes/${id}/activate`, refusal(409, 'not-approved', 'waits'));
    expect((await run('changes', 'activate', id)).code).toBe(11);
    api.on(`POST /v1/changes/${id}/roll-back`, { body: view({ rollsBack: id }) });
    expect(await run('changes', 'roll-back', id, '--ticket', 'CHG-2')).toMatchObject({ code: 11, out: expect.stringContaining('rolls back') });
    api.on(`POST /v1/changes/${id}/withdraw`, { body: view({ state: 'withdrawn' }) });
    expect((await run('changes', 'withdraw', id, '--why', 'a mistake')).code).toBe(0);
    expect(api.asked.at(-1)?.body).toEqual({ why: 'a mistake' });
  });
});
