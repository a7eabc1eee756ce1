import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompactRange } from '../merkle/compact-range.ts';
import { signCheckpoint } from '../note/checkpoint.ts';
import { noteSigner } from '../note/signed-note.ts';
import { signingKeyOf } from '../note/signing-key.ts';
import { formatVerifierKey } from '../note/verifier-key.ts';
import { LedgerLog } from './ledger-log.ts';

const log = 'bank.example/ledger';
const signer = noteSigner(log, signingKeyOf(new Uint8Array(32).fill(7)));
const stranger = noteSigner(log, signingKeyOf(new Uint8Array(32).fill(8)));
const vkey = formatVerifierKey(signer.key);

const leaf = (n: number) => new Uint8Array(32).fill(n % 251).fill(n >> 8, 0, 4);
const leavesOf = (count: number) => Array.from({ length: count }, (_, n) => leaf(n));

function note(leaves: readonly Uint8Array[], size: number, epoch = 1, by = signer) {
  const tree = new CompactRange();
  tree.appendAll(leaves.slice(0, size));
  return { name: `kept-${size}`, bytes: new TextEncoder().encode(signCheckpoint({ origin: `${log}/${epoch}`, size, root: tree.root() }, by)) };
}

const second = (n: number) => `2026-11-22T10:00:${String(n % 60).padStart(2, '0')}.000000Z`;

function check(leaves: readonly Uint8Array[], kept: readonly ReturnType<typeof note>[], keys = [vkey]) {
  const ledger = new LedgerLog(kept, keys);
  for (const [n, hash] of leaves.entries()) ledger.add(n, hash, second(n));
  return ledger.finish();
}

describe('a ledger held against kept checkpoints', () => {
  it('agrees with its own, and says how far they reach', () => {
    const leaves = leavesOf(50);
    expect(check(leaves, [note(leaves, 40), note(leaves, 10)])).toMatchObject({ verdict: 'ok', exitCode: 0, notes: ['the first 40 leaves are those of kept-40 (bank.example/ledger/1)', expect.stringMatching(/^10 leaves are newer/)] });
  });

  it('that was changed anywhere is named with the checkpoints between which it happened, and since when', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fc.nat(), fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }), (count, at, sizes) => {
        const leaves = leavesOf(count);
        const within = sizes.map((size) => ((size - 1) % count) + 1);
        const changed = leaves.map((hash, n) => (n === at % count ? new Uint8Array(32).fill(255) : hash));
        const [before, after] = [Math.max(0, ...within.filter((size) => size <= at % count)), Math.min(...within.filter((size) => size > at % count))];
        const { faults, exitCode } = check(changed, [...new Set(within)].map((size) => note(leaves, size)));
        if (after === Infinity) return void expect(faults).toEqual([]);
        expect(faults).toEqual([expect.objectContaining({ kind: 'root', where: expect.objectContaining({ leaf: before, file: `kept-${after}` }), say: expect.stringContaining(`among leaves ${before} to ${after - 1}, written since ${second(before)},`) })]);
        expect(exitCode).toBe(20);
      }),
    );
  });

  it('whose end is gone, or a piece of it, is incomplete and says from where', () => {
    const leaves = leavesOf(30);
    const short = check(leaves.slice(0, 20), [note(leaves, 10), note(leaves, 25), note(leaves, 30)]);
    expect(short).toMatchObject({ exitCode: 21, faults: [{ kind: 'missing-leaf', where: { leaf: 20, file: 'kept-25' }, say: `the ledger ends after 20 leaves; kept-25 was signed over 25, others over up to 30: what came after ${second(19)} is gone` }] });
    const ledger = new LedgerLog([note(leaves, 10), note(leaves, 30)], [vkey]);
    for (const [n, hash] of leaves.entries()) if (n < 12 || n > 14) ledger.add(n, hash, second(n));
    expect(ledger.finish()).toMatchObject({ exitCode: 21, faults: [{ kind: 'missing-leaf', where: { leaf: 12 }, say: `leaves 12 to 14 are not in the ledger (after ${second(11)}, before ${second(15)})` }], notes: [expect.stringMatching(/^1 checkpoints over more than 12 leaves could not be held/), expect.anything()] });
  });

  it('with a place twice is tampered with', () => {
    const leaves = leavesOf(5);
    const ledger = new LedgerLog([note(leaves, 5)], [vkey]);
    for (const n of [0, 1, 1, 2, 3, 4]) ledger.add(n, leaf(n), null);
    expect(ledger.finish()).toMatchObject({ exitCode: 20, faults: [{ kind: 'leaf', where: { leaf: 1 } }] });
  });

  it('and two signed roots for one size are a fork, ledger or no ledger', () => {
    const leaves = leavesOf(9);
    const other = leavesOf(9).reverse();
    const { faults } = check(leaves, [note(leaves, 9), { ...note(other, 9), name: 'from the SIEM' }]);
    expect(faults.map(({ kind }) => kind)).toEqual(['fork', 'root']);
  });

  it('that was set back goes on under another epoch: checkpoints over lost leaves do not agree, the later ones do', () => {
    const before = leavesOf(40);
    const after = [...before.slice(0, 20), ...leavesOf(80).slice(50)];
    expect(check(after, [note(before, 10), note(before, 40), note(after, 50, 2)])).toMatchObject({ exitCode: 20, faults: [{ kind: 'root', where: { leaf: 10, file: 'kept-40' } }], notes: [expect.stringContaining('kept-50')] });
  });

  it('believes no key but those that were given', () => {
    const leaves = leavesOf(5);
    expect(check(leaves, [note(leaves, 5, 1, stranger)])).toMatchObject({ exitCode: 22 });
    expect(check(leaves, [note(leaves, 5)], [])).toMatchObject({ exitCode: 22 });
    expect(check(leaves, [{ name: 'junk', bytes: new TextEncoder().encode('junk') }])).toMatchObject({ exitCode: 20, faults: [{ kind: 'signature' }] });
    expect(() => new LedgerLog([], ['no key'])).toThrow();
  });

  it('of nothing agrees with nothing', () => {
    expect(check([], [])).toEqual({ verdict: 'ok', exitCode: 0, faults: [], notes: [] });
  });
});
