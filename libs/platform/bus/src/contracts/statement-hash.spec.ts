import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bare, plainParameters, statementHash, type StatementTerms } from './statement-hash.ts';

const terms = (change: Partial<StatementTerms> = {}): StatementTerms => ({
  machine: 'nightly', target: 'ledger-db', role: null, slice: 'a'.repeat(64), text: 'delete from ledger.entries where id = $1', parameters: ['7'], effects: ['write ledger.entries', 'read ledger.entries'], ...change,
});

describe('the hash of a statement', () => {
  it('is the same whatever stands around the text, and in whatever order the effects are named', () => {
    expect(statementHash(terms({ text: ' \n delete from ledger.entries where id = $1 ;; \n', effects: ['read ledger.entries', 'write ledger.entries', 'read ledger.entries'] }))).toBe(statementHash(terms()));
  });

  it.each<Partial<StatementTerms>>([
    { machine: 'other' }, { target: 'other' }, { role: 'owner' }, { role: '' }, { slice: 'b'.repeat(64) }, { text: 'delete from ledger.entries where id  = $1' }, { parameters: ['8'] }, { parameters: [null] },
    { parameters: [''] }, { parameters: [] }, { parameters: ['7', '7'] }, { effects: ['write evil.entries', 'read evil.entries'] }, { effects: [] },
  ])('is another with %j', (change) => expect(statementHash(terms(change))).not.toBe(statementHash(terms())));

  it('tells apart what only runs together', () => {
    fc.assert(fc.property(fc.array(fc.option(fc.string({ maxLength: 4 })), { maxLength: 4 }), fc.array(fc.option(fc.string({ maxLength: 4 })), { maxLength: 4 }), (a, b) => {
      expect(statementHash(terms({ parameters: a })) === statementHash(terms({ parameters: b }))).toBe(JSON.stringify(a.map((one) => one?.toWellFormed() ?? null)) === JSON.stringify(b.map((one) => one?.toWellFormed() ?? null)));
    }));
  });
});

it('strips a long tail in one go', () => {
  expect(bare(`a${' ;'.repeat(100_000)}`)).toBe('a');
  expect(bare(' ;\n')).toBe('');
});

describe('parameters of the wire', () => {
  const one = (change: object) => ({ missing: null, list: [{ name: '$1', kind: 'text' as const, value: 'x', leftOut: 0, note: null, ...change }] });
  it.each([
    ['text', {}, 'x'], ['NULL', { kind: 'null', value: '' }, null], ['a binary integer of a declared type', { kind: 'plain', value: '-42', note: 'int4' }, '-42'], ['a binary UUID', { kind: 'plain', value: 'u', note: 'uuid' }, 'u'],
  ])('are known without doubt: %s', (_what, change, value) => expect(plainParameters(one(change))).toEqual([value]));
  it.each([['digits of an unknown type', { kind: 'bytes', value: '00' }], ['a binary float', { kind: 'plain', value: '0.1', note: 'float8' }], ['a value that is cut', { leftOut: 1 }]])('are not: %s', (_what, change) => expect(plainParameters(one(change))).toBeNull());
  it('are none where there are none, and unknown where some are missing', () => {
    expect(plainParameters(null)).toEqual([]);
    expect(plainParameters({ list: [], missing: null })).toEqual([]);
    expect(plainParameters({ list: [], missing: 'unreadable (3 bytes)' })).toBeNull();
  });
});
