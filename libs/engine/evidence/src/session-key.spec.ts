import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decryptBlob, openSessionKey } from './open-session.ts';
import { newSessionKey } from './session-key.ts';

const reader = generateKeyPairSync('x25519');

describe('a session key', () => {
  it('lets only the reader open what was sealed, at any offset and in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { minLength: 1, maxLength: 20 }), (texts) => {
        const { key, wrapped } = newSessionKey(reader.publicKey);
        const sealed = texts.map((text) => key.seal('text', text));
        const opened = openSessionKey(wrapped, reader.privateKey);
        for (const [i, { ref, bytes }] of [...sealed.entries()].reverse()) expect(Buffer.from(decryptBlob(opened, ref, bytes))).toEqual(Buffer.from(texts[i] ?? []));
      }),
      { numRuns: 50 },
    );
  });

  it('gives each blob its own stretch of the key stream, so that equal texts look different', () => {
    const { key } = newSessionKey(reader.publicKey);
    const [one, two] = [key.seal('text', 'select 1'), key.seal('text', 'select 1')];
    expect(two.ref.off).toBe(one.ref.off + one.ref.len);
    expect(Buffer.from(two.bytes)).not.toEqual(Buffer.from(one.bytes));
  });

  it('is refused by another reader, and when any part of its seal was altered', () => {
    const { wrapped } = newSessionKey(reader.publicKey);
    expect(() => openSessionKey(wrapped, generateKeyPairSync('x25519').privateKey)).toThrowError(expect.objectContaining({ code: 'ERR_WRONG_READER_KEY' }));
    for (const member of ['epk', 'iv', 'wrapped'] as const) {
      const bytes = Buffer.from(wrapped[member], 'base64url');
      bytes[3] = (bytes[3] ?? 0) ^ 1;
      expect(() => openSessionKey({ ...wrapped, [member]: bytes.toString('base64url') }, reader.privateKey)).toThrowError(expect.objectContaining({ code: 'ERR_WRAPPED_KEY' }));
    }
  });

  it('does not open a ciphertext that the event does not name', () => {
    const { key, wrapped } = newSessionKey(reader.publicKey);
    const { ref, bytes } = key.seal('text', 'select 1');
    const changed = Uint8Array.from(bytes, (byte, i) => (i === 0 ? byte ^ 1 : byte));
    expect(() => decryptBlob(openSessionKey(wrapped, reader.privateKey), ref, changed)).toThrowError(expect.objectContaining({ code: 'ERR_BLOB_CHANGED' }));
  });

  it('that is sealed to a day as well opens with both keys, and with neither alone', () => {
    const day = generateKeyPairSync('x25519');
    const { key, wrapped } = newSessionKey(reader.publicKey, { id: 'standard/2026-11-23/0123456789abcdef', publicKey: day.publicKey });
    const { ref, bytes } = key.seal('text', 'select 1');
    expect(Buffer.from(decryptBlob(openSessionKey(wrapped, reader.privateKey, day.privateKey), ref, bytes)).toString()).toBe('select 1');
    expect(() => openSessionKey(wrapped, reader.privateKey)).toThrowError(expect.objectContaining({ code: 'ERR_DAY_KEY_NEEDED' }));
    expect(() => openSessionKey(wrapped, reader.privateKey, generateKeyPairSync('x25519').privateKey)).toThrowError(expect.objectContaining({ code: 'ERR_WRAPPED_KEY' }));
    expect(() => openSessionKey(wrapped, day.privateKey, day.privateKey)).toThrowError(expect.objectContaining({ code: 'ERR_WRONG_READER_KEY' }));
  });

  it('cannot be moved to another day, nor be made to look as if it were sealed to no day', () => {
    const day = generateKeyPairSync('x25519');
    const { wrapped } = newSessionKey(reader.publicKey, { id: 'standard/2026-11-23/0123456789abcdef', publicKey: day.publicKey });
    expect(() => openSessionKey({ ...wrapped, day: 'long/2026-11-23/0123456789abcdef' }, reader.privateKey, day.privateKey)).toThrowError(expect.objectContaining({ code: 'ERR_WRAPPED_KEY' }));
    const { day: _, ...bare } = wrapped;
    expect(() => openSessionKey(bare, reader.privateKey, day.privateKey)).toThrowError(expect.objectContaining({ code: 'ERR_WRAPPED_KEY' }));
  });
});
