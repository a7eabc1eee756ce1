import { beforeAll, describe, expect, it } from 'vitest';
import { ledgerScope, makeReader, statements } from '../testing/reading.ts';
import type { StatementReader } from './understand.ts';

let reader: StatementReader;
beforeAll(async () => {
  reader = await makeReader();
});

const shape = (text: string) => statements(reader, text).map((each) => each.means.shape);

describe('the shape of a statement has no literal', () => {
  it.each([
    ["select 'a',  E'x\\'y', U&'\\0061', 1.5, b'01', x'ff', $1, $a$b$a$ -- c\n /* d */ from entries", 'select $2, $3, $4, $5, $6, $7, $1, $8 from entries'],
    ["create role x password 'secret'", 'create role x password $1'],
    ["copy entries from stdin (format csv, delimiter ';', null 'secret')", 'copy entries from stdin (format csv, delimiter $1, null $2)'],
    ['do $$ secret $$', 'do $1'],
    ["comment on table entries is 'secret'", 'comment on table entries is $1'],
    ["create table x (a int default 5, check (a > 7), b varchar(20) default 'secret')", 'create table x (a int default $1, check (a > $2), b varchar($3) default $4)'],
    ['set application_name = secret', 'SET application_name = $1'],
    ["set local my.key to 'secret', 'other'", 'SET my.key = $1'],
    ['reset my.key', 'RESET my.key = $1'],
    ['alter system set archive_command = secret', 'ALTER SYSTEM …'],
    ['alter role app set my.key = secret', 'ALTER ROLE SET …'],
    ["create function f() returns int language sql as 'select secret'", 'create function f() returns int language sql as $1'],
    ["notify c, 'secret'", 'notify c, $1'],
    ["insert into entries (memo) values ('secret') ;", 'insert into entries (memo) values ($1)'],
    ["create user mapping for app server s options (password 'secret')", 'create user mapping for app server s options (password $1)'],
    ['select 5 as "5"', 'select $1 as "5"'],
    ["select $2, 'secret', limit1.x from entries limit1 limit 7", 'select $2, $3, limit1.x from entries limit1 limit $4'],
    ['select id\tfrom   entries', 'select id from entries'],
  ])('%s', (text, expected) => {
    expect(shape(text)).toEqual([expected]);
  });

  it('is the same from the template as from the scanner', () => {
    for (const text of ["select a.id, 'x''y', 1.5 from entries a where id > 5 and memo = '' limit 3", 'insert into entries values (1,2 , $1, -5)', 'select "a""b"."c 5", x1 from entries x']) {
      expect(shape(text), text).toEqual(shape(`${text} -- not templated`));
    }
  });

  it('is bounded', () => {
    expect(shape(`select ${'a, '.repeat(5_000)} b`)[0]?.length).toBeLessThan(4_200);
    expect(shape(`select '${'x'.repeat(70_000)}' -- long`)).toEqual(['SELECT …']);
  });

  it('comes with a fingerprint that does not see literals', () => {
    const [a, b] = ['select 1 from entries where memo = $$x$$', "select 2 from entries where memo = 'y'"].map((text) => statements(reader, text)[0]?.means.fingerprint);
    expect(a).toMatch(/^[0-9a-f]{16}$/);
    expect(a).toBe(b);
    expect(reader.read('', ledgerScope)).toEqual([]);
  });
});
