import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sallyport } from '../testing/run.ts';
import { smallPack } from '../testing/small-pack.ts';

// The single file in a folder of its own, as an examiner has it, and the same through the command line.

const folder = mkdtempSync(join(tmpdir(), 'verifier-'));
const { pack, key, checkpoint, proof, event, session } = await smallPack();
const altered = Uint8Array.from(pack, (byte, i) => (i === 300 ? byte ^ 1 : byte));
const other = 'stranger.test+4e5a5ee6+AcA3EbsWG8AM6+kOuLbKe+hVEjyXiyMBbE0KMqTtEqFA';
const files = { 'a.tgz': pack, 'altered.tgz': altered, key: `${key}\n`, checkpoint, proof, event, session, 'cut.jsonl': session.subarray(0, -20), empty: '' };

beforeAll(() => {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const built = spawnSync(process.execPath, [join(import.meta.dirname, '../../build/verifier.mjs'), folder], { encoding: 'utf8' });
  expect(built.stderr).toBe('');
});
afterAll(() => rmSync(folder, { recursive: true }));

const cases: [string, string[], number][] = [
  ['a pack, with the key', ['pack', 'a.tgz', '--key', key], 0],
  ['a pack, with the key in a file', ['pack', 'a.tgz', '--key', 'key'], 0],
  ['a pack, with a checkpoint that was kept', ['pack', 'a.tgz', '--key', key, '--checkpoint', 'checkpoint'], 0],
  ['an altered pack', ['pack', 'altered.tgz', '--key', key], 20],
  ['a pack without a key', ['pack', 'a.tgz'], 22],
  ['a pack without a witness', ['pack', 'a.tgz', '--key', key, '--witnesses', '1'], 22],
  ['a session', ['session', 'session'], 0],
  ['a session that was cut', ['session', 'cut.jsonl'], 20],
  ['a session without events', ['session', 'empty'], 21],
  ['a proof', ['proof', 'proof', '--event', 'event', '--key', key], 0],
  ['a proof of other bytes', ['proof', 'proof', '--event', 'session', '--key', key], 20],
  ['a checkpoint that agrees with itself', ['consistency', 'checkpoint', 'checkpoint', '--proof', 'empty', '--key', key], 0],
  ['a file that is not there', ['pack', 'nowhere', '--key', key], 2],
  ['a key that is none', ['pack', 'a.tgz', '--key', other], 2],
  ['nothing to do', ['pack'], 2],
];

describe('verify.mjs, alone in a folder', () => {
  it('is one file for Node and one for browsers', () => {
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['verify.html', 'verify.mjs']));
  });

  it.each(cases)('%s', (_, args, code) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['verify.mjs', ...args], { cwd: folder, encoding: 'utf8', env: {} });
    expect(status, stdout + stderr).toBe(code);
    expect(code === 2 ? stderr : stdout).not.toBe('');
  });

  it('prints a report for programs', () => {
    const { stdout } = spawnSync(process.execPath, ['verify.mjs', 'pack', 'altered.tgz', '--key', key, '--json'], { cwd: folder, encoding: 'utf8', env: {} });
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'tampered', exitCode: 20, faults: [{ kind: 'archive' }] });
  });
});

describe('sallyport evidence verify', () => {
  it.each(cases)('%s', async (_, args, code) => {
    const placed = args.map((arg) => (arg in files || arg === 'nowhere' ? join(folder, arg) : arg)).with(0, args[0] ?? '');
    const ran = await sallyport(['evidence', 'verify', ...placed]);
    expect(ran.code, ran.out + ran.err).toBe(code);
  });
});
