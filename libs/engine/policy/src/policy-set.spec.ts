import { describe, expect, it } from 'vitest';
import { describeProblem } from './problem.ts';
import { readPolicySet } from './policy-set.ts';
import { maxNesting, maxOperators } from './split.ts';

const problems = (text: string) => readPolicySet([{ name: 'a.cedar', text }]).problems.map(describeProblem);

describe('reading a policy set', () => {
  it('takes rules with ids and keeps their text, place and annotations', () => {
    const read = readPolicySet([
      { name: 'b.cedar', text: '@id("b-two") permit(principal, action == Action::"connect", resource);' },
      { name: 'a.cedar', text: '// é\n\n  @id("a-one")\n  @approvers("dba, risk") @quorum("2") @expires("1h") @reason("ask")\n  forbid(principal, action in Action::"change", resource) unless { context.approval };' },
    ]);
    expect(read.problems).toEqual([]);
    if (!read.ok) throw new Error('expected a set');
    expect(read.set.rules.map((rule) => [rule.id, rule.file, rule.line, rule.column, rule.effect, rule.asksApproval])).toEqual([
      ['a-one', 'a.cedar', 3, 3, 'forbid', true],
      ['b-two', 'b.cedar', 1, 1, 'permit', false],
    ]);
    expect(read.set.rules[0]?.notes).toEqual({ reason: 'ask', approvers: ['dba', 'risk'], quorum: 2, expiresIn: 3600, maxRows: null, maxBytes: null });
  });

  it('takes an empty set, which permits nothing', () => {
    expect(readPolicySet([])).toMatchObject({ ok: true, set: { rules: [] } });
  });

  it('names the set by the content of its files, whatever their order', () => {
    const one = { name: 'a.cedar', text: '' };
    const two = { name: 'b.cedar', text: '@id("x") permit(principal, action, resource);' };
    const digest = (files: (typeof one)[]) => {
      const read = readPolicySet(files);
      return read.ok ? read.set.digest : null;
    };
    expect(digest([one, two])).toBe(digest([two, one]));
    expect(digest([one, two])).not.toBe(digest([two]));
  });

  it('points at the line and column of a syntax error, also behind letters of several bytes', () => {
    expect(problems('// ééé\n@id("é")\npermit(principal, action, resource)\nwhen { 1 + };')).toEqual([expect.stringMatching(/^a\.cedar:4:12: error: unexpected token `}` \(expected/)]);
  });

  it('passes on what Cedar suggests', () => {
    expect(problems('@id("x")\npermit(principal, action == Action::"raed", resource);')).toEqual([expect.stringMatching(/a\.cedar:2:29: error: x: unrecognized action `Action::"raed"` \(did you mean/)]);
    expect(problems('@id("x") permit(principal, action == Action::"read", resource) when { resource.tag == "a" };')[0]).toMatch(/attribute `tag`.*did you mean `tags`/s);
  });

  it('refuses optional facts that are used without asking whether they are there', () => {
    expect(problems('@id("x") permit(principal, action == Action::"write", resource) when { context.hasWhere };')[0]).toMatch(/context has hasWhere/);
  });

  it.each([
    ['a rule without an id', 'permit(principal, action, resource);', /no @id/],
    ['an id of strange letters', '@id("a b") permit(principal, action, resource);', /must be letters/],
    ['an id twice', '@id("a") permit(principal, action, resource);\n@id("a") forbid(principal, action, resource);', /taken by the rule at a\.cedar:1/],
    ['a template', '@id("a") permit(principal == ?principal, action, resource);', /template/],
    ['an unknown annotation', '@id("a") @aprovers("x") permit(principal, action, resource);', /@aprovers is not an annotation/],
    ['a quorum of nobody', '@id("a") @quorum("2") permit(principal, action, resource);', /@quorum needs @approvers/],
    ['a quorum of zero', '@id("a") @approvers("x") @quorum("0") permit(principal, action, resource);', /@quorum must be a whole number/],
    ['an expiry without approvers', '@id("a") @expires("1h") permit(principal, action, resource);', /@expires needs @approvers/],
    ['an endless expiry', '@id("a") @approvers("x") @expires("2d") permit(principal, action, resource);', /at most 24h/],
    ['approvers that cannot be a group', '@id("a") @approvers("x,,y") permit(principal, action, resource);', /cannot be a group/],
    ['a limit in words', '@id("a") @max_rows("many") permit(principal, action, resource);', /@max_rows must be a whole number/],
    ['a limit of zero', '@id("a") @max_bytes("0") permit(principal, action, resource);', /@max_bytes must be/],
    ['a limit on a forbid', '@id("a") @max_rows("1") forbid(principal, action, resource);', /a forbid limits nothing/],
    ['an empty reason', '@id("a") @reason(" ") permit(principal, action, resource);', /@reason is empty/],
    ['a rule whose action cannot meet its resource', '@id("a") permit(principal, action == Action::"connect", resource is Object);', /can never apply: unable to find an applicable action/],
    ['a rule that is always false', '@id("a") forbid(principal, action, resource) when { false };', /can never apply: policy is impossible/],
    ['a rule about people', '@id("a") permit(principal is Group, action, resource);', /can never apply/],
  ])('refuses %s', (_, text, say) => {
    const read = readPolicySet([{ name: 'a.cedar', text }]);
    expect(read.ok).toBe(false);
    expect(read.problems.map((problem) => problem.say).join('\n')).toMatch(say);
  });

  it('reports everything that is wrong at once', () => {
    expect(problems('@id("a") permit(principal, action == Action::"x", resource);\npermit(principal, action, resource);\n@id("b") permit(prin);')).toHaveLength(3);
  });

  it('refuses two files of one name and a set that is too large', () => {
    expect(readPolicySet([{ name: 'a', text: '' }, { name: 'a', text: '' }]).ok).toBe(false);
    expect(readPolicySet([{ name: 'a', text: ' '.repeat(5_000_000) }]).ok).toBe(false);
  });

  it('survives rules as deep and as long as the splitter lets pass', () => {
    const deep = `@id("deep") permit(principal, action, resource) when { ${'('.repeat(maxNesting - 2)}true${')'.repeat(maxNesting - 2)} && principal is Machine };`;
    const long = `@id("long") permit(principal, action, resource) when { 1${' + 1'.repeat(maxOperators - 4)} != 1 };`;
    const read = readPolicySet([{ name: 'a', text: deep + long }]);
    expect(read.problems.filter((problem) => problem.severity === 'error' && !problem.say.includes('impossible'))).toEqual([]);
  });
});
