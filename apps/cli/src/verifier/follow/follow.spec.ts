import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CompactRange, formatVerifierKey, leafHash, noteSigner, signCheckpoint, signingKeyOf, tilePath, type Report } from '@sallyport/engine-evidence';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sallyport } from '../../testing/run.ts';
import { follow } from './follow.ts';

const folder = mkdtempSync(join(tmpdir(), 'follow-'));
const signer = noteSigner('log.cli.test', signingKeyOf(new Uint8Array(createHash('sha256').update('log').digest())));
const key = formatVerifierKey(signer.key);
const [at, state] = [join(folder, 'log'), join(folder, 'state')];

/** A log of less than one tile. */
function hashes(size: number, of: string): Uint8Array[] {
  return Array.from({ length: size }, (_, i) => leafHash(Buffer.from(`${of} ${i}`)));
}
function noteOf(size: number, of: string, origin = 'log.cli.test/1'): string {
  const range = new CompactRange();
  for (const leaf of hashes(size, of)) range.append(leaf);
  return signCheckpoint({ origin, size, root: range.root() }, signer);
}
function show(size: number, of = 'a', origin?: string): void {
  const tile = join(at, tilePath({ level: 0, index: 0, width: size }));
  mkdirSync(dirname(tile), { recursive: true });
  writeFileSync(tile, Buffer.concat(hashes(size, of)));
  writeFileSync(join(at, 'checkpoint'), noteOf(size, of, origin));
}

beforeEach(() => {
  rmSync(at, { recursive: true, force: true });
  rmSync(state, { force: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

const step = async (now: number, where = at) => {
  const said: Report[] = [];
  const code = await follow({ where, checks: { keys: [key] }, state, everyMs: 1, stalledMs: 60_000, once: true, token: 'secret', ca: null, signal: new AbortController().signal, now: () => now, say: (report) => void said.push(report) });
  return [code, said[0]?.faults[0]?.kind ?? 'well'];
};

describe('following a log in a directory', () => {
  it('remembers from run to run, and alarms until what was done to it is undone', async () => {
    show(3);
    expect(await step(0)).toEqual([0, 'well']);
    show(9);
    expect(await step(10_000)).toEqual([0, 'well']);
    show(9, 'b');
    expect(await step(20_000)).toEqual([20, 'fork']);
    show(30, 'b');
    expect(await step(20_000)).toEqual([20, 'fork']);
    show(7);
    expect(await step(20_000)).toEqual([20, 'rollback']);
    show(12, 'a', 'log.cli.test/2');
    expect(await step(20_000)).toEqual([20, 'rollback']);
    show(30);
    expect(await step(30_000)).toEqual([0, 'well']);
    expect(JSON.parse(readFileSync(state, 'utf8'))).toMatchObject({ note: noteOf(30, 'a'), grown_at: new Date(30_000).toISOString() });
  });

  it('says that a log has stalled, that it cannot be read, and that it was well again', async () => {
    show(3);
    expect(await step(0)).toEqual([0, 'well']);
    expect(await step(59_000)).toEqual([0, 'well']);
    expect(await step(61_000)).toEqual([21, 'stalled']);
    rmSync(join(at, 'checkpoint'));
    expect(await step(62_000)).toEqual([21, 'stalled']);
    show(4);
    expect(await step(63_000)).toEqual([0, 'well']);
  });

  it('runs on, tells what is new once, and ends at what cannot become good', async () => {
    show(3);
    const said: string[] = [];
    let now = 0;
    const running = follow({
      where: at, checks: { keys: [key] }, state, everyMs: 5, stalledMs: 1000, once: false, token: null, ca: null, signal: new AbortController().signal,
      now: () => (now += 300),
      say: (report) => {
        said.push(report.faults[0]?.kind ?? 'well');
        if (said.length === 2) show(5);
        if (said.length === 3) show(5, 'b');
      },
    });
    expect(await running).toBe(20);
    expect(said).toEqual(['well', 'stalled', 'well', 'fork']);
  });

  it('forgets nothing: a state that it cannot read ends it', async () => {
    show(3);
    writeFileSync(state, 'x');
    await expect(step(0)).rejects.toThrow('move it away to begin anew');
  });
});

describe('following a log at a console', () => {
  let server: Server;
  let url: string;
  const shown = { size: 5, of: 'a' };
  const asked: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
      asked.push(`${pathname} ${request.headers.authorization ?? ''}`);
      if (pathname === '/v1/log/checkpoint') return response.end(JSON.stringify({ note: noteOf(shown.size, shown.of), origin: 'log.cli.test/1', size: shown.size, key, rotations: [] }));
      if (pathname === '/v1/log/tile') return response.end(JSON.stringify({ hashes: Buffer.concat(hashes(Number(searchParams.get('width')), shown.of)).toString('base64') }));
      response.statusCode = 404;
      return response.end('{}');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });
  afterAll(() => void server.close());

  it('computes from its tiles that it grew, and finds a rewritten one', async () => {
    expect(await step(0, url)).toEqual([0, 'well']);
    shown.size = 70;
    expect(await step(0, url)).toEqual([0, 'well']);
    expect(asked).toContain('/v1/log/tile Bearer secret');
    Object.assign(shown, { size: 90, of: 'b' });
    expect(await step(0, url)).toEqual([20, 'fork']);
    expect(await step(0, `${url.slice(0, -1)}`.replace(/:\d+$/, ':1'))).toEqual([21, 'stalled']);
  });
});

describe('verify log, as it is typed', () => {
  it('by sallyport and by the single file, with the same exit codes', async () => {
    const built = spawnSync(process.execPath, [join(import.meta.dirname, '../../../build/verifier.mjs'), folder], { encoding: 'utf8' });
    expect(built.stderr).toBe('');
    const args = (file: string, ...more: string[]) => ['log', at, '--state', join(folder, file), '--key', key, ...more];
    const single = (file: string, ...more: string[]) => spawnSync(process.execPath, [join(folder, 'verify.mjs'), ...args(file, ...more)], { encoding: 'utf8', env: {} }).status;
    const cli = async (file: string, ...more: string[]) => (await sallyport(['evidence', 'verify', ...args(file, ...more)])).code;
    const both = async (...more: string[]) => [single('one', ...more), await cli('two', ...more)];
    show(3);
    expect(await both('--once')).toEqual([0, 0]);
    show(3, 'b');
    expect(await both('--once')).toEqual([20, 20]);
    expect(await both('--follow')).toEqual([20, 20]);
    rmSync(at, { recursive: true });
    expect(await both('--once')).toEqual([21, 21]);
    expect(await both()).toEqual([2, 2]);
    expect(single('one', '--once', '--every', 'x')).toBe(2);
    show(3);
    const stranger = formatVerifierKey(noteSigner('log.cli.test', signingKeyOf(new Uint8Array(32))).key);
    expect(spawnSync(process.execPath, [join(folder, 'verify.mjs'), 'log', at, '--once', '--state', join(folder, 'three'), '--key', stranger], { env: {} }).status).toBe(22);
    // A dozen processes, on a busy machine.
  }, 240_000);
});
