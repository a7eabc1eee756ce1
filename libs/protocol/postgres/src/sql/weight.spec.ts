import { describe, expect, it } from 'vitest';
import { weight } from './weight.ts';

const long = 'x'.repeat(5000);

describe('the weight of a text', () => {
  it.each([
    ['a long literal', `insert into t values (1, '${long}')`, 28],
    ['a literal with doubled quotes', `insert into t values (1, '${long}''${long}')`, 28],
    ['a comment to the end of its line', `select 1 --${long}\n+ 1`, 15],
    ['a comment at the very end', `select 1 --${long}`, 11],
    ['a block comment', `select /*${long}*/ 1`, 13],
  ])('leaves out %s', (_, text, expected) => {
    expect(weight(text)).toBe(expected);
  });

  it.each([
    ['many short literals', `select '${"a', '".repeat(2000)}'`],
    ['names in quotes', `select "${long}"`],
    ['code between literals', `select '' ${', 1'.repeat(2000)} ''`],
    ['an escape string', `select E'${long}'`],
    ['a literal with a backslash', `select '${long}\\'`],
    ['a comment in a comment', `select /*${long}/*${long}*/*/ 1`],
    ['a body in dollars', `do $$${long}$$`],
    ['a literal without an end', `select '${long}`],
    ['code behind a quote in a comment', `select 1 -- it's\n ${', 1'.repeat(2000)} -- it's\n`],
    ['code behind a quote in a name', `select "it's" ${', 1'.repeat(2000)}, "it's"`],
    ['code behind a quote in dollars', `select $a$it's$a$ ${', 1'.repeat(2000)}, $a$it's$a$`],
  ])('counts all of %s', (_, text) => {
    expect(weight(text)).toBe(Buffer.byteLength(text));
  });

  it('counts bytes, not characters', () => {
    expect(weight(`select '${'é'.repeat(2000)}', 'é'`)).toBe(15);
  });
});
