import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryAuthority } from './authority.ts';
import { certify, readCertificate, type CertificateContent } from './certificate.ts';
import { readPublicKey, type SshPublicKey } from './public-key.ts';
import { CertificateRefusedError, verifyUserCertificate, type CertificateRefusal } from './verify-certificate.ts';
import { string } from './wire.ts';

const authority = memoryAuthority();
const now = Date.parse('2026-11-23T10:00:00Z');
const at = BigInt(now / 1000);
const subject = newSubject();
const content = (over: Partial<CertificateContent> = {}): CertificateContent => ({ kind: 'user', serial: 7n, keyId: 'k', principals: ['reader@box'], validAfter: at - 60n, validBefore: at + 840n, criticalOptions: new Map(), extensions: [], ...over });
const terms = { authorities: [memoryAuthority().publicKey, authority.publicKey], now, source: '10.0.0.1', principal: 'reader@box' };

function newSubject(): SshPublicKey {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  return readPublicKey(Buffer.concat([string('ssh-ed25519'), string(Buffer.from(x, 'base64url'))]));
}

function outcome(blob: Uint8Array, over: Partial<typeof terms> = {}): CertificateRefusal | 'ok' {
  try {
    verifyUserCertificate(blob, { ...terms, ...over });
    return 'ok';
  } catch (error) {
    if (error instanceof CertificateRefusedError) return error.code;
    throw error;
  }
}
const outcomeOf = async (over: Partial<CertificateContent>, withTerms: Partial<typeof terms> = {}) => outcome(await certify(subject, content(over), authority), withTerms);

describe('a presented certificate', () => {
  it('is taken for its principal, within its times, from its addresses', async () => {
    expect(await outcomeOf({})).toBe('ok');
    expect(await outcomeOf({ criticalOptions: new Map([['source-address', '192.168.0.0/16,10.0.0.0/30']]) })).toBe('ok');
    expect(await outcomeOf({ criticalOptions: new Map([['source-address', '10.0.0.1']]) }, { source: '::ffff:10.0.0.1' })).toBe('ok');
    expect(await outcomeOf({ criticalOptions: new Map([['source-address', '2001:db8::/32']]) }, { source: '2001:db8:1::7' })).toBe('ok');
  });

  it('is refused by name of what is wrong', async () => {
    expect(outcome(await certify(subject, content(), memoryAuthority()))).toBe('certificate-ca-unknown');
    expect(await outcomeOf({ kind: 'host' })).toBe('certificate-kind-wrong');
    expect(await outcomeOf({ validAfter: at + 1n })).toBe('certificate-not-yet-valid');
    expect(await outcomeOf({ validBefore: at })).toBe('certificate-expired');
    expect(await outcomeOf({ validBefore: at + 1n })).toBe('ok');
    expect(await outcomeOf({ criticalOptions: new Map([['force-command', 'true']]) })).toBe('certificate-option-unknown');
    expect(await outcomeOf({ criticalOptions: new Map([['verify-required', ''], ['source-address', '10.0.0.1']]) })).toBe('certificate-option-unknown');
    expect(await outcomeOf({ criticalOptions: new Map([['source-address', '10.0.0.0/8 ']]) })).toBe('certificate-option-malformed');
    expect(await outcomeOf({ criticalOptions: new Map([['source-address', '']]) })).toBe('certificate-option-malformed');
    expect(await outcomeOf({ criticalOptions: new Map([['source-address', '10.0.1.0/24']]) })).toBe('certificate-source-wrong');
    expect(await outcomeOf({ criticalOptions: new Map([['source-address', '10.0.0.0/8']]) }, { source: 'unknown' })).toBe('certificate-source-wrong');
  });

  it('is for the very `[role@]target` that it names: no role is not any role, and no principals is nobody', async () => {
    for (const principal of ['box', 'admin@box', 'reader@box2', 'reader@bo', 'Reader@box', 'reader@box ', '', '*']) expect(await outcomeOf({}, { principal })).toBe('certificate-principal-wrong');
    expect(await outcomeOf({ principals: ['*'] })).toBe('certificate-principal-wrong');
    await expect(certify(subject, content({ principals: [] }), authority)).rejects.toThrow(RangeError);
  });

  it('never verifies when any byte of it was changed, was added or is missing', async () => {
    const blob = await certify(subject, content({ criticalOptions: new Map([['source-address', '10.0.0.1']]), extensions: ['permit-pty'] }), authority);
    for (let i = 0; i < blob.length; i++) {
      for (const bit of [1, 128]) {
        const changed = Buffer.from(blob);
        changed[i] = (changed[i] ?? 0) ^ bit;
        expect(outcome(changed), `byte ${i}`).not.toBe('ok');
      }
      expect(outcome(blob.subarray(0, i))).toBe('certificate-malformed');
    }
    expect(outcome(Buffer.concat([blob, Buffer.from([0])]))).toBe('certificate-malformed');
  });

  it('of any bytes is refused, never more', () => {
    const blob = fc.uint8Array({ maxLength: 600 });
    fc.assert(fc.property(blob, (bytes) => outcome(bytes) === 'certificate-malformed'));
    const typed = blob.map((bytes) => Buffer.concat([string('ssh-ed25519-cert-v01@openssh.com'), string('n'), string(Buffer.alloc(32, 9)), bytes]));
    fc.assert(fc.property(typed, (bytes) => outcome(bytes) === 'certificate-malformed'));
  });

  it('reads as it was written, whatever stands in it', async () => {
    const word = fc.string({ maxLength: 20 }).filter((text) => !text.includes('\0') && text.isWellFormed());
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(word, { minLength: 1, maxLength: 5 }), word, fc.dictionary(word, word, { noNullPrototype: true, maxKeys: 4 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), async (principals, keyId, options, serial) => {
        const over = content({ principals, keyId, serial, criticalOptions: new Map(Object.entries(options)) });
        const read = readCertificate(await certify(subject, over, authority));
        expect({ ...read, criticalOptions: new Map(read.criticalOptions) }).toMatchObject({ ...over, criticalOptions: new Map(Object.entries(options)) });
      }),
      { numRuns: 60 },
    );
  });

  it('with options out of order or twice is malformed, as the format says', async () => {
    const blob = await certify(subject, content({ extensions: ['aa', 'bb'] }), authority);
    const swapped = Buffer.from(blob);
    const from = swapped.indexOf(Buffer.concat([string('aa'), string('')]));
    Buffer.concat([string('bb'), string(''), string('aa'), string('')]).copy(swapped, from);
    expect(outcome(swapped)).toBe('certificate-malformed');
    Buffer.concat([string('aa'), string(''), string('aa'), string('')]).copy(swapped, from);
    expect(outcome(swapped)).toBe('certificate-malformed');
  });
});
