import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fakeApi, refusal, type FakeApi } from '../testing/fake-api.ts';
import { sallyport } from '../testing/run.ts';
import { approval, approvalId } from '../testing/samples.ts';

let api: FakeApi;
let directory: string;
beforeAll(async () => {
  api = await fakeApi();
  directory = await mkdtemp(join(tmpdir(), 'sallyport-manifest-'));
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});
beforeEach(() => void (api.asked.length = 0));

const run = (...args: string[]) => sallyport(args, { SALLYPORT_API: api.url, SALLYPORT_TOKEN: 'token-of-alice' });
const file = async (text: string) => {
  const path = join(directory, 'manifest.yaml');
  await writeFile(path, text);
  return path;
};
const statements = [{ place: 1, shape: 'delete from ledger.entries where id = ?', times: 1, decision: 'hold' }, { place: 2, shape: 'select ?', times: 1, decision: 'allow' }];
const answer = { approval: approvalId, url: 'https://sallyport.example/v1/approvals/a', expires: '2099-01-01T00:00:00.000000Z', quorum: [{ group: 'dba', count: 1 }, { group: 'security', count: 1 }], statements, refused: [] };
const close = "target: ledger-db\nreason: the close of the month\nstatements:\n  - delete from ledger.entries where id = 7\n  - text: select $1\n    parameters: ['x', null]\n    times: 3\n";

describe('manifest submit', { timeout: 30_000 }, () => {
  it('sends the file for the machine, says who is asked, and ends with 11', async () => {
    api.on('POST /v1/manifests', { body: answer });
    const { code, out } = await run('manifest', 'submit', await file(close), '--machine', 'nightly');
    expect(code).toBe(11);
    expect(api.asked[0]?.body).toEqual({
      machine: 'nightly', target: 'ledger-db', reason: 'the close of the month', statements: [{ text: 'delete from ledger.entries where id = 7' }, { text: 'select $1', parameters: ['x', null], times: 3 }],
    });
    expect(out).toContain(' 1     1  holds   delete from ledger.entries where id = ?\n 2   any  allows  select ?\n');
    expect(out).toContain(`approval ${approvalId} waits for 1 of dba and 1 of security; it ends in`);
  });

  it('takes target, role, reason and time from the command line instead', async () => {
    api.on('POST /v1/manifests', { body: answer });
    await run('manifest', 'submit', await file(close), '--machine', 'nightly', '--target', 'owner@other-db', '--reason', 'a correction of March', '--expires-in', '3600');
    expect(api.asked[0]?.body).toMatchObject({ target: 'other-db', role: 'owner', reason: 'a correction of March', expiresIn: 3600 });
  });

  it('lists what would not run, and ends with 10', async () => {
    api.on('POST /v1/manifests', { body: { ...answer, approval: null, url: null, expires: null, quorum: [], statements: [], refused: [{ place: 4, code: 'denied', say: 'nobody drops \u001b[2J tables', rules: ['no-drops'] }] } });
    expect(await run('manifest', 'submit', await file(close), '--machine', 'nightly')).toMatchObject({ code: 10, out: 'nobody is asked: these statements would not run\n  4. denied: nobody drops \\u{1b}[2J tables (no-drops)\n' });
  });

  it('ends with 0 when nothing needs leave', async () => {
    api.on('POST /v1/manifests', { body: { ...answer, approval: null, url: null, expires: null, quorum: [] } });
    expect(await run('manifest', 'submit', await file(close), '--machine', 'nightly')).toMatchObject({ code: 0, out: expect.stringContaining('policy allows all of them') });
  });

  it.each<[string, string, string]>([['no list', 'target: ledger-db\n', 'has no list of statements'], ['no YAML', 'a: [', 'is no YAML']])('says what is wrong with a file with %s, and sends nothing', async (_what, text, say) => {
    expect(await run('manifest', 'submit', await file(text), '--machine', 'nightly')).toMatchObject({ code: 2, err: expect.stringContaining(say) });
    expect(await run('manifest', 'submit', join(directory, 'none'), '--machine', 'nightly')).toMatchObject({ code: 2, err: expect.stringContaining('cannot be read (ENOENT)') });
    expect(await run('manifest', 'submit', await file(close), '--machine', 'nightly', '--expires-in', 'soon')).toMatchObject({ code: 2 });
    expect(api.asked).toEqual([]);
  });

  it('says why nobody could be asked', async () => {
    api.on('POST /v1/manifests', refusal(409, 'machine-not-active', 'the machine nightly is in state suspended: it gets no new approvals'));
    expect(await run('manifest', 'submit', await file(close), '--machine', 'nightly')).toMatchObject({ code: 10, err: expect.stringContaining('suspended') });
  });
});

it('a manifest is shown with how often each statement ran', { timeout: 30_000 }, async () => {
  const uses = { role: null, statements: [{ place: 1, shape: 'delete from ledger.entries where id = ?', decision: 'hold', times: 3, used: 2 }, { place: 2, shape: 'select ?', decision: 'allow', times: 1, used: 0 }] };
  api.on(`GET /v1/approvals/${approvalId}`, { body: approval({ subject: { kind: 'manifest', id: 'd' }, session: null, command: null, effects: [], text: '1. 3 times\n    │ delete from ledger.entries where id = 7', manifest: uses }) });
  expect((await run('approvals', 'show', approvalId)).out).toContain(' 1  2 of 3       delete from ledger.entries where id = ?\n 2  not counted  select ?\n');
});
