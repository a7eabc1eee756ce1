import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uuidv7 } from '@sallyport/domain-model';
import { EventChain } from '@sallyport/domain-events';
import { exitCode } from './findings.ts';
import { parseEnvelope } from './parse-envelope.ts';
import { smallLedger } from './testing/small-ledger.ts';
import { verify, type StoredEvent } from './verify.ts';

const ledger = smallLedger(2);
const at = (i: number) => ledger[i] ?? { bytes: new Uint8Array() };
const ids = ledger.map(({ bytes }) => parseEnvelope(bytes));
const kinds = (events: readonly StoredEvent[]) => verify(events, 'ledger').findings.map(({ kind }) => kind);
/** True for the last event of each chain: no successor vouches for it. */
const isLast = ids.map((event, i) => !ids.slice(i + 1).some((later) => later.sid === event.sid));

describe('verifying a ledger', () => {
  it('finds nothing wrong with what was written', () => {
    expect(verify(ledger, 'ledger')).toEqual({ ok: true, events: ledger.length, late: 0, pruned: 0, findings: [], notes: [], sessions: { total: 2, open: 0, closed: 2, refused: 0, abandoned: 0 } });
  });

  it('names the event of which any one byte was changed', () => {
    for (const [i, { bytes }] of ledger.entries()) {
      if (isLast[i]) continue;
      for (let byte = 0; byte < bytes.length; byte++) {
        const changed = Uint8Array.from(bytes, (value, at) => (at === byte ? value ^ 1 : value));
        const { findings } = verify(ledger.with(i, { bytes: changed }), 'ledger');
        const named = findings.some(({ where }) => where.index === i || where.id === ids[i]?.id || (where.sid === ids[i]?.sid && where.seq === ids[i]?.seq));
        expect(named, `event ${i}, byte ${byte}: ${JSON.stringify(findings)}`).toBe(true);
      }
    }
  });

  it('names exactly the event whose data was changed, and nothing else', () => {
    for (const [i, { bytes }] of ledger.entries()) {
      const changed = Buffer.from(Buffer.from(bytes).toString().replace('"t":{"wall":"2026', '"t":{"wall":"2025'));
      const { findings } = verify(ledger.with(i, { bytes: changed }), 'ledger');
      if (isLast[i]) continue;
      expect(findings.map(({ kind, where }) => [kind, where.id])).toEqual([['changed', ids[i]?.id]]);
      expect(exitCode(findings)).toBe(20);
    }
  });

  it('finds any change of the last event of a chain by the hash that was noted when it was stored', () => {
    const noted = ledger.map(({ bytes }) => ({ bytes, sha256: hash('sha256', bytes, 'hex') }));
    expect(verify(noted, 'ledger').ok).toBe(true);
    for (const [i, { bytes, sha256 }] of noted.entries()) {
      for (let byte = 0; byte < bytes.length; byte += 7) {
        const changed = Uint8Array.from(bytes, (value, at) => (at === byte ? value ^ 1 : value));
        const { findings } = verify(noted.with(i, { bytes: changed, sha256 }), 'ledger');
        expect(findings.some(({ kind, where }) => where.index === i && (kind === 'changed' || kind === 'malformed'))).toBe(true);
      }
    }
  });

  it('names the number that is missing when any one event was removed', () => {
    for (let i = 0; i < ledger.length; i++) {
      const { findings } = verify(ledger.toSpliced(i, 1), 'ledger');
      const gap = findings.find(({ kind }) => kind === 'gap');
      const last = i === ledger.length - 1;
      if (!last) expect(gap?.where.pseq).toBe(ids[i]?.prod.pseq);
      if (!isLast[i]) expect(findings.some(({ kind, where }) => kind === 'missing' && where.sid === ids[i]?.sid && where.seq === ids[i]?.seq)).toBe(true);
      if (!last) expect(exitCode(findings)).toBe(21);
    }
  });

  it('sees a session whose end was cut off as open, not as closed', () => {
    expect(verify(ledger.slice(0, -1), 'ledger').sessions).toMatchObject({ open: 1, closed: 1 });
  });

  it('counts an event that came late, and calls it reordered where the order of the chain is promised', () => {
    const own = ledger.filter((_, i) => ids[i]?.sid === ids[0]?.sid);
    for (let i = 0; i + 1 < own.length; i++) {
      const [a, b] = [own[i], own[i + 1]];
      if (a === undefined || b === undefined) continue;
      const swapped = own.with(i, b).with(i + 1, a);
      const { findings } = verify(swapped, 'session');
      expect(findings.map(({ kind, where }) => [kind, where.index])).toEqual([['reordered', i + 1]]);
    }
    expect(verify([at(1), at(0), ...ledger.slice(2)], 'ledger')).toMatchObject({ ok: true, late: 0 });
    expect(verify([...ledger].reverse(), 'ledger')).toMatchObject({ ok: true });
    expect(verify([...ledger].reverse(), 'ledger').late).toBeGreaterThan(0);
  });

  it('names an event that is there twice, wherever the copy stands', () => {
    for (let i = 0; i < ledger.length; i++) {
      for (let to = 0; to <= ledger.length; to++) {
        const { findings } = verify(ledger.toSpliced(to, 0, at(i)), 'ledger');
        expect(findings.length).toBeGreaterThan(0);
        expect(findings.every(({ kind, where }) => kind === 'extra' && where.id === ids[i]?.id)).toBe(true);
      }
    }
  });

  it('tells the forged event from the one that its successors vouch for, whichever came first', () => {
    const original = Buffer.from(at(2).bytes).toString();
    const forged = { bytes: Buffer.from(original.replace(ids[2]?.id ?? '', uuidv7())) };
    const forgedId = parseEnvelope(forged.bytes).id;
    for (const events of [ledger.toSpliced(2, 0, forged), ledger.toSpliced(3, 0, forged), [...ledger, forged]]) {
      const chain = verify(events, 'session').findings.filter(({ kind }) => kind === 'extra');
      expect(chain.map(({ where }) => where.id)).toEqual([forgedId]);
    }
  });

  it('does not take an event after the end of a session, nor one of another producer', () => {
    const last = ids[ids.length - 1];
    const chain = new EventChain({ tenant: 'default', sid: last?.sid ?? '', producer: { id: 'gw-9', epoch: uuidv7() } }, { who: null, on: null }, { seq: (last?.seq ?? 0) + 1, prev: hash('sha256', at(ledger.length - 1).bytes, 'hex') });
    const bytes = chain.write('mask.failed_closed', { command: 'c', why: 'w' }, { id: uuidv7(), pseq: 1, wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 });
    expect(kinds([...ledger, { bytes }])).toEqual(['extra', 'extra']);
  });

  it('finds a session that the ledger called abandoned and whose tail was cut off, or which is nowhere', () => {
    const service = { id: 'evidence', epoch: uuidv7() };
    const own = new EventChain({ tenant: 'default', sid: service.epoch, producer: service }, { who: null, on: null });
    const bytes = own.write('session.abandoned', { session: ids[0]?.sid ?? '', last_seq: 2, why: 'epoch ended' }, { id: uuidv7(), pseq: 1, wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 });
    const until = (seq: number) => [...ledger.filter((_, i) => ids[i]?.sid === ids[0]?.sid && (ids[i]?.seq ?? 0) <= seq), { bytes }];
    expect(verify(until(2), 'session')).toMatchObject({ ok: true, sessions: { abandoned: 1, open: 0 } });
    expect(verify(until(1), 'session').findings).toMatchObject([{ kind: 'missing', where: { sid: ids[0]?.sid, seq: 2 } }]);
    expect(verify(until(3), 'session').findings).toMatchObject([{ kind: 'unclosed' }]);
    expect(verify([{ bytes }], 'ledger').findings).toMatchObject([{ kind: 'missing', where: { sid: ids[0]?.sid } }]);
  });

  it('names the event whose ciphertext is missing, changed or not its own', () => {
    const with0 = ledger.findIndex((_, i) => (ids[i]?.blobs.length ?? 0) > 0);
    const blob = at(with0).blobs?.[0] ?? new Uint8Array();
    for (const blobs of [[], [Uint8Array.from(blob, (byte) => byte ^ 1)], [blob, new Uint8Array(3)]]) {
      const { findings } = verify(ledger.with(with0, { ...at(with0), blobs }), 'ledger');
      expect(findings[0]).toMatchObject({ kind: 'blob', where: { id: ids[with0]?.id } });
    }
  });

  it('is never silent about any mixture of removals, doublings and changes, and never throws on any bytes', () => {
    const edit = fc.record({ at: fc.nat(ledger.length - 2), how: fc.constantFrom('remove', 'double', 'change', 'garbage'), bytes: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(
      fc.property(fc.uniqueArray(edit, { minLength: 1, maxLength: 4, selector: (e) => e.at }), (edits) => {
        const events = ledger.flatMap((event, i) => {
          const how = edits.find((e) => e.at === i);
          if (how === undefined) return [event];
          if (how.how === 'remove') return [];
          if (how.how === 'double') return [event, event];
          if (how.how === 'garbage') return [{ bytes: how.bytes }];
          return isLast[i] ? [event, event] : [{ bytes: Buffer.from(Buffer.from(event.bytes).toString().replace('"blobs":[', '"blobs":[ ')) }];
        });
        expect(verify(events, 'ledger').ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
