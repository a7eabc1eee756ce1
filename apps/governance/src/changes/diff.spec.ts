import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diff } from './diff.ts';

describe('the difference of two texts', () => {
  it('shows what goes and what comes, with what stands around it', () => {
    const before = Array.from({ length: 20 }, (_, i) => `line ${i + 1}`).join('\n');
    expect(diff(before, before.replace('line 10', 'another line'))).toBe(['  @@ line 7', '  line 7', '  line 8', '  line 9', '- line 10', '+ another line', '  line 11', '  line 12', '  line 13'].join('\n'));
  });
  it('is all lines for what is new or goes wholly, and nothing for what stays', () => {
    expect(diff('', 'a\nb\n')).toBe('+ a\n+ b');
    expect(diff('a\nb\n', '')).toBe('- a\n- b');
    expect(diff('a\nb\n', 'a\nb\n')).toBe('');
  });
  it('holds every line that differs, however much that is: what comes is what was not there', () => {
    const word = fc.constantFrom('a', 'b', 'c', '- x', '');
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), fc.array(word, { maxLength: 30 }), (a, b) => {
        const shown = diff(a.map((line) => `${line}.`).join('\n'), b.map((line) => `${line}.`).join('\n')).split('\n');
        const count = (sign: string) => shown.filter((line) => line.startsWith(`${sign} `)).length;
        expect(b.length - a.length).toBe(count('+') - count('-'));
        if (a.join('|') !== b.join('|')) expect(count('+') + count('-')).toBeGreaterThan(0);
      }),
    );
  });
  it('shows very different texts one after the other instead of searching for ever', () => {
    const a = Array.from({ length: 3000 }, (_, i) => `a ${i}`).join('\n');
    const b = Array.from({ length: 3000 }, (_, i) => `b ${i}`).join('\n');
    const shown = diff(a, b).split('\n');
    expect([shown.length, shown[0], shown.at(-1)]).toEqual([6000, '- a 0', '+ b 2999']);
  });
});
