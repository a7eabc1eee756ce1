import { describe, expect, it } from 'vitest';
import { EvidenceUnavailableError, uuidv7 } from '@sallyport/domain-model';
import { decryptBlob, openSessionKey } from './open-session.ts';
import { parseEnvelope } from './parse-envelope.ts';
import { newSessionKey } from './session-key.ts';
import { SessionRecorder } from './session-recorder.ts';
import { FakeLog, tickingClock } from './testing/fake-log.ts';
import { reader } from './testing/small-ledger.ts';
import { verify } from './verify.ts';

const rest = '"verb":"read","reading":"whole","effects":["read ledger.customers"],"shape":"select $1","fingerprint":null,"kind":"SELECT","rules":["r1"],"say":null}';
const end = { by: 'client', why: 'terminated', commands: 1, denied: 0, held: 0, rows: 1, bytes: 1 };
const settled = (command: string) => ({ command, status: 'SELECT 1', rows: 1, bytes: 10, micros: 5, error: null });

function session() {
  const log = new FakeLog(uuidv7());
  const { key, wrapped } = newSessionKey(reader.publicKey);
  const recorder = new SessionRecorder({ tenant: 'default', session: uuidv7(), who: null, on: null, log, clock: tickingClock(), key });
  recorder.record('session.opened', { protocol: 'postgres', role: null, source: '127.0.0.1', client: null, evidence: 'strict', lease: 'l', policy: 1, mask_plan: null, key: wrapped });
  return { log, recorder, wrapped };
}

const types = (log: FakeLog) => log.events.map(({ bytes }) => parseEnvelope(bytes).type);

describe('a session recorder', () => {
  it('writes a decision from the ready part as an event of the declared shape, with text and parameters sealed', () => {
    const { log, recorder, wrapped } = session();
    const command = uuidv7();
    recorder.decided(command, 'deny', rest, { policy: 1, slice: 's', lease: 'l', approval: null }, 'select 42', Buffer.from('secret'));
    const stored = log.events[1];
    const event = parseEnvelope(stored?.bytes ?? new Uint8Array());
    expect(event.d).toMatchObject({ command, decision: 'deny', verb: 'read', rules: ['r1'] });
    expect(event.auth).toEqual({ policy: 1, slice: 's', lease: 'l', approval: null });
    expect(Buffer.from(stored?.bytes ?? []).toString()).not.toContain('select 42');
    const key = openSessionKey(wrapped, reader.privateKey);
    expect(event.blobs.map((ref, i) => Buffer.from(decryptBlob(key, ref, stored?.blobs[i] ?? new Uint8Array())).toString())).toEqual(['select 42', 'secret']);
  });

  it('collects ends of commands into one event at 64, on flush and at the close', () => {
    const { log, recorder } = session();
    for (let i = 0; i < 130; i++) recorder.settled(settled(uuidv7()));
    expect(types(log)).toEqual(['session.opened', 'command.settled', 'command.settled']);
    expect(recorder.unsettled).toBe(2);
    expect(recorder.flush()).toBe(4);
    expect(recorder.flush()).toBe(null);
    recorder.settled(settled(uuidv7()));
    recorder.close(end);
    expect(types(log).slice(3)).toEqual(['command.settled', 'command.settled', 'session.closed']);
    expect(verify(log.events, 'ledger')).toMatchObject({ ok: true, sessions: { closed: 1, open: 0 } });
  });

  it('decides nothing while the log refuses, still tells how what runs has ended, and goes on with an unbroken chain', () => {
    const { log, recorder } = session();
    recorder.settled(settled(uuidv7()));
    log.refusing = 'the journal is full';
    expect(() => recorder.decided(uuidv7(), 'allow', rest, null, 'select 1', null)).toThrow(EvidenceUnavailableError);
    log.failNext = true;
    expect(() => recorder.flush()).toThrow(EvidenceUnavailableError);
    expect(recorder.unsettled).toBe(1);
    recorder.flush();
    expect(recorder.unsettled).toBe(0);
    log.refusing = null;
    log.failNext = true;
    expect(() => recorder.record('mask.failed_closed', { command: uuidv7(), why: 'x' })).toThrow(EvidenceUnavailableError);
    recorder.decided(uuidv7(), 'allow', rest, null, 'select 1', null);
    recorder.close(end);
    expect(types(log)).toEqual(['session.opened', 'command.settled', 'command.decided', 'session.closed']);
    expect(verify(log.events, 'ledger')).toMatchObject({ ok: true });
  });
});
