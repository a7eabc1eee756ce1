import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { logCheckpoint } from '@sallyport/platform-bus';
import { formatVerifierKey, noteSigner, noteVerifier, openRotation, parseNote, parseVerifierKey, signaturesOf, signingKeyFromPem, verifyGrowth } from '@sallyport/engine-evidence';
import { Child, tempDir } from '@sallyport/testing-stack';
import { describe, expect, it } from 'vitest';
import { eventually, house, type House } from '../testing/house.ts';

const name = 'sallyport.local/default';
/** Several starts of servers and services, on a busy machine. */
const slow = 240_000;
/** The signer's user, and another one who may connect. Where the specs do not run as root, both are whoever runs them. */
const root = process.getuid?.() === 0;
const [keeper, stranger] = root ? [54_321, 54_322] : [process.getuid?.() ?? 0, process.getuid?.() ?? 0];

async function signer(directory: string, more: readonly string[] = [], key = 'log.pem') {
  const home = join(directory, 'signer');
  mkdirSync(home, { recursive: true });
  chmodSync(directory, 0o755);
  if (root) chownSync(home, keeper, keeper);
  const [socket, keyFile] = [join(home, `${key}.sock`), join(home, key)];
  const program = join(import.meta.dirname, '../../../cli/src/main.ts');
  const child = new Child(process.execPath, ['--conditions=@sallyport/source', program, 'log', 'signer', '--name', name, '--key', keyFile, '--socket', socket, '--mode', '666', ...more], { env: { PATH: process.env['PATH'] ?? '' }, ...(root ? { uid: keeper } : {}) });
  await eventually('the signer listens', () => existsSync(socket));
  return { child, socket, keyFile };
}

const newest = async (h: House) => {
  const answer = await h.console.call(logCheckpoint, { size: null });
  return answer.ok ? answer.value : null;
};
const signedBy = (note: string, vkey: string) => signaturesOf(parseNote(note), [noteVerifier(parseVerifierKey(vkey))]).length === 1;
const grown = async (h: House, size: number) => {
  // Each look is an event: the log grows.
  await h.ledger();
  await eventually('the log is signed again', async () => ((await newest(h))?.size ?? 0) > size);
};

describe('a signer under a user of its own', () => {
  it('signs for a service that has no key, refuses a second history, and is waited for while it is away', async () => {
    await using directory = await tempDir('sallyport-signer');
    const { socket, keyFile, ...first } = await signer(directory.path);
    let { child } = first;
    await using h = await house({ signEveryMs: 200 }, { SALLYPORT_LOG_KEY: '', SALLYPORT_LOG_SIGNER: `unix:${socket}` });
    await eventually('a checkpoint', async () => (await newest(h)) !== null);
    const shown = await newest(h);
    expect(signedBy(shown?.note ?? '', shown?.key ?? '')).toBe(true);

    const other = (script: string) => spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', ...(root ? { uid: stranger, gid: stranger } : {}) }).stdout;
    if (root) expect(other(`try { require('fs').readFileSync('${keyFile}'); console.log('read') } catch (e) { console.log(e.code) }`)).toBe('EACCES\n');
    const ask = (line: string) => other(`const s = require('net').connect('${socket}'); s.write(${JSON.stringify(`${line}\n`)}); s.on('data', (d) => { console.log(String(d).trim()); s.destroy() })`).trim();
    expect(ask('key')).toBe(`ok ${shown?.key ?? ''}`);
    const forked = `${name}/1\n${shown?.size ?? 0}\n${Buffer.alloc(32).toString('base64')}\n`;
    expect(ask(`sign ${Buffer.from(forked).toString('base64')}`)).toMatch(/^no (another root for|a checkpoint of) \d+ leaves was signed/);
    const theft = `sallyport.dev/key-rotation/v1\n${shown?.key ?? ''}\n${formatVerifierKey(noteSigner(name, signingKeyFromPem(pem())).key)}\n`;
    expect(ask(`sign ${Buffer.from(theft).toString('base64')}`)).toMatch(/^no nobody has said here/);

    await child.kill9();
    await h.ledger();
    await new Promise((done) => setTimeout(done, 500));
    const size = (await newest(h))?.size ?? 0;
    ({ child } = await signer(directory.path));
    await grown(h, size);
    await child.stop();
  }, slow);
});

describe('a key that is followed by another', () => {
  it('is stated by both in the log, both sign for a time, then the new one alone, and who trusted the old one follows', async () => {
    await using directory = await tempDir('sallyport-rotation');
    const next = join(directory.path, 'next.pem');
    writeFileSync(next, pem(), { mode: 0o600 });
    const variables: Record<string, string> = {};
    await using h = await house({ signEveryMs: 200 }, variables);
    const oldKey = h.env['SALLYPORT_LOG_KEY'] ?? '';
    await eventually('a checkpoint', async () => (await newest(h)) !== null);
    const before = await newest(h);

    await h.stop();
    Object.assign(h.env, { SALLYPORT_LOG_KEY_NEXT: next });
    await h.start();
    await grown(h, before?.size ?? 0);
    const both = await newest(h);
    expect([before?.key, both?.key].map((key) => signedBy(both?.note ?? '', key ?? ''))).toEqual([true, true]);
    expect(both?.rotations.map((note) => formatVerifierKey(openRotation(note).next))).toEqual([both?.key]);
    const told = (await h.events()).filter(({ type }) => type === 'key.rotated');
    expect(told.map(({ d }) => d)).toEqual([{ log: name, old: before?.key, new: both?.key, note: both?.rotations[0] }]);

    await h.stop();
    Object.assign(h.env, { SALLYPORT_LOG_KEY: next, SALLYPORT_LOG_KEY_NEXT: '' });
    await h.start();
    await grown(h, both?.size ?? 0);
    const after = await newest(h);
    expect([before?.key, after?.key].map((key) => signedBy(after?.note ?? '', key ?? ''))).toEqual([false, true]);
    const same = (note: string, rotations: readonly string[]) => verifyGrowth({ name: 'a', bytes: Buffer.from(note) }, { name: 'b', bytes: Buffer.from(note) }, new Uint8Array(), { keys: [before?.key ?? ''], rotations: rotations.map((text) => ({ name: 'statement', bytes: Buffer.from(text) })) }).exitCode;
    expect(same(after?.note ?? '', after?.rotations ?? [])).toBe(0);
    expect(same(after?.note ?? '', [])).toBe(22);
    expect((await h.events()).filter(({ type }) => type === 'key.rotated')).toHaveLength(1);

    await h.stop();
    Object.assign(h.env, { SALLYPORT_LOG_KEY: oldKey });
    await expect(h.start()).rejects.toThrow('signed by another key of the log');
  }, slow);
});

const pem = (): string => String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
