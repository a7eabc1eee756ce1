import { describe, expect, it } from 'vitest';
import { parseRule } from './cedar.ts';
import { mentionsOf } from './expressions.ts';

function mentioned(condition: string): string[] {
  const rule = parseRule(`@id("r") permit(principal, action, resource) when { ${condition} };`);
  if (!rule.ok) throw new Error('does not parse');
  const mentions = mentionsOf([rule.json]);
  return ['now', 'hour', 'approval', 'limit', 'source', 'role'].filter(mentions.has);
}

describe('what a rule can depend on', () => {
  it.each([
    ['true', []],
    ['context.hour < 5', ['hour']],
    ['context["now"] == context.now', ['now']],
    ['context has limit && context.limit < 5', ['limit']],
    ['context has role.x', ['role']],
    ['!(context.approval)', ['approval']],
    ['if context.approval then context.source.isLoopback() else true', ['approval', 'source']],
    ['[context.hour, 1].contains(1)', ['hour']],
    ['{"Var": context.hour, "attr": context.limit}.Var == 1', ['hour', 'limit']],
    ['"context.now" like "*"', []],
    ['{now: 1}.now == 1', []],
    ['resource.hour == 1', []],
    ['context.source.isInRange(ip(context.role))', ['source', 'role']],
  ])('sees through %s', (condition, expected) => {
    expect(mentioned(condition)).toEqual(expected);
  });

  it.each(['context == {}', '[context].contains({})', '(if true then context else context).hour == 1', '{a: context}.a.hour == 1'])('takes %s for everything', (condition) => {
    expect(mentioned(condition)).toHaveLength(6);
  });
});
