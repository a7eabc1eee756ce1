import { describe, expect, it } from 'vitest';
import type { Envelope } from '@sallyport/domain-events';
import { indexRow, words } from './index-row.ts';

const sid = '01900000-0000-7000-8000-000000000001';
const event = (type: string, d: unknown): Envelope =>
  JSON.parse(JSON.stringify({ v: 1, id: sid, type, tenant: 'default', sid, seq: 0, prev: '', prod: { id: 'gw-1', epoch: sid, pseq: 1 }, t: { wall: '2026-11-22T10:00:00.000001Z', mono_us: 1 }, who: { id: 'machine:m', npid: null, iss: null, tok: null, jti: null, owner: null }, on: { target: 't', kind: 'k', env: 'e' }, auth: null, d, blobs: [] }));

describe('what lists need of an event', () => {
  it('counts commands, refusals and results, and follows a session', () => {
    expect(indexRow(event('command.decided', { decision: 'deny' }))).toMatchObject({ commands: 1, denied: 1, held: 0 });
    expect(indexRow(event('command.settled', { results: [{ rows: 2, bytes: 10 }, { rows: 3, bytes: 5 }] }))).toMatchObject({ commands: 0, rows: 5, bytes: 15 });
    expect(indexRow(event('session.opened', { protocol: 'postgres' })).state).toMatchObject({ sid, state: 'open', machine: 'm', target: 't', protocol: 'postgres' });
    expect(indexRow(event('session.abandoned', { session: sid, last_seq: 7 })).state).toMatchObject({ state: 'abandoned', abandoned_seq: 7 });
  });

  it('takes no offence at data of another shape, and hands the database nothing that it refuses', () => {
    for (const d of [{}, { decision: 1, results: 'x', session: '\0', protocol: 3 }, { results: [null, 1, { rows: -1, bytes: 'x' }, { rows: Number.MAX_SAFE_INTEGER }] }]) {
      for (const type of ['command.decided', 'command.settled', 'session.opened', 'session.refused', 'session.closed', 'session.abandoned', 'some.thing']) expect(() => indexRow(event(type, d))).not.toThrow();
    }
    expect(indexRow(event('session.abandoned', { session: 'not a session' })).state).toBe(null);
    expect(indexRow(event('command.settled', { results: Array.from({ length: 64 }, () => ({ rows: Number.MAX_SAFE_INTEGER, bytes: 0 })) })).rows).toBeLessThan(2 ** 45);
    expect(words('a\0b\ud800')).toBe('ab\ufffd');
    expect(words('x'.repeat(1000))).toHaveLength(256);
  });
});
