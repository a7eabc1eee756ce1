import type { CellType, MaskAction } from '@sallyport/domain-model';
import { describe, expect, it } from 'vitest';
import { createMasker } from './index.ts';
import { column, key, plan, run } from './testing/plan.ts';

function covered(type: CellType, format: 'text' | 'binary', action: MaskAction, value: string | Uint8Array) {
  const bound = createMasker(plan([{ column: 'ledger.notes.body', tag: 'us.ssn', action }]), key).bind([column({ type, format })], { touchesTagged: true }, new Set());
  const [mask] = bound.cells;
  if (!mask) throw new Error('no mask');
  return { is: run(mask, value), counted: bound.counts()[0]?.action };
}

const token = expect.stringMatching(/^tok_[a-z2-7]{20}$/);
const quotedToken = expect.stringMatching(/^"tok_[a-z2-7]{20}"$/);
const hexed = (text: string) => `\\x${Buffer.from(text).toString('hex')}`;

describe('a rule on a column, by type, format and action', () => {
  const table: [CellType, 'text' | 'binary', string, Record<MaskAction, unknown>][] = [
    ['text', 'text', '4111111111111234', { redact: '[masked]', last4: '************1234', token, null: null }],
    ['text', 'binary', '4111111111111234', { redact: '[masked]', last4: '************1234', token, null: null }],
    ['json', 'text', '{"a":1}', { redact: '"[masked]"', last4: '"[masked]"', token: quotedToken, null: null }],
    ['json', 'binary', '{"a":1}', { redact: '"[masked]"', last4: '"[masked]"', token: quotedToken, null: null }],
    ['json', 'binary', '\x01{"a":1}', { redact: '\x01"[masked]"', last4: '\x01"[masked]"', token: expect.stringContaining('\x01"tok_'), null: null }],
    ['bytes', 'text', '\\x0102', { redact: hexed('[masked]'), last4: hexed('[masked]'), token: expect.stringMatching(/^\\x746f6b5f[0-9a-f]{40}$/), null: null }],
    ['bytes', 'binary', '\x01\x02', { redact: '[masked]', last4: '[masked]', token, null: null }],
    ['number', 'text', '42', { redact: null, last4: null, token: null, null: null }],
    ['number', 'binary', '\0\0\0*', { redact: null, last4: null, token: null, null: null }],
    ['temporal', 'text', '2026-11-22', { redact: null, last4: null, token: null, null: null }],
    ['boolean', 'text', 't', { redact: null, last4: null, token: null, null: null }],
    ['uuid', 'text', '123e4567-e89b-12d3-a456-426614174000', { redact: null, last4: null, token: null, null: null }],
    ['other', 'text', '{a,b}', { redact: null, last4: null, token: null, null: null }],
    ['other', 'binary', '{a,b}', { redact: null, last4: null, token: null, null: null }],
  ];
  const actions: readonly MaskAction[] = ['redact', 'last4', 'token', 'null'];
  const cases = table.flatMap(([type, format, value, by]) => actions.map((action) => ({ type, format, action, value, is: by[action] })));

  it.each(cases)('$type as $format, $action', ({ type, format, action, value, is }) => {
    expect(covered(type, format, action, value).is).toEqual(is);
  });

  it('counts what was done, not what was asked for', () => {
    expect(covered('number', 'text', 'redact', '42').counted).toBe('null');
    expect(covered('json', 'text', 'last4', '{}').counted).toBe('redact');
    expect(covered('text', 'text', 'last4', 'x').counted).toBe('last4');
  });

  it.each([
    ['', '[masked]'],
    ['1234567', '[masked]'],
    ['12345678', '************5678'],
    ['4111-1111-1111-1234   ', '************1234'], // char(n)
    ['Zażółć gęślą', '************ęślą'],
    ['ąąąąąąą', '[masked]'],
    ['************1111', '************1111'],
  ])('last four of %j is %j', (value, is) => expect(covered('text', 'text', 'last4', value).is).toBe(is));

  it('gives bytes one token in both forms of text and in binary', () => {
    const raw = Buffer.from([1, 2, 0x5c, 200]);
    const binary = covered('bytes', 'binary', 'token', raw).is;
    expect(covered('bytes', 'text', 'token', `\\x${raw.toString('hex')}`).is).toBe(hexed(binary ?? ''));
    expect(covered('bytes', 'text', 'token', '\\001\\002\\\\\\310').is).toBe(hexed(binary ?? ''));
  });
});
