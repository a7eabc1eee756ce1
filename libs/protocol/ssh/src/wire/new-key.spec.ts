import { expect, it } from 'vitest';
import { newKeyText, parsePrivateKey } from './library.ts';

it('a fresh key can be read, whatever its bytes are', () => {
  for (let i = 0; i < 2000; i++) expect(parsePrivateKey(newKeyText()).type).toBe('ssh-ed25519');
});
