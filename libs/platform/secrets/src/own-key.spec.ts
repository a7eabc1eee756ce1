import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ownKey } from './own-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'own-key-'));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

it('makes a key once, for its owner alone, and gives the same ever after', () => {
  const first = ownKey(at('state/key.pem'), 'make');
  expect(statSync(at('state/key.pem')).mode & 0o777).toBe(0o600);
  expect(ownKey(at('state/key.pem'), 'make')).toBe(first);
  expect(ownKey(at('state/key.pem'), 'keep')).toBe(first);
  expect(readdirSync(at('state'))).toEqual(['key.pem']);
});

it('takes no key that others can read, none that is of another kind, and none that is not there', () => {
  ownKey(at('open.pem'), 'make');
  chmodSync(at('open.pem'), 0o640);
  expect(() => ownKey(at('open.pem'), 'make')).toThrow('chmod 600');
  writeFileSync(at('text.pem'), 'hello', { mode: 0o600 });
  expect(() => ownKey(at('text.pem'), 'make')).toThrow('not a PEM file with an Ed25519');
  expect(() => ownKey(at('none.pem'), 'keep')).toThrow('ENOENT');
});
