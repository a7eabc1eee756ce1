import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatCheckpoint, formatRotation, formatVerifierKey, noteSigner, noteType, parseVerifierKey, signingKeyFromPem, verifierKey, verifyEd25519 } from '@sallyport/engine-evidence';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { KeyKeeper } from './keeper.ts';

const log = 'log.bank.test/prod';
const folder = mkdtempSync(join(tmpdir(), 'signer-'));
const state = join(folder, 'signed');
const newKey = () => signingKeyFromPem(String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })));
const key = newKey();
const nextKey = verifierKey(log, noteType, newKey().publicKey);
const root = (n: number) => new Uint8Array(32).fill(n);
const checkpoint = (size: number, of = root(size), origin = `${log}/1`) => Buffer.from(formatCheckpoint({ origin, size, root: of }));
const open = (next: string | null = null) => new KeyKeeper({ log, key, state, next });

afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => rmSync(state, { force: true }));

describe('the keeper of the log’s key', () => {
  it('signs checkpoints that grow, and the same one again', () => {
    const keeper = open();
    for (const size of [0, 3, 3, 9]) {
      const text = size === 0 ? Buffer.from(formatCheckpoint({ origin: `${log}/1`, size, root: Buffer.from('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=', 'base64') })) : checkpoint(size);
      expect(verifyEd25519(key.publicKey, text, keeper.sign(text))).toBe(true);
    }
    expect(keeper.vkey).toBe(formatVerifierKey(noteSigner(log, key).key));
  });

  it('signs no second root for a size, nothing smaller, and no earlier epoch, also after it was started again', () => {
    open().sign(checkpoint(9));
    for (const keeper of [open(), open()]) {
      expect(() => keeper.sign(checkpoint(9, root(1)))).toThrow('another root for 9 leaves was signed');
      expect(() => keeper.sign(checkpoint(8))).toThrow('of 9 leaves was signed, this one has 8');
    }
    const keeper = open();
    keeper.sign(checkpoint(4, root(4), `${log}/2`));
    expect(() => keeper.sign(checkpoint(10))).toThrow('later epoch');
    expect(JSON.parse(readFileSync(state, 'utf8'))).toMatchObject({ epoch: 2, size: 4 });
  });

  it('says no to a state that says nothing: it would have forgotten what it signed', () => {
    writeFileSync(state, 'x');
    expect(() => open()).toThrow('does not say what was signed last');
  });

  it('signs packs of its log', () => {
    const text = (origin: string, manifest: string) => Buffer.from(`sallyport.dev/pack/v1\n${origin}\n${manifest}\n`);
    expect(open().sign(text(`${log}/1`, 'ab'.repeat(32)))).toHaveLength(64);
    expect(() => open().sign(text('log.other.test/1', 'ab'.repeat(32)))).toThrow('of another log');
    expect(() => open().sign(text(`${log}/1`, 'ab'))).toThrow('not the text of a pack');
  });

  it('names a key that follows only where whoever runs it has said so', () => {
    const own = parseVerifierKey(open().vkey);
    const away = Buffer.from(formatRotation({ old: own, next: nextKey }));
    expect(() => open().sign(away)).toThrow('start the signer with --next');
    expect(open(formatVerifierKey(nextKey)).sign(away)).toHaveLength(64);
    expect(open().sign(Buffer.from(formatRotation({ old: nextKey, next: own })))).toHaveLength(64);
    const others = Buffer.from(formatRotation({ old: nextKey, next: verifierKey(log, noteType, newKey().publicKey) }));
    expect(() => open().sign(others)).toThrow('other keys');
  });

  it.each(['', 'hello\n', 'a\nb\nc\n', '\u0000', 'sallyport.dev/session-end/v1\n{}'])('signs nothing else: %j', (text) => {
    expect(() => open().sign(Buffer.from(text))).toThrow(/neither a checkpoint/);
  });
});
