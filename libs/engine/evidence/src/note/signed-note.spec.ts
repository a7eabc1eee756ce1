import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signingKeyFromPem } from './ed25519-pem.ts';
import { verifyEd25519 } from './ed25519.ts';
import { formatNote, formatSignature, noteSigner, noteVerifier, parseNote, parseSignature, signaturesOf, signNote, verifyNote } from './signed-note.ts';
import { signingKeyOf } from './signing-key.ts';
import { formatVerifierKey, parseVerifierKey, verifierKey } from './verifier-key.ts';

// golang.org/x/mod/sumdb/note, note_test.go: keys, note and signatures.
const peterKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const peterSeed = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1);
const enochKey = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop';
const text = 'If you think cryptography is the answer to your problem,\nthen you don\'t know what your problem is.\n';
const peterLine = '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const enochLine = '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n';
const peter = noteVerifier(parseVerifierKey(peterKey));
const enoch = noteVerifier(parseVerifierKey(enochKey));

describe('the example of C2SP signed-note, section "Verifier keys"', () => {
  const key = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
  const note = 'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';

  it('verifies, and its key is written as it was read', () => {
    const parsed = parseVerifierKey(key);
    expect(parsed).toMatchObject({ name: 'example.com/foo', keyId: 0x530d903a, type: 1 });
    expect(formatVerifierKey(parsed)).toBe(key);
    expect(verifyNote(note, [noteVerifier(parsed)]).text).toBe('This is an example message.\n');
    expect(verifyNote(Buffer.from(note), [noteVerifier(parsed)]).text).toBe('This is an example message.\n');
    expect(formatNote(parseNote(note))).toBe(note);
  });
});

describe('the example of C2SP signed-note with empty lines in the text (its key is not published: its form only)', () => {
  it('is read and written again', () => {
    const note = 'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n';
    const parsed = parseNote(note);
    expect(parsed.text.endsWith('sera.\n')).toBe(true);
    expect(parsed.signatures.map(({ name, signature }) => [name, signature.length])).toEqual([['quasimodo.example/salvatore', 64]]);
    expect(formatNote(parsed)).toBe(note);
  });
});

describe('the vectors of golang.org/x/mod/sumdb/note', () => {
  it('are signed byte for byte', () => {
    const signer = noteSigner('PeterNeumann', signingKeyOf(peterSeed));
    expect(formatVerifierKey(signer.key)).toBe(peterKey);
    expect(signNote(text, signer)).toBe(`${text}\n${peterLine}`);
  });

  it('verify with one key, both, or are refused with none', () => {
    const note = `${text}\n${peterLine}${enochLine}`;
    expect(verifyNote(note, [peter]).signatures.map(({ name }) => name)).toEqual(['PeterNeumann']);
    expect(verifyNote(note, [peter, enoch]).signatures.map(({ name }) => name)).toEqual(['PeterNeumann', 'EnochRoot']);
    expect(() => verifyNote(note, [])).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_UNVERIFIED' }));
  });

  it('are refused with a trusted key twice, if it has signed', () => {
    expect(() => verifyNote(`${text}\n${enochLine}`, [enoch, peter, enoch])).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_AMBIGUOUS_KEY' }));
    expect(verifyNote(`${text}\n${peterLine}`, [enoch, peter, enoch]).signatures).toHaveLength(1);
  });

  it('are refused with more than a hundred signatures, and with one of a trusted key that does not hold', () => {
    expect(() => verifyNote(`${text}\n${peterLine.repeat(101)}`, [peter])).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_MALFORMED' }));
    expect(verifyNote(`${text}\n${peterLine.repeat(100)}`, [peter]).signatures).toHaveLength(100);
    const wrong = `${peterLine.slice(0, 60)}ABCD${peterLine.slice(60)}`;
    expect(() => verifyNote(`${text}\n${wrong}`, [peter])).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_SIGNATURE' }));
    expect(() => verifyNote(`${text}\n${peterLine}${wrong}`, [peter])).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_SIGNATURE' }));
  });

  it('have these malformed notes', () => {
    const bad = [text, `${text}\n`, `${text}\n${peterLine.slice(0, -1)}`, `\u0001${text}\n${peterLine}`, `${text}\n— Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`, `${text}\n${peterLine}Unexpected line.\n`];
    for (const note of bad) expect(() => verifyNote(note, [peter]), note).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_MALFORMED' }));
    expect(() => verifyNote(Buffer.concat([Buffer.of(0xff), Buffer.from(`${text}\n${peterLine}`)]), [peter])).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_MALFORMED' }));
  });

  it('have these malformed keys: every part of a key, every byte raised by one, another length, another type', () => {
    for (let from = 0; from <= peterKey.length; from++) for (let to = from + 1; to <= peterKey.length; to++) if (to - from < peterKey.length) expect(() => parseVerifierKey(peterKey.slice(from, to))).toThrow();
    for (let at = 0; at < peterKey.length; at++) expect(() => parseVerifierKey(`${peterKey.slice(0, at)}${String.fromCharCode(peterKey.charCodeAt(at) + 1)}${peterKey.slice(at + 1)}`)).toThrow();
    for (const key of ['PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==', 'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW']) expect(() => parseVerifierKey(key)).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_KEY' }));
  });
});

describe('a signed note', () => {
  const signer = noteSigner('log.example/a', signingKeyOf(new Uint8Array(32).fill(7)));
  const own = noteVerifier(signer.key);

  it('comes back as it was written, whatever its text', () => {
    const lines = fc.array(fc.string({ unit: 'binary' }).map((line) => line.replaceAll(/\p{Cc}/gu, '')), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(lines, (some) => {
        const body = `${some.join('\n')}\n`;
        const verified = verifyNote(Buffer.from(signNote(body, signer)), [own]);
        expect(verified.text).toBe(body);
      }),
    );
  });

  it('is refused with any one bit altered: nothing of it is free', () => {
    const note = Buffer.from(signNote('log.example/a\n7\nroot\n', signer));
    for (let bit = 0; bit < note.length * 8; bit++) {
      const altered = Buffer.from(note);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << bit % 8);
      expect(() => verifyNote(altered, [own])).toThrowError(expect.objectContaining({ code: expect.stringMatching(/^ERR_NOTE_(MALFORMED|SIGNATURE|UNVERIFIED)$/) }));
    }
  });

  it('may bear signatures of unknown keys, of a known name with another id, and of a known id with another name', () => {
    const known = signer.sign(text);
    const others = [{ ...known, keyId: known.keyId + 1 }, { ...known, name: 'log.example/b' }, { name: 'post-quantum.example', keyId: 6, signature: new Uint8Array(2_428) }];
    const note = formatNote({ text, signatures: [...others, known] });
    expect(verifyNote(note, [own]).signatures).toEqual([known]);
    expect(() => verifyNote(formatNote({ text, signatures: others }), [own])).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_UNVERIFIED' }));
    expect(signaturesOf(parseNote(note), [])).toEqual([]);
  });

  it('takes sixteen signatures of five thousand bytes', () => {
    const large = Array.from({ length: 16 }, (_, i) => ({ name: `w${i}`, keyId: i, signature: new Uint8Array(5_000) }));
    expect(verifyNote(formatNote({ text, signatures: [...large, signer.sign(text)] }), [own]).signatures).toHaveLength(1);
  });

  it('is refused in any form but its one', () => {
    const line = formatSignature(signer.sign(text));
    const variants = [
      line.replace('—', '-'), line.replace('— ', '—'), line.replace('— ', '—  '), ` ${line}`, line.replace('\n', ' \n'), line.replace('\n', '\r\n'), `${line}\n`, line.replace('=\n', '\n'),
      line.replace('log.example/a ', ''), line.replace('log.example/a', ''), line.replace('log.example/a', 'log+a'), line.replace('log.example/a', 'log\u00a0a'), line.replace('log.example/a', 'log\u0085a'),
      line.replaceAll('+', '-'), '— log.example/a AAAA\n', '— log.example/a AAAAAA==\n', `${line.slice(0, 40)}\t${line.slice(40)}`,
    ];
    for (const variant of variants) if (variant !== line) expect(() => parseNote(`${text}\n${variant}`), JSON.stringify(variant)).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_MALFORMED' }));
    expect(() => parseNote(`\ud800${text}\n${line}`)).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_MALFORMED' }));
    expect(() => parseNote(`${'a'.repeat(300_000)}\n\n${line}`)).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_MALFORMED' }));
    expect(parseSignature(line)).toEqual(parseSignature(line.trimEnd()));
  });

  it('keeps a byte order mark as part of the signed text', () => {
    const note = Buffer.from(signNote(text, signer));
    expect(() => verifyNote(Buffer.concat([Buffer.from('\ufeff'), note]), [own])).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_SIGNATURE' }));
  });

  it('is not written for texts and names that notes cannot carry', () => {
    for (const body of ['', 'abc', 'a\tb\n', 'a\r\n', '\ud800\n']) expect(() => signNote(body, signer), JSON.stringify(body)).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_TEXT' }));
    for (const name of ['', 'a b', 'a+b', 'a\n', 'a\u2003b', 'a\u0007', '\ud800', 'a'.repeat(256)]) expect(() => noteSigner(name, signingKeyOf(new Uint8Array(32))), JSON.stringify(name)).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_NAME' }));
    expect(() => signNote(text)).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_MALFORMED' }));
  });
});

describe('keys', () => {
  it('are made from a PEM file as from their seed; others are refused without a word of them', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const key = signingKeyFromPem(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
    const message = Buffer.from('message');
    expect(verifyEd25519(key.publicKey, message, key.sign(message))).toBe(true);
    const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
    expect(signingKeyOf(seed).publicKey).toEqual(key.publicKey);
    expect(signingKeyOf(seed).sign(message)).toEqual(key.sign(message));
    expect(() => signingKeyFromPem(generateKeyPairSync('x25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())).toThrow('not an Ed25519 key');
    expect(() => signingKeyFromPem('-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n')).toThrow(/^not a private key in PEM$/);
    expect(() => signingKeyOf(new Uint8Array(31))).toThrow(RangeError);
  });

  it('meet RFC 8032, section 7.1, test 2', () => {
    const key = signingKeyOf(Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex'));
    expect(Buffer.from(key.publicKey).toString('hex')).toBe('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c');
    expect(Buffer.from(key.sign(Buffer.of(0x72))).toString('hex')).toBe('92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00');
  });

  it('verify nothing with a key, signature or message of another form', () => {
    const key = signingKeyOf(new Uint8Array(32));
    const [message, signature] = [Buffer.from('m'), key.sign(Buffer.from('m'))];
    expect(verifyEd25519(key.publicKey, message, signature)).toBe(true);
    for (const [publicKey, signed] of [[key.publicKey.subarray(1), signature], [key.publicKey, signature.subarray(1)], [new Uint8Array(0), signature], [key.publicKey, new Uint8Array(64)], [new Uint8Array(32).fill(255), signature]] as const) expect(verifyEd25519(publicKey, message, signed)).toBe(false);
  });

  it('of another type are not taken for plain signatures', () => {
    expect(() => noteVerifier(verifierKey('w', 4, new Uint8Array(32)))).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_KEY' }));
  });
});
