import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damage, damaged } from '../testing/broken.ts';
import { mintCertificate } from '../testing/mint.ts';
import { MalformedFieldsError } from '../wire/fields.ts';
import { readCertificate } from './certificate.ts';

const keys = [
  generateKeyPairSync('ed25519').publicKey, generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey, generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey, generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
];
const authority = generateKeyPairSync('ed25519').privateKey;
const blobs = keys.map((key) => mintCertificate({ kind: 'user', key, keyId: 'nightly', serial: 7n, principals: ['box', 'deploy@box'], after: 1n, before: 2n, critical: [['source-address', '10.0.0.0/8']], extensions: [['permit-pty', null]] }, authority));

describe('a certificate in whatever bytes', () => {
  it('is read as it was written', () => {
    for (const blob of blobs) expect(readCertificate(blob)).toMatchObject({ kind: 'user', keyId: 'nightly', serial: 7n, principals: ['box', 'deploy@box'], blob });
  });

  it('is read, or refused as malformed, and never anything else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...blobs), damage, (blob, how) => {
        const bytes = damaged(blob, how);
        let read;
        try {
          read = readCertificate(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedFieldsError);
          return;
        }
        // What is read is all of it: signed part and signature, and nothing behind them.
        expect(read.signed.length + 4 + read.signature.length).toBe(bytes.length);
      }),
      { numRuns: 4_000 },
    );
  });
});
