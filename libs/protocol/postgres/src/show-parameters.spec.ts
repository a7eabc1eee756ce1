import fc from 'fast-check';
import { parameterLines } from '@sallyport/domain-model';
import { describe, expect, it } from 'vitest';
import { Body } from './messages/body.ts';
import { showParameters } from './show-parameters.ts';

type Value = string | Uint8Array | null;

function block(formats: readonly number[], values: readonly Value[]): Buffer {
  const body = new Body().int16(formats.length);
  for (const one of formats) body.int16(one);
  body.int16(values.length);
  for (const value of values) {
    const bytes = value === null ? null : Buffer.from(value as Uint8Array);
    body.int32(bytes === null ? -1 : bytes.length);
    if (bytes !== null) body.bytes(bytes);
  }
  return body.untyped().subarray(4);
}

const hex = (digits: string) => Buffer.from(digits, 'hex');
const lines = (formats: readonly number[], values: readonly Value[], types: readonly number[] = []) => parameterLines(showParameters(block(formats, values), types));

describe('bound parameters for people’s eyes', () => {
  it('are named as in the text, in order, with NULL and the empty string apart', () => {
    expect(lines([], ['x', null, '', 'it’s'])).toEqual(["$1 = 'x'", '$2 = NULL', "$3 = ''", "$4 = 'it’s'"]);
  });

  it.each<[string, number, string, string]>([
    ['bool', 16, '01', '$1 = true (bool)'],
    ['int2', 21, 'ffff', '$1 = -1 (int2)'],
    ['int4', 23, '0000002a', '$1 = 42 (int4)'],
    ['int8', 20, '8000000000000000', '$1 = -9223372036854775808 (int8)'],
    ['oid', 26, 'ffffffff', '$1 = 4294967295 (oid)'],
    ['float8', 701, '3ff8000000000000', '$1 = 1.5 (float8)'],
    ['text', 25, '6869', "$1 = 'hi' (text)"],
    ['varchar', 1043, '', "$1 = '' (varchar)"],
    ['jsonb', 3802, '017b7d', "$1 = '{}' (jsonb)"],
    ['uuid', 2950, '000102030405060708090a0b0c0d0e0f', '$1 = 00010203-0405-0607-0809-0a0b0c0d0e0f (uuid)'],
    ['bytea', 17, '6869', '$1 = \\x6869'],
    ['int4 of two bytes', 23, '002a', '$1 = \\x002a (declared int4, which it is not)'],
    ['text that is none', 25, 'ff', '$1 = \\xff (declared text, which it is not)'],
  ])('in binary format are read by a declared type: %s', (_name, type, digits, line) => {
    expect(lines([1], [hex(digits)], [type])).toEqual([line]);
  });

  it('in binary format of a type left to the server are digits, with what they could be beside them', () => {
    expect(lines([1], [hex('0000002a'), hex('68696a'), hex('00010203040506070809'), hex('31323334')])).toEqual([
      '$1 = \\x0000002a (binary; as an integer: 42)', "$2 = \\x68696a (binary; as text: 'hij')", '$3 = \\x00010203040506070809 (binary)',
      "$4 = \\x31323334 (binary; as an integer: 825373492; as text: '1234')",
    ]);
  });

  it('take one format for all, or one each', () => {
    expect(lines([1], [hex('01'), hex('00')], [16, 16])).toEqual(['$1 = true (bool)', '$2 = false (bool)']);
    expect(lines([0, 1], ['01', hex('01')], [16, 16])).toEqual(["$1 = '01'", '$2 = true (bool)']);
  });

  it('that are not UTF-8 are digits', () => {
    expect(lines([], [hex('c328')])).toEqual(['$1 = \\xc328 (text that is not UTF-8)']);
  });

  it('are cut when long, between characters, and it is said', () => {
    const { list } = showParameters(block([], [`${'a'.repeat(4095)}éz`]));
    expect(list[0]).toEqual({ name: '$1', kind: 'text', value: 'a'.repeat(4095), leftOut: 3, note: null });
    expect(lines([1], [new Uint8Array(10_000)])[0]).toMatch(/^\$1 = \\x0{4096}… \(binary; 7952 bytes more are not shown\)$/);
  });

  it('are not all listed when they are many, and it is said', () => {
    const many = showParameters(block([], Array.from({ length: 1003 }, () => 'abc')));
    expect(many.list).toHaveLength(1000);
    expect(many.missing).toBe('3 more, 9 bytes, are not shown');
    const large = showParameters(block([], Array.from({ length: 100 }, () => 'x'.repeat(5000))));
    expect(large.list.length).toBeLessThan(50);
    expect(large.missing).toBe(`${100 - large.list.length} more, ${(100 - large.list.length) * 5000} bytes, are not shown`);
  });

  it.each([
    ['nothing', ''], ['a count that lies', '0000 0002 00000001 61'], ['a length beyond the end', '0000 0001 7fffffff 61'], ['a negative length', '0000 0001 fffffffe'],
    ['an unknown format', '0001 0002 0001 00000001 61'], ['two formats for three', '0002 0000 0000 0003 ffffffff ffffffff ffffffff'], ['bytes too many', '0000 0000 00'],
  ])('are called unreadable with their size: %s', (_name, digits) => {
    const bytes = hex(digits.replaceAll(' ', ''));
    expect(showParameters(bytes)).toEqual({ list: [], missing: `unreadable (${bytes.length} bytes)` });
  });

  it('never throw and stay bounded, whatever the bytes', () => {
    const anything = fc.uint8Array({ maxLength: 200 });
    const wellFormed = fc.array(fc.option(anything, { nil: null }), { maxLength: 20 });
    const types = fc.array(fc.constantFrom(0, 16, 17, 20, 21, 23, 25, 26, 700, 701, 2950, 3802, 16_400), { maxLength: 25 });
    fc.assert(fc.property(anything, types, (bytes, declared) => parameterLines(showParameters(bytes, declared)).length > 0));
    fc.assert(
      fc.property(wellFormed, types, fc.constantFrom(0, 1), (values, declared, format) => {
        const { list, missing } = showParameters(block([format], values), declared);
        expect(list).toHaveLength(values.length);
        expect(missing).toBeNull();
      }),
    );
  });
});
