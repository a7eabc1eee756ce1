import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinFields, splitFields, type CopyFormat } from './copy-fields.ts';

const text: CopyFormat = { kind: 'text', delimiter: '\t', nullText: '\\N', quote: '"', escape: '"' };
const csv: CopyFormat = { kind: 'csv', delimiter: ',', nullText: '', quote: '"', escape: '"' };
const split = (row: string, format: CopyFormat) => splitFields(Buffer.from(row), 0, Buffer.byteLength(row), format).map((field) => field?.toString() ?? null);
const join = (fields: (string | null)[], format: CopyFormat) => joinFields(fields.map((field) => (field === null ? null : Buffer.from(field))), format).toString();

describe('rows of COPY', () => {
  it('reads the text format with its escapes and NULL', () => {
    expect(split('1\tAda\\tQuill\t\\N\tback\\\\slash\tline\\nbreak\n', text)).toEqual(['1', 'Ada\tQuill', null, 'back\\slash', 'line\nbreak']);
  });

  it('does not take an escaped delimiter for one', () => {
    expect(split('a\\|b|c\n', { ...text, delimiter: '|' })).toEqual(['a|b', 'c']);
  });

  it('reads csv with quotes, line breaks inside of them, and NULL against the empty string', () => {
    expect(split('1,"a,b","say ""hi""","two\nlines",,""\n', csv)).toEqual(['1', 'a,b', 'say "hi"', 'two\nlines', null, '']);
  });

  it('refuses what is not one whole row', () => {
    expect(() => split('1\t2', text)).toThrow(/whole row/);
    expect(() => split('1,"open\n', csv)).toThrow(/quotes/);
  });

  it('writes what it reads, for any fields in both formats', () => {
    const field = fc.option(fc.string({ unit: fc.constantFrom('a', '\t', ',', '"', '\\', '\n', '\r', 'é', 'N', ' ', '|') }));
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 5 }), fc.constantFrom(text, csv), (fields, format) => {
        // In csv a lone NULL column and the text format's literal \N are kept apart by quoting and escaping.
        expect(split(join(fields, format), format)).toEqual(fields);
      }),
    );
  });
});
