import { describe, expect, it } from 'vitest';
import { formatCheckpoint, openCheckpoint } from './checkpoint.ts';
import { cosignatureVerifier, cosignaturesOf, cosignedMessage, cosigner } from './cosignature.ts';
import { formatNote, noteSigner, noteVerifier, parseNote, verifyNote, type NoteSignature } from './signed-note.ts';
import { signingKeyOf } from './signing-key.ts';
import { formatVerifierKey, parseVerifierKey } from './verifier-key.ts';

describe('a public checkpoint of a certificate log with cosignatures of public witnesses, as published', () => {
  const note = [
    'arche2025h1.staging.ct.transparency.dev\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n',
    '— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=',
    '— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=',
    '— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==',
    '— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==',
    '— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==',
    '— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==\n',
  ].join('\n');
  const log = noteVerifier(parseVerifierKey('arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f'));
  const remora = cosignatureVerifier(parseVerifierKey('remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2'));

  it('verifies by the log and by the witness whose key is published, at its time; the signatures of other kinds are ignored', () => {
    const opened = openCheckpoint(note, [log], (origin) => origin === 'arche2025h1.staging.ct.transparency.dev');
    expect(opened.checkpoint.size).toBe(1_432_088_532);
    expect(cosignaturesOf(parseNote(note), [remora])).toEqual([{ name: 'remora.n621.de', keyId: 0xda77ade7, time: 0x6a122120 }]);
  });

  it('is refused with another size, another time, or another root', () => {
    for (const altered of [note.replace('1432088532', '1432088531'), note.replace('2net5wAAAABqEiEg', '2net5wAAAABqEiEh'), note.replace('U7WM79', 'U7WM78')]) {
      expect(() => cosignaturesOf(parseNote(altered), [remora])).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_SIGNATURE' }));
    }
  });
});

describe('the message of C2SP tlog-cosignature', () => {
  it('is the one of its example (whose key is not published: the message only)', () => {
    const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
    expect(Buffer.from(cosignedMessage(text, 1_679_315_147)).toString()).toBe(`cosignature/v1\ntime 1679315147\n${text}`);
  });
});

describe('a cosignature', () => {
  const key = signingKeyOf(new Uint8Array(32).fill(5));
  const witness = cosigner('witness.example/w1', key);
  const verifier = cosignatureVerifier(witness.key);
  const log = noteSigner('log.example/a', signingKeyOf(new Uint8Array(32).fill(6)));
  const text = formatCheckpoint({ origin: 'log.example/a/0', size: 5, root: new Uint8Array(32).fill(1) });

  it('has a time, holds beside the log’s signature, and its key another id than the same key for plain notes', () => {
    const note = formatNote({ text, signatures: [log.sign(text), witness.cosign(text, 1_800_000_000)] });
    expect(cosignaturesOf(parseNote(note), [verifier])).toEqual([{ name: 'witness.example/w1', keyId: witness.key.keyId, time: 1_800_000_000 }]);
    expect(verifyNote(note, [noteVerifier(log.key)]).signatures).toHaveLength(1);
    expect(noteSigner('witness.example/w1', key).key.keyId).not.toBe(witness.key.keyId);
    expect(parseVerifierKey(formatVerifierKey(witness.key))).toEqual(witness.key);
  });

  it('does not stand for a plain signature, nor a plain one for it', () => {
    const plain = noteSigner('witness.example/w1', key);
    const asCosignature = { ...plain.sign(text), keyId: witness.key.keyId };
    const asPlain = { ...witness.cosign(text, 1), keyId: plain.key.keyId };
    expect(() => cosignaturesOf({ text, signatures: [asCosignature] }, [verifier])).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_SIGNATURE' }));
    expect(() => verifyNote(formatNote({ text, signatures: [asPlain] }), [noteVerifier(plain.key)])).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_SIGNATURE' }));
    expect(() => cosignatureVerifier(plain.key)).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_KEY' }));
    expect(() => cosignaturesOf({ text, signatures: [plain.sign(text)] }, [noteVerifier(plain.key)])).toThrowError(expect.objectContaining({ code: 'ERR_COSIGNATURE_TIME' }));
  });

  it('is refused with any one bit altered, time and all', () => {
    const good = witness.cosign(text, 1_800_000_000);
    for (let bit = 0; bit < good.signature.length * 8; bit++) {
      const signature = good.signature.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << bit % 8) : byte));
      expect(verifier.verify(text, signature)).toBe(false);
    }
    for (const length of [0, 64, 71, 73]) expect(verifier.verify(text, new Uint8Array(length))).toBe(false);
  });

  it('is none for unknown witnesses, and is refused when two trusted keys share its name and id', () => {
    const note: { text: string; signatures: NoteSignature[] } = { text, signatures: [witness.cosign(text, 1)] };
    expect(cosignaturesOf(note, [])).toEqual([]);
    expect(cosignaturesOf(note, [cosignatureVerifier(cosigner('witness.example/w2', key).key)])).toEqual([]);
    expect(() => cosignaturesOf(note, [verifier, verifier])).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_AMBIGUOUS_KEY' }));
  });

  it('is given to checkpoints only, at a time only', () => {
    for (const other of ['', 'hello\n', `${text}extension\n`, text.slice(0, -1)]) expect(() => witness.cosign(other, 1)).toThrowError(expect.objectContaining({ code: 'ERR_CHECKPOINT' }));
    for (const time of [0, -1, 1.5, NaN, 2 ** 53]) expect(() => witness.cosign(text, time)).toThrowError(expect.objectContaining({ code: 'ERR_COSIGNATURE_TIME' }));
  });
});
