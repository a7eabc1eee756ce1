import fc from 'fast-check';
import { expect, it } from 'vitest';
import { table } from './table.ts';
import { visible, visibleLine } from './visible.ts';

it('shows what would steer a terminal or mislead a reader', () => {
  expect(visible('a\u001b[2Jb\u0007\r\u0085')).toBe('a\\u{1b}[2Jb\\u{7}\\u{d}\\u{85}');
  expect(visible('\u202eabc\u2066\u200b\ufeff\u{e0041}')).toBe('\\u{202e}abc\\u{2066}\\u{200b}\\u{feff}\\u{e0041}');
  expect(visible('Größe 名 😀\n\tx')).toBe('Größe 名 😀\n\tx');
  expect(visibleLine('a\nb\tc')).toBe('a\\nb c');
});
it('lets no control or format character through, whatever the text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    expect(/(?![\t\n])[\p{Cc}\p{Cf}]/u.test(visible(text))).toBe(false);
  }));
});
it('aligns a table and cuts only the column that gives way', () => {
  const rows = [{ a: 'x', b: 'y'.repeat(200), n: '7' }, { a: 'longer', b: 'short', n: '1234' }];
  const text = table([{ title: 'a', of: (row) => row.a }, { title: 'b', of: (row) => row.b, gives: 'way' }, { title: 'n', of: (row) => row.n, align: 'right' }], rows);
  const lines = text.split('\n');
  expect(lines.every((line) => line.length <= 100)).toBe(true);
  expect(lines[1]).toMatch(/^x {7}y+… +7$/);
  expect(lines[2]).toMatch(/^longer {2}short +1234$/);
});
