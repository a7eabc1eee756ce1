import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyPack } from '@sallyport/engine-evidence';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fakeApi, refusal, type FakeApi } from '../testing/fake-api.ts';
import { packStory } from '../testing/pack-story.ts';
import { sallyport } from '../testing/run.ts';

const exported = z.object({ origin: z.string(), manifest: z.string(), scope: z.string(), from: z.number(), to: z.number(), count: z.number() });

let api: FakeApi;
let directory: string;
beforeEach(async () => {
  api = await fakeApi();
  directory = await mkdtemp(join(tmpdir(), 'sallyport-pack-'));
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** A console over the story; without `exports` it is one that knows no exports. */
async function serve(exports: 'exports' | 'no exports' = 'exports'): Promise<void> {
  const story = packStory();
  const newest = await story.checkpoint(null);
  const tile = await story.tile(0, 0, story.stored.length);
  api.on('GET /v1/log/checkpoint', (query) => (query.get('size') === null ? { body: newest } : refusal(404, 'not-found', 'none')));
  api.on('GET /v1/log/tile', { body: { hashes: Buffer.from(tile).toString('base64') } });
  api.on('GET /v1/evidence/events', (query) => {
    const from = Number(query.get('after'));
    const events = story.stored.slice(from, from + Number(query.get('limit'))).map(({ leaf, received, bytes, openings }) => ({ at: leaf + 1, received, openings, bytes: Buffer.from(bytes).toString('base64') }));
    return { body: { events, next: null } };
  });
  api.on('GET /v1/policy', { body: await story.policy(3) });
  if (exports === 'no exports') return;
  api.on('POST /v1/evidence/exports', refusal(503, 'unavailable', 'the evidence service does not answer'));
}

const run = (...args: string[]) => sallyport(['evidence', 'pack', ...args], { SALLYPORT_API: api.url, SALLYPORT_TOKEN: 'token-of-audra' });
const period = ['--from', '2026-11-20', '--to', '2026-11-21'];

describe('evidence pack', { timeout: 60_000 }, () => {
  it.each([
    [['--from', 'yesterday', '--to', '2026-11-21'], '--from is not a moment'],
    [['--from', '2026-11-21', '--to', '2026-11-20'], '--from is not before --to'],
    [[...period, '--scope', 'host=x'], 'a scope is'],
    [[...period, '--sample', '0'], '--sample is'],
    [[...period, '--withhold', 'person'], '--withhold is FIELD=REASON'],
    [[...period, '--withhold', 'person= '], '--withhold is FIELD=REASON'],
    [[...period, '--withhold', 'leaf=because'], '--withhold is FIELD=REASON'],
  ])('refuses %j', async (args, say) => {
    expect(await run(...args, '--out', join(directory, 'a.tgz'))).toMatchObject({ code: 2, err: expect.stringContaining(say) });
    expect(api.asked).toEqual([]);
  });
  it('never writes over a file, and asks for nothing then', async () => {
    const file = join(directory, 'there.tgz');
    await writeFile(file, 'handed out');
    expect(await run(...period, '--out', file)).toMatchObject({ code: 2, err: expect.stringContaining('is there already') });
    expect([await readFile(file, 'utf8'), api.asked]).toEqual(['handed out', []]);
  });
  it('says that the log has no checkpoint yet', async () => {
    expect(await run(...period, '--out', join(directory, 'a.tgz'))).toMatchObject({ code: 1, err: expect.stringContaining('no signed checkpoint yet') });
  });
  it.each(['exports', 'no exports'] as const)('writes nothing when the export cannot be recorded (%s)', async (exports) => {
    await serve(exports);
    const file = join(directory, 'a.tgz');
    expect((await run(...period, '--out', file)).code).not.toBe(0);
    await expect(readFile(file)).rejects.toThrow('ENOENT');
  });
  it('writes a pack that verifies, tells of the export, and prints each control', async () => {
    await serve();
    const story = packStory();
    api.on('POST /v1/evidence/exports', async (_query, body) => ({ body: { note: await story.sign(exported.parse(body)) } }));
    const file = join(directory, 'a.tgz');
    const { code, out, err } = await run(...period, '--seed', 'examiner 42', '--out', file);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/EP-07 +Approval before execution +computed +1 +0\n/);
    expect(out).toContain('OK: the pack verifies');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(140);
    expect(api.asked.at(-1)).toMatchObject({ route: 'POST /v1/evidence/exports', body: { scope: 'all', from: 0 } });
    expect((await verifyPack(await readFile(file), { keys: [(await story.checkpoint(null))?.key ?? ''] })).verdict).toBe('ok');
  });
});
