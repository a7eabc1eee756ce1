import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHr } from './read-hr.ts';

describe('the HR file', () => {
  it('is read with comma or semicolon, a mark at its beginning, quotes, and headings as people write them', () => {
    expect(readHr('\uFEFFPerson ID,Last Day,Status,Name\r\np-1,2026-11-27,active,"Doe, Jane"\r\np-2,,left,x\r\n')).toEqual({ ok: true, lines: [{ line: 2, ids: ['p-1'], lastDay: '2026-11-27', status: 'active' }, { line: 3, ids: ['p-2'], lastDay: null, status: 'left' }] });
    expect(readHr('email;employee_id;end_date\na@b.example;7;2026-01-31\n;8;\n')).toEqual({ ok: true, lines: [{ line: 2, ids: ['a@b.example', '7'], lastDay: '2026-01-31', status: 'active' }, { line: 3, ids: ['8'], lastDay: null, status: 'active' }] });
  });

  it.each([
    ['a day that is none', 'id,last_day\np,2026-02-30\n', 'line 2: the last day'],
    ['another calendar', 'id,last_day\np,31.12.2026\n', 'line 2: the last day'],
    ['a status that nobody knows', 'id,status\np,sabbatical\n', 'line 2: the status is none of'],
    ['nobody', 'id,status\n,left\n', 'line 2: names nobody'],
    ['no id', 'name,status\np,left\n', 'the heading has none of'],
    ['neither status nor day', 'id,name\np,x\n', 'neither status'],
    ['two days', 'id,last_day,end_date\np,2026-01-01,2026-01-02\n', 'which one is it'],
    ['a line that is too short', 'id,status\np\n', 'no CSV'],
    ['a quote without an end', 'id,status\n"p,left\n', 'no CSV'],
    ['nothing', '', 'the heading has none of'],
  ])('with %s is refused whole, and says where', (_what, text, say) => {
    const read = readHr(text);
    expect(read.ok ? [] : read.problems.join('; ')).toContain(say);
  });

  it('names the first twenty lines that are wrong', () => {
    const read = readHr(`id,last_day\n${Array.from({ length: 25 }, (_, i) => `p${i},x\n`).join('')}`);
    expect(read.ok ? [] : [read.problems.length, read.problems.at(-1)]).toEqual([21, 'and 5 more']);
  });

  it('of whatever bytes is read or refused, and never names a person’s id in a problem', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (junk) => {
      const read = readHr(`id,last_day\nsecret-id,${junk}`);
      expect(read.ok || !read.problems.join().includes('secret-id')).toBe(true);
    }));
  });
});
