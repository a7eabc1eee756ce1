import { describe, expect, it } from 'vitest';
import { lintPolicySet, type Inventory } from './lint.ts';
import { setOf } from './testing/world.ts';

const lint = (text: string, inventory: Inventory | null = null) => lintPolicySet(setOf(text), inventory).map((problem) => `${problem.severity} ${problem.rule}: ${problem.say}`);

const inventory: Inventory = {
  machines: new Set(['nightly-ledger']), groups: new Set(['batch']), targets: new Set(['ledger-db']), approverGroups: new Set(['dba']), tags: new Set(['us.ssn']),
};

describe('linting rules', () => {
  it('says nothing about rules that are meant', () => {
    const text = `
      @id("connect") permit(principal in Group::"batch", action == Action::"connect", resource == Target::"ledger-db");
      @id("read") @max_rows("1000") permit(principal in Group::"batch", action == Action::"read", resource in Schema::"ledger-db/ledger");
      @id("ssn") @reason("SSNs") forbid(principal, action == Action::"read", resource is Object) when { resource.tags.contains("us.ssn") } unless { principal == Machine::"nightly-ledger" };
      @id("ddl") @approvers("dba") forbid(principal, action == Action::"define", resource) unless { context.approval };
      @id("session") permit(principal, action == Action::"control", resource) when { resource.kind == "session" };`;
    expect(lint(text, inventory)).toEqual([]);
  });

  it('finds approvals that nobody can give, and approvers that nobody asks', () => {
    expect(lint('@id("a") permit(principal, action == Action::"write", resource) when { context.approval };')).toEqual(['error a: this rule asks for approval, but has no @approvers']);
    expect(lint('@id("a") forbid(principal, action == Action::"write", resource) unless { context.approval };')).toEqual(['error a: this rule asks for approval, but has no @approvers']);
    expect(lint('@id("a") @approvers("dba") forbid(principal, action == Action::"write", resource);')).toEqual(['warning a: this rule has @approvers, but never asks for context.approval, so it holds nothing']);
  });

  it('finds a permit for everything', () => {
    expect(lint('@id("a") permit(principal, action, resource);')).toEqual(['warning a: this permits everything on every target to every machine']);
    expect(lint('@id("a") permit(principal, action, resource) when { 1 == 1 };')).toHaveLength(1);
    expect(lint('@id("a") permit(principal, action, resource) when { principal.environment == "test" };')).toEqual([]);
    expect(lint('@id("a") permit(principal, action == Action::"read", resource);')).toEqual([]);
  });

  it('finds rules that an unconditional forbid makes pointless', () => {
    const never = '@id("never") forbid(principal, action in Action::"change", resource in Target::"ledger-db");';
    const shadowed = (rule: string) => lint(`${never} ${rule}`).filter((line) => line.includes('never forbids all'));
    expect(shadowed('@id("w") permit(principal in Group::"batch", action == Action::"write", resource in Schema::"ledger-db/ledger");')).toHaveLength(1);
    expect(shadowed('@id("w") permit(principal, action == Action::"write", resource == Object::"ledger-db/ledger.customers");')).toHaveLength(1);
    expect(shadowed('@id("w") @approvers("dba") forbid(principal, action == Action::"define", resource in Target::"ledger-db") unless { context.approval };')).toHaveLength(1);
    expect(shadowed('@id("w") permit(principal, action == Action::"read", resource in Target::"ledger-db");')).toEqual([]);
    expect(shadowed('@id("w") permit(principal, action == Action::"write", resource in Schema::"ledger-db-2/ledger");')).toEqual([]);
    expect(shadowed('@id("w") permit(principal, action == Action::"write", resource);')).toEqual([]);
  });

  it('finds permits that another permits anyway, unless they set a limit', () => {
    const wide = '@id("wide") permit(principal, action == Action::"read", resource in Target::"ledger-db");';
    expect(lint(`${wide} @id("z") permit(principal in Group::"batch", action == Action::"read", resource in Schema::"ledger-db/ledger") when { context.hour < 6 };`)).toEqual(['warning z: rule wide permits all that this rule permits, without its conditions']);
    expect(lint(`${wide} @id("z") @max_rows("10") permit(principal in Group::"batch", action == Action::"read", resource in Schema::"ledger-db/ledger");`)).toEqual([]);
  });

  it('calls only the later of two equal rules pointless', () => {
    const twice = (effect: string) => lint(`@id("a") ${effect}(principal, action == Action::"read", resource); @id("b") ${effect}(principal, action == Action::"read", resource);`);
    expect(twice('permit')).toEqual([expect.stringContaining('warning b:')]);
    expect(twice('forbid')).toEqual([expect.stringContaining('warning b:')]);
  });
});

describe('linting names', () => {
  it.each([
    ['permit(principal == Machine::"nigthly", action, resource);', 'there is no machine "nigthly"'],
    ['permit(principal in Group::"bach", action, resource);', 'there is no group "bach"'],
    ['permit(principal, action, resource in Target::"ledger");', 'there is no target "ledger"'],
    ['permit(principal, action, resource in Schema::"ledger/x");', 'there is no target "ledger"'],
    ['permit(principal, action, resource in Schema::"public");', 'Schema::"public" does not begin with a target: write Schema::"target/…"'],
    ['permit(principal == Machine::"nightly-ledger", action, resource) unless { principal in Group::"no" };', 'there is no group "no"'],
    ['permit(principal == Machine::"nightly-ledger", action, resource is Object) when { resource.tags.contains("pci.pan") };', 'nothing is classified as "pci.pan"'],
    ['permit(principal == Machine::"nightly-ledger", action, resource is Object) when { resource.tags.containsAny(["us.ssn", "a.b"]) };', 'nothing is classified as "a.b"'],
    ['permit(principal == Machine::"nightly-ledger", action, resource is Column) when { resource.tag == "x.y" };', 'nothing is classified as "x.y"'],
    ['permit(principal, action == Action::"read", resource) when { principal.environment == "prod" };', 'principal.environment is never "prod"; it is one of production, staging, test, development'],
    ['permit(principal, action == Action::"read", resource) when { resource.target.environment != "prod" };', 'resource.target.environment is never "prod"; it is one of production, staging, test, development'],
  ])('finds the unknown name in %s', (rule, say) => {
    expect(lint(`@id("r") ${rule}`, inventory)).toEqual([`warning r: ${say}`]);
  });

  it('finds approver groups that do not exist', () => {
    expect(lint('@id("r") @approvers("dba, ceo") permit(principal, action == Action::"read", resource) when { context.approval };', inventory)).toEqual(['warning r: there is no group of approvers "ceo"']);
  });

  it('leaves lists that are not known alone', () => {
    expect(lint('@id("r") permit(principal == Machine::"x", action, resource in Target::"y");', { ...inventory, machines: null, targets: null })).toEqual([]);
  });
});
