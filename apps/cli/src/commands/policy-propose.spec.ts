import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fakeApi, refusal, type FakeApi } from '../testing/fake-api.ts';
import { calm, file, proposal, simulation, usage, wrong } from '../testing/rightsize-samples.ts';
import { sallyport } from '../testing/run.ts';

let api: FakeApi;
let directory: string;
beforeAll(async () => {
  api = await fakeApi();
  directory = await mkdtemp(join(tmpdir(), 'sallyport-least-'));
  await writeFile(join(directory, 'a.cedar'), 'permit (principal, action, resource);\n');
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => void (api.asked.length = 0));

const run = (...args: string[]) => sallyport(args, { SALLYPORT_API: api.url, SALLYPORT_TOKEN: 'token-of-alice' });

describe('sallyport policy propose', { timeout: 120_000 }, () => {
  it('asks for a machine’s days and writes the file as it is, never over another', async () => {
    api.on('POST /v1/policy/propose', { body: proposal });
    const to = join(directory, 'least.txt');
    const { code, out } = await run('policy', 'propose', '--machine', 'nightly', '--target', 'ledger-db', '--days', '90', '--out', to);
    expect([code, api.asked[0]?.body]).toEqual([0, { machine: 'nightly', target: 'ledger-db', days: 90 }]);
    expect([out.includes(`written: ${to}`), await readFile(to, 'utf8')]).toEqual([true, file.text]);
    expect(await run('policy', 'propose', '--machine', 'nightly', '--out', to)).toMatchObject({ code: 2, err: expect.stringContaining('not written over') });
    expect((await run('policy', 'propose', '--machine', 'nightly', '--narrowing')).out).toContain('narrowed-nightly.cedar');
    expect(api.asked).toHaveLength(2);
    expect(await run('policy', 'propose', '--machine', 'nightly', '--days', '900')).toMatchObject({ code: 2 });
  });

  it('neither writes nor vouches for one that decides otherwise than was decided', async () => {
    api.on('POST /v1/policy/propose', { body: wrong });
    const to = join(directory, 'wrong.txt');
    expect(await run('policy', 'propose', '--machine', 'nightly', '--out', to)).toMatchObject({ code: 1, out: expect.stringContaining('must not be used') });
    await expect(readFile(to)).rejects.toThrow('ENOENT');
    api.on('POST /v1/policy/propose', refusal(422, 'too-much', 'this takes too long'));
    expect(await run('policy', 'propose', '--machine', 'nightly')).toMatchObject({ code: 2, err: expect.stringContaining('fewer --days') });
  });
});

describe('sallyport policy simulate', { timeout: 120_000 }, () => {
  it('sends the whole directory, and ends with 1 for changes only when asked to', async () => {
    api.on('POST /v1/policy/simulate', { body: simulation });
    const { code, out } = await run('policy', 'simulate', directory, '--machine', 'nightly', '--days', '7');
    expect([code, api.asked[0]?.body]).toEqual([0, { files: [{ name: 'a.cedar', text: 'permit (principal, action, resource);\n' }], machine: 'nightly', days: 7 }]);
    expect(out).toContain('230 decided otherwise');
    expect((await run('policy', 'simulate', directory, '--exit-code')).code).toBe(1);
    api.on('POST /v1/policy/simulate', { body: calm });
    expect(await run('-o', 'json', 'policy', 'simulate', directory, '--exit-code')).toMatchObject({ code: 0, out: expect.stringContaining('"changed": 0') });
    api.on('POST /v1/policy/simulate', refusal(400, 'invalid', 'a.cedar:1:1: unexpected token'));
    expect(await run('policy', 'simulate', directory)).toMatchObject({ code: 2, err: expect.stringContaining('a.cedar:1:1') });
    expect(await run('policy', 'simulate', join(directory, 'nowhere'))).toMatchObject({ code: 2 });
  });
});

describe('sallyport machines usage', { timeout: 120_000 }, () => {
  it('is what a machine used on a target in so many days', async () => {
    api.on('GET /v1/machines/nightly/usage', { body: usage });
    const { code, out } = await run('machines', 'usage', 'nightly', '--target', 'ledger-db', '--days', '7', '--limit', '2');
    expect([code, api.asked[0]?.route]).toEqual([0, 'GET /v1/machines/nightly/usage?target=ledger-db&days=7&limit=2&offset=0']);
    expect(out).toMatch(/on bastion\n.*\nconnect +31 +2 +1 +2026-11-22 01:02Z/);
  });
});
