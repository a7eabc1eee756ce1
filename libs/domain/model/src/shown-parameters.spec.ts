import { describe, expect, it } from 'vitest';
import { parameterLines, type ShownParameter } from './shown-parameters.ts';

const one = (kind: ShownParameter['kind'], value: string, rest: Partial<ShownParameter> = {}): ShownParameter => ({ name: '$1', kind, value, leftOut: 0, note: null, ...rest });
const line = (shown: ShownParameter) => parameterLines({ list: [shown], missing: null })[0];

describe('shown parameters', () => {
  it.each<[ShownParameter, string]>([
    [one('text', 'x'), "$1 = 'x'"],
    [one('text', ''), "$1 = ''"],
    [one('text', "it's"), "$1 = 'it''s'"],
    [one('text', 'NULL'), "$1 = 'NULL'"],
    [one('null', ''), '$1 = NULL'],
    [one('plain', '42', { note: 'int4' }), '$1 = 42 (int4)'],
    [one('bytes', '0102'), '$1 = \\x0102'],
    [one('bytes', '01', { leftOut: 98, note: 'binary' }), '$1 = \\x01… (binary; 98 bytes more are not shown)'],
    [one('text', 'long', { leftOut: 3 }), "$1 = 'long…' (3 bytes more are not shown)"],
  ])('%j is %s', (shown, text) => {
    expect(line(shown)).toBe(text);
  });

  it('say what is missing last', () => {
    expect(parameterLines({ list: [one('text', 'x')], missing: '3 more, 12 bytes, are not shown' })).toEqual(["$1 = 'x'", '3 more, 12 bytes, are not shown']);
  });
});
