import { describe, expect, it } from 'vitest';
import { maxNesting, maxOperators, splitRules } from './split.ts';

const texts = (file: string) => {
  const split = splitRules(file);
  return split.ok ? split.rules.map((rule) => rule.text) : split.say;
};

describe('cutting a file into rules', () => {
  it('ends a rule at its semicolon and leaves the space and comments between rules out', () => {
    expect(texts('// head\n@id("a") permit(principal, action, resource);\n\n  // more; text\n@id("b") forbid(principal, action, resource);\n')).toEqual([
      '@id("a") permit(principal, action, resource);',
      '@id("b") forbid(principal, action, resource);',
    ]);
  });

  it('takes a semicolon inside of a string or a comment for what it is', () => {
    expect(texts('@reason("no; \\"never\\"; // no") permit(principal, // why; not\n action, resource);')).toHaveLength(1);
  });

  it('says where a rule or a string does not end', () => {
    expect(splitRules('permit(principal, action, resource)')).toEqual({ ok: false, say: 'this rule does not end with a semicolon', at: 0 });
    expect(splitRules(' @reason("x')).toMatchObject({ ok: false, at: 9 });
  });

  it('finds nothing in nothing', () => {
    expect(texts('  // only words\n')).toEqual([]);
  });

  it('refuses nesting and chains that would overrun the parser', () => {
    const nested = (depth: number) => `permit(principal, action, resource) when { ${'('.repeat(depth)}true${')'.repeat(depth)} };`;
    expect(texts(nested(maxNesting - 1))).toHaveLength(1);
    expect(texts(nested(maxNesting))).toMatch(/nest brackets/);
    expect(texts(`permit(principal, action, resource) when { ${'1 + '.repeat(maxOperators + 1)}1 == 1 };`)).toMatch(/operator characters/);
    expect(texts(`permit(principal, action, resource) when { ${'if true then '.repeat(maxOperators + 1)} };`)).toMatch(/operator characters/);
    expect(texts(`permit(principal, action, resource) when { ["${'x'.repeat(20_000)}"].contains("x") };`)).toMatch(/characters at most/);
  });

  it('refuses text that is not Unicode', () => {
    expect(texts('@reason("\ud800") permit(principal, action, resource);')).toMatch(/Unicode/);
  });

  it('counts each rule by itself', () => {
    const rule = `permit(principal, action, resource) when { ${'true && '.repeat(100)}true };`;
    expect(texts(rule.repeat(5))).toHaveLength(5);
  });
});
