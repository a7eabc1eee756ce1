import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readerKeyFile } from './reader-key-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-reader-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('the file of the evidence reader’s public key', () => {
  it('is read where it is named, and nothing where it is not', () => {
    const { publicKey } = generateKeyPairSync('x25519');
    expect(readerKeyFile.parse(file('good', String(publicKey.export({ type: 'spki', format: 'pem' }))))?.equals(publicKey)).toBe(true);
    expect(readerKeyFile.parse(undefined)).toBeUndefined();
  });
  it.each([['another kind of key', String(generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }))], ['no key', 'hello']])('is refused with %s in it, without a word of it', (name, text) => {
    expect(() => readerKeyFile.parse(file(name, text))).toThrow('expected a PEM file with an X25519 public key');
  });
  it('is refused where it is not there', () => expect(() => readerKeyFile.parse(join(folder, 'none'))).toThrow('X25519'));
});
