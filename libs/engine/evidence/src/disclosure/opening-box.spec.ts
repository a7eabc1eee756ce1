import { generateKeyPairSync, hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { conceal, opened } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import { openSessionKey } from '../open-session.ts';
import { parseEnvelope } from '../parse-envelope.ts';
import { newSessionKey } from '../session-key.ts';
import { SessionRecorder } from '../session-recorder.ts';
import { FakeLog, tickingClock } from '../testing/fake-log.ts';
import { reader } from '../testing/small-ledger.ts';
import { verifySession } from '../verify/verify-session.ts';
import { openingSealer, openOpenings, sessionOpenings } from './opening-box.ts';

const seal = openingSealer(reader.publicKey);
const { disclosures } = conceal('approval.rejected', { approval: 'a', by: 'bob' }, { id: 'person:bob', npid: null, iss: null, tok: null, jti: null, owner: null });

describe('a box of openings', () => {
  it('is opened by the reader alone, and holds no name in the clear', () => {
    const { ref, bytes } = seal(disclosures);
    expect(openOpenings(ref, bytes, { reader: reader.privateKey })).toEqual(disclosures);
    expect(() => openOpenings(ref, bytes, { reader: generateKeyPairSync('x25519').privateKey })).toThrow('sealed to reader');
    for (const text of disclosures) expect(Buffer.from(bytes).includes(text)).toBe(false);
  });
  it('is not opened when any byte of it is another one; and when the reference is made to fit, opens nothing that the event commits to', () => {
    const { ref, bytes } = seal(disclosures);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes).with(at, (bytes[at] ?? 0) ^ 1);
      expect(() => openOpenings(ref, changed, { reader: reader.privateKey })).toThrow('not the one of');
      expect(attempt(() => openOpenings({ ...ref, ct_sha256: hashOf(changed) }, changed, { reader: reader.privateKey })), `byte ${at}`).not.toEqual(disclosures);
    }
    for (const bad of [Buffer.of(), Buffer.of(1, 2, 3), Buffer.of(1, 0, 2, 0x7b, 0x7d)]) expect(() => openOpenings({ ...ref, len: bad.length, ct_sha256: hashOf(bad) }, bad, { reader: reader.privateKey })).toThrow('no box');
  });
  it('never uses a place of a key stream twice, over more boxes than one key serves', () => {
    const boxes = Array.from({ length: 2100 }, () => seal(disclosures));
    expect(new Set(boxes.map(({ bytes }) => Buffer.from(bytes).toString('utf8', 3, Buffer.from(bytes).readUInt16BE(1) + 3))).size).toBe(2100);
    expect(boxes.every(({ ref, bytes }) => openOpenings(ref, bytes, { reader: reader.privateKey }).join() === disclosures.join())).toBe(true);
  });
  it('ends with the key of its day', () => {
    const day = generateKeyPairSync('x25519');
    const { ref, bytes } = openingSealer(reader.publicKey, () => ({ id: 'people/2026-11-23/1', publicKey: day.publicKey }))(disclosures);
    expect(openOpenings(ref, bytes, { reader: reader.privateKey, dayKeyOf: (id) => (id === 'people/2026-11-23/1' ? day.privateKey : null) })).toEqual(disclosures);
    expect(() => openOpenings(ref, bytes, { reader: reader.privateKey })).toThrow('day');
  });
});

describe('a session that is recorded with openings', () => {
  it('has the client’s address in a box only, and its chain holds', () => {
    const log = new FakeLog(uuidv7());
    const { key, wrapped } = newSessionKey(reader.publicKey);
    const recorder = new SessionRecorder({ tenant: 'default', session: uuidv7(), who: null, on: null, log, clock: tickingClock(), key, openings: sessionOpenings(key) });
    recorder.record('session.opened', { protocol: 'postgres', role: null, source: '203.0.113.77', client: null, evidence: 'strict', lease: 'l', policy: 1, mask_plan: null, key: wrapped });
    recorder.close({ by: 'client', why: 'terminated', commands: 0, denied: 0, held: 0, rows: 0, bytes: 0 });
    expect(log.events.some(({ bytes }) => Buffer.from(bytes).includes('203.0.113.77'))).toBe(false);
    const [first] = log.events;
    const event = parseEnvelope(first?.bytes ?? new Uint8Array());
    const [ref] = event.blobs;
    if (ref === undefined) throw new Error('no box');
    const { event: shown } = opened(event, openOpenings(ref, first?.blobs[0] ?? new Uint8Array(), { reader: reader.privateKey, session: openSessionKey(wrapped, reader.privateKey) }));
    expect(() => openOpenings(ref, first?.blobs[0] ?? new Uint8Array(), { reader: reader.privateKey })).toThrow('session');
    expect(shown.d).toMatchObject({ source: '203.0.113.77', protocol: 'postgres' });
    expect(log.events.map(({ bytes }) => parseEnvelope(bytes).blobs.length)).toEqual([1, 0]);
    expect(verifySession(Buffer.concat(log.events.flatMap(({ bytes }) => [bytes, Buffer.from('\n')])))).toMatchObject({ verdict: 'ok' });
  });
});

const hashOf = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}
