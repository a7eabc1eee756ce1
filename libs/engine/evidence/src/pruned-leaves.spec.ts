import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrunedLeaves } from './pruned-leaves.ts';
import { EventChain } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import { exitCode } from './findings.ts';
import { parseEnvelope } from './parse-envelope.ts';
import { smallLedger } from './testing/small-ledger.ts';
import { Verifier } from './verify.ts';

describe('leaves that were purged', () => {
  it('are those that the ledger names, and no others, whatever overlaps', () => {
    const runs = fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 20 })), { maxLength: 8 });
    fc.assert(
      fc.property(runs, runs, (named, absent) => {
        const pruned = new PrunedLeaves();
        pruned.told({ leaves: named.map(([from, length]) => [from, from + length]) });
        const inside = (list: readonly (readonly [number, number])[]) => new Set(list.flatMap(([from, length]) => Array.from({ length }, (_, i) => from + i)));
        const [names, gone] = [inside(named), inside(absent)];
        const split = pruned.split(absent.map(([from, length]) => ({ from, to: from + length })));
        expect(split.pruned).toBe([...gone].filter((leaf) => names.has(leaf)).length);
        expect(split.missing.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i))).toEqual([...gone].filter((leaf) => !names.has(leaf)).sort((a, b) => a - b));
      }),
    );
  });

  it.each([null, 7, {}, { leaves: 'all' }, { leaves: [[5, 3], ['0', '9'], [0], 4, [0.5, 9]] }])('are none where the ledger says %j', (data) => {
    const pruned = new PrunedLeaves();
    pruned.told(data);
    expect(pruned.split([{ from: 0, to: 9 }])).toEqual({ pruned: 0, missing: [{ from: 0, to: 9 }] });
  });
});

describe('a ledger of which a part was purged', () => {
  const ledger = smallLedger(4);
  const purged = (leaves: number[][]) => {
    const producer = { id: 'evidence', epoch: uuidv7() };
    const chain = new EventChain({ tenant: 'default', sid: producer.epoch, producer }, { who: null, on: null });
    return { bytes: chain.write('retention.purged', { table: 'event_body_201803', class: 'events', from: '', to: '', delivered: 99, leaves, part: 1, parts: 1 }, { id: uuidv7(), pseq: 1, wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 }) };
  };
  const verified = (without: readonly number[], named: number[][]) => {
    const verifier = new Verifier('ledger');
    for (const [i, event] of ledger.entries()) if (!without.includes(i)) verifier.add(event);
    verifier.add(purged(named));
    for (const i of without) verifier.absent({ from: i, to: i + 1, pruned: true });
    return verifier.finish();
  };

  it('is well where the ledger names what is gone', () => {
    expect(verified([0, 1, 2, 3, 4, 5], [[0, 6]])).toMatchObject({ ok: true, pruned: 6, findings: [] });
  });

  it('is not well where something else is gone as well, whatever the source says of it: that is named', () => {
    const found = verified([0, 1, 2, 3, 8], [[0, 4]]);
    expect(found.pruned).toBe(4);
    expect(exitCode(found.findings)).toBe(21);
    expect(found.findings.map(({ say }) => say)).toContain('leaf 8 has no event, and no retention.purged of the ledger names it');
  });

  it('is not well where an event is gone with its place: there are more holes than were purged', () => {
    const verifier = new Verifier('ledger');
    for (const [i, event] of ledger.entries()) if (i > 3 && i !== 9) verifier.add(event);
    verifier.add(purged([[0, 4]]));
    verifier.absent({ from: 0, to: 4, pruned: true });
    expect(verifier.finish().findings.map(({ kind }) => kind)).toContain('gap');
  });

  it('of one session says so by the source’s word', () => {
    const verifier = new Verifier('session');
    const [first] = ledger.map(({ bytes }) => parseEnvelope(bytes).sid);
    const own = ledger.filter(({ bytes }) => parseEnvelope(bytes).sid === first);
    for (const event of own.slice(2)) verifier.add(event);
    verifier.absent({ from: 0, to: 2, pruned: true });
    expect(verifier.finish()).toMatchObject({ ok: true, pruned: 2 });
  });
});
