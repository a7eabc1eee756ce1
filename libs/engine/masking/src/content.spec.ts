import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMasker } from './index.ts';
import { column, detect, key, plan } from './testing/plan.ts';

const hex = (text: string) => `\\x${Buffer.from(text).toString('hex')}`;

describe('JSON', () => {
  it.each([
    ['{"n":"4111111111111111"}', '{"n":"************1111"}'],
    ['{"n": 4111111111111111}', '{"n": "************1111"}'],
    ['{"n":4111111111111111.5e0,"m":[1,4111111111111111,2]}', '{"n":"************1111","m":[1,"************1111",2]}'],
    ['{"ann@example.com":1}', '{"a***@e***":1}'],
    ['{"n":"\\u0034111111111111111"}', '{"n":"************1111"}'],
    ['{"n":"\\uff14111111111111111"}', '{"n":"************1111"}'],
    ['{"n":"4111\\u200b1111\\u00a01111\\n1111"}', '{"n":"************1111"}'],
    ['"\\n4111111111111111\\n"', '"\\n************1111\\n"'],
    ['"caf\\u00e9ann@example.com"', '"c***@e***"'],
    ['{"q":"\\"4111111111111111\\"","n":4111111111111111}', '{"q":"\\"************1111\\"","n":"************1111"}'],
    ['{"q":"\\\\","n":4111111111111111}', '{"q":"\\\\","n":"************1111"}'],
    ['{"a":"ann\\u0040example.com"}', '{"a":"a***@e***"}'],
  ])('%s becomes %s', (value, masked) => {
    expect(detect(value, { type: 'json' })).toBe(masked);
    JSON.parse(masked);
  });

  it('keeps the version byte of binary jsonb, and is the same without one for json', () => {
    expect(detect(Buffer.from('\x01{"n":4111111111111111}'), { type: 'json', format: 'binary' })).toBe('\x01{"n":"************1111"}');
    expect(detect('{"n":4111111111111111}', { type: 'json', format: 'binary' })).toBe('{"n":"************1111"}');
  });

  it('stays JSON whatever it holds', () => {
    const leaf = fc.oneof(
      fc.constantFrom<unknown>('4111 1111 1111 1111', 4111111111111111, -5555555555554444, 'é"\\ann@example.com\n', '\u001f123-45-6789', 4.111111111111111e15, 1e300, null, true, '+48 123 456 789', 'DE89370400440532013000'),
      fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(),
    );
    const { tree } = fc.letrec((tie) => ({ tree: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('tree'), { maxLength: 4 }), fc.dictionary(fc.oneof(fc.string(), fc.constant('ann@example.com')), tie('tree'), { maxKeys: 4 })) }));
    fc.assert(
      fc.property(tree, fc.constantFrom(undefined, 2), fc.boolean(), (value, indent, escape) => {
        const text = JSON.stringify(value, null, indent);
        const sent = escape ? text.replace(/[^\x20-\x7e\n]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`) : text;
        const masked = detect(sent, { type: 'json' }) ?? '';
        JSON.parse(masked);
        expect(masked).not.toMatch(/4111 ?1111|55555555|123-45|ann@|370400/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('bytes', () => {
  it.each([
    [hex('card 4111111111111111'), hex('[masked]')],
    [hex('card 4111111111111111').toUpperCase().replace('\\X', '\\x'), hex('[masked]')],
    ['\\000\\0014111111111111111', hex('[masked]')],
    ['\\064111111111111111', hex('[masked]')],
    [hex('nothing here'), hex('nothing here')],
    ['\\x', '\\x'],
  ])('in text form, %s', (value, masked) => expect(detect(value, { type: 'bytes' })).toBe(masked));

  it('in binary form', () => {
    expect(detect('\u0000\u00014111111111111111\u0000', { type: 'bytes', format: 'binary' })).toBe('[masked]');
    expect(detect('\u0000nothing', { type: 'bytes', format: 'binary' })).toBe('\u0000nothing');
  });

  it('finds a number anywhere in a large value, over every seam', () => {
    for (const at of [0, 16_000, 16_380, 16_384, 20_000, 32_760, 49_000]) {
      const value = Buffer.alloc(50_000, 0x2e);
      value.write('a 4111-1111-1111-1111 b', at);
      expect(detect(`\\x${value.toString('hex')}`, { type: 'bytes' }), `at ${at}`).toBe(hex('[masked]'));
    }
  });
});

describe('numbers', () => {
  it.each([['4111111111111111'], ['-4111111111111111'], ['4111111111111111.00'], ['4222222222222']])('%s is a card: absent', (value) => expect(detect(value, { type: 'number' })).toBeNull());
  it.each([['4111111111111112'], ['12'], ['1763800000123456'], ['0.4111111111111111'], ['4.111111111111111e+15'], ['123456789']])('%s passes', (value) => expect(detect(value, { type: 'number' })).toBe(value));

  it('in binary: 8-byte integers and numeric', () => {
    const int8 = Buffer.alloc(8);
    int8.writeBigInt64BE(4111111111111111n);
    expect(detect(int8, { type: 'number', format: 'binary' })).toBeNull();
    // 4111111111111111.50 as numeric: 5 digits of base 10000, weight 3, positive, scale 2; then 0x100f = 4111, 0x0457 = 1111 …
    const numeric = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
    expect(detect(numeric('0005 0003 0000 0002 100f 0457 0457 0457 1388'), { type: 'number', format: 'binary' })).toBeNull();
    expect(detect(numeric('0004 0003 4000 0000 100f 0457 0457 0457'), { type: 'number', format: 'binary' })).toBeNull();
    const other = numeric('0004 0003 0000 0000 100f 0457 0457 0458');
    expect(detect(other, { type: 'number', format: 'binary' })).toBe(other.toString('utf8'));
  });

  it('takes no double for a card', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: 1e-290, max: 1e300 }), (value) => {
        const bytes = Buffer.alloc(8);
        bytes.writeDoubleBE(value);
        expect(detect(bytes, { type: 'number', format: 'binary' })).not.toBeNull();
      }),
    );
  });
});

describe('other types', () => {
  it('hides an array or composite with a hit whole', () => {
    expect(detect('{1,"ann@example.com"}', { type: 'other' })).toBeNull();
    expect(detect('(1,"4111 1111 1111 1111")', { type: 'other' })).toBeNull();
    expect(detect('{1,2,3}', { type: 'other' })).toBe('{1,2,3}');
    expect(detect('{４１１１１１１１１１１１１１１１}', { type: 'other' })).toBeNull();
  });

  it.each([16, 0x32, 0x134, 0x3439])('finds a text of %i bytes in a binary array, whatever its length looks like', (length) => {
    const header = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1];
    const array = (text: string) => Buffer.concat([Buffer.from(header), Buffer.from([0, 0, 0, 1]), Buffer.from('x'), Buffer.from([0, 0, length >> 8, length & 0xff]), Buffer.from(text.padEnd(length))]);
    expect(detect(array('4111111111111111'), { type: 'other', format: 'binary' })).toBeNull();
    expect(detect(array('4111111111111112'), { type: 'other', format: 'binary' })).not.toBeNull();
  });

  it('does not look at times, truth values and UUIDs', () => {
    const cells = createMasker(plan(), key).bind((['temporal', 'boolean', 'uuid'] as const).map((type) => column({ type })), { touchesTagged: false }, new Set()).cells;
    expect(cells).toEqual([null, null, null]);
  });
});
