import type { ColumnRef, ColumnTag } from '@sallyport/domain-model';
import { describe, expect, it } from 'vitest';
import { createMasker } from './index.ts';
import { column, key, plan, run } from './testing/plan.ts';

/**
 * Ways to get a tagged value past the masker that show in one cell or one message. The list only grows. What depends on wire, statement or
 * policy (descriptions, pipelines, laundering writes, oracles) is tested where it is stopped.
 */
const tags: readonly ColumnTag[] = [
  { column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'last4' },
  { column: 'ledger.customers.card', tag: 'pci.pan', action: 'token' },
  { column: 'ledger.customers.doc', tag: 'person.file', action: 'redact' },
];
const sources = (...names: string[]) => ({ sources: names.map((name) => `ledger.customers.${name}`), proven: true });
const unproven = { sources: [], proven: false };
const masker = createMasker(plan(tags), key);

function through(over: Partial<ColumnRef>, value: string | Uint8Array): string | null | undefined {
  const [mask] = masker.bind([column({ origin: 'none', ...over })], { touchesTagged: true }, new Set()).cells;
  return mask ? run(mask, value) : undefined;
}

describe('no part of a tagged value comes out of', () => {
  it.each<[string, Partial<ColumnRef>, string]>([
    ['an alias, sub-select or CTE that keeps the origin', { name: 'harmless', origin: 'ledger.customers.ssn' }, '123-45-6789'],
    ['single characters of it', { lineage: sources('ssn') }, '6'],
    ['its first four characters under a rule that shows the last four', { lineage: sources('ssn') }, '1234'],
    ['single characters under a rule that makes tokens', { lineage: sources('card') }, '4'],
    ['ascii(), get_byte() and arithmetic', { type: 'number', lineage: sources('ssn') }, '54'],
    ['md5, hex and base64 of it', { lineage: sources('ssn') }, 'MTIzLTQ1LTY3ODk='],
    ['string_agg over it', { lineage: sources('ssn') }, '123-45-6789,123-45-6780'],
    ['array_agg over it', { type: 'other', lineage: sources('ssn') }, '{123-45-6789}'],
    ['row_to_json of a whole row', { type: 'json', lineage: sources('ssn', 'card') }, '{"ssn":"123-45-6789"}'],
    ['the whole row as a composite', { type: 'other', lineage: unproven }, '(1,Ann,123-45-6789)'],
    ['a function that nobody looked into', { lineage: unproven }, 'Ann'],
    ['query_to_xml with SQL in a literal', { lineage: null }, '<row><ssn>Ann</ssn></row>'],
    ['a materialized view, temporary table or partition that the catalogue does not know', { origin: 'unknown', lineage: null }, 'Ann'],
    ['a view without proven lineage', { origin: 'ledger.v.x', derived: true, lineage: null }, 'Ann'],
    ['a view with lineage', { origin: 'ledger.v.x', lineage: sources('ssn') }, 'Ann'],
    ['EXPLAIN ANALYZE', { lineage: null }, "Filter: (ssn = 'Ann')"],
    ['a boolean of it', { type: 'boolean', lineage: sources('ssn') }, 't'],
    ['a time made of it', { type: 'temporal', lineage: sources('ssn') }, '1985-11-22'],
    ['jsonb in binary', { origin: 'ledger.customers.doc', type: 'json', format: 'binary' }, '\u0001{"ssn":"123-45-6789"}'],
    ['bytes in either output form', { origin: 'ledger.customers.doc', type: 'bytes' }, 'Ann\\\\\\001'],
    ['an array in binary', { origin: 'ledger.customers.doc', type: 'other', format: 'binary' }, '\u0000\u0000\u0000\u0001Ann'],
    ['an empty value', { origin: 'ledger.customers.doc' }, ''],
  ])('%s', (_name, over, value) => {
    const result = through(over, value);
    expect(result).not.toBeUndefined();
    expect([null, '[masked]', '"[masked]"', '\u0001"[masked]"', `\\x${Buffer.from('[masked]').toString('hex')}`, '************6789']).toContain(result);
  });

  it.each<[string, Partial<ColumnRef>, string]>([
    ['a card split by line breaks', {}, 'pan 4111\n1111\r\n1111 1111'],
    ['a card with zero-width characters', {}, '4111\u200b1111\u200c1111\u20601111'],
    ['a card in full-width digits', {}, '４１１１　１１１１ 1111 1111'.replace('\u3000', ' ')],
    ['a card as a JSON number, string or key, escaped or not', { type: 'json' }, '{"a":4111111111111111,"4111111111111111":"\\u0034111111111111111"}'],
    ['a card in bytes, as hex', { type: 'bytes' }, `\\x${Buffer.from('4111111111111111').toString('hex')}`],
    ['a card in bytes, as octal escapes', { type: 'bytes' }, '\\064111111111111111'],
    ['a card in a number column', { type: 'number' }, '4111111111111111'],
    ['a card in an array', { type: 'other' }, '{4111111111111111}'],
  ])('an untagged column that holds %s', (_name, over, value) => {
    const result = through({ origin: 'ledger.notes.body', ...over }, value);
    expect(result).not.toBeUndefined();
    expect((result ?? '').replace(/\D/g, '')).not.toContain('4111');
  });

  it.each([
    'invalid input syntax for type integer: "Ann"', 'Key (ssn)=(Ann) already exists.', 'Failing row contains (1, Ann).', 'value "Ann" is out of range', 'JSON data, line 1: Ann',
    'COPY customers, line 1, column ssn: "Ann"', 'invalid input syntax for type json: »Ann«', "portal parameter $1 = 'Ann'", 'SQL statement "select Ann from t"', 'Token "Ann" is invalid.',
  ])('the message %s', (text) => expect(masker.scrub(text)).not.toContain('Ann'));
});
