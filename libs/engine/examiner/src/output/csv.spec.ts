import { describe, expect, it } from 'vitest';
import { csv } from './csv.ts';

const line = (...row: (string | number | boolean | null)[]) => csv({ columns: ['a'], rows: [row] }).split('\r\n').slice(1).join('\r\n');

describe('CSV', () => {
  it('is RFC 4180', () => expect(line('a,b', 'say "x"', 'two\nlines', 3, -1, true, null)).toBe('"a,b","say ""x""","two\nlines",3,-1,yes,\r\n'));
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\r=x'])('makes text of %j, which a spreadsheet would run', (text) => expect(line(text)).toMatch(/^"?'/));
  it('leaves other text as it is', () => expect(line('a=b', "it's", ' =x')).toBe("a=b,it's, =x\r\n"));
});
