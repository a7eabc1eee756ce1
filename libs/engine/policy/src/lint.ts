import { walkConditions } from './expressions.ts';
import { nameComplaints, type Inventory } from './lint-names.ts';
import type { PolicyRule, PolicySet } from './policy-set.ts';
import type { Problem } from './problem.ts';
import { covers, namesPeople } from './scope.ts';

export type { Inventory } from './lint-names.ts';

/**
 * What is probably not meant, beyond what `readPolicySet` refuses: rules that another rule makes pointless, approvals that nobody
 * can give, a permit for everything, and, when the inventory is given, names that it does not have. An aid, not a proof: conditions are
 * not compared.
 */
export function lintPolicySet(set: PolicySet, inventory: Inventory | null = null): readonly Problem[] {
  const problems: Problem[] = [];
  const unconditional = set.rules.filter((rule) => rule.json.conditions.length === 0);
  for (const rule of set.rules) {
    const tell = (severity: Problem['severity'], say: string, hint: string | null = null) =>
      problems.push({ severity, file: rule.file, rule: rule.id, line: rule.line, column: rule.column, say, hint });
    lintApproval(rule, tell);
    lintShadow(rule, unconditional, tell);
    if (isBoundless(rule)) tell('warning', 'this permits everything on every target to every machine', 'name a machine, a group or a target in its head, or give it a condition');
    if (inventory !== null) for (const say of nameComplaints(rule, inventory)) tell('warning', say);
  }
  return problems;
}

type Tell = (severity: Problem['severity'], say: string, hint?: string | null) => void;

function lintApproval(rule: PolicyRule, tell: Tell): void {
  const named = rule.notes.approvers.length > 0;
  if (rule.asksApproval && !named) tell('error', 'this rule asks for approval, but has no @approvers', 'add @approvers("group"): without it what it holds is denied');
  if (!rule.asksApproval && named) tell('warning', 'this rule has @approvers, but never asks for context.approval, so it holds nothing', rule.effect === 'forbid' ? 'add: unless { context.approval }' : 'add: when { context.approval }');
}

function lintShadow(rule: PolicyRule, unconditional: readonly PolicyRule[], tell: Tell): void {
  for (const other of unconditional) {
    if (other === rule || !covers(other.scope, rule.scope)) continue;
    if (other.effect === 'forbid') {
      // Of two equal forbids only the later one is pointless.
      if (rule.effect === 'forbid' && rule.json.conditions.length === 0 && covers(rule.scope, other.scope) && rule.id < other.id) continue;
      return tell('warning', `rule ${other.id} forbids all that this rule speaks of, whatever this rule says`);
    }
    // Of people only permits speak that name them.
    if (namesPeople(rule.scope) && !namesPeople(other.scope)) continue;
    if (rule.effect !== 'permit' || rule.notes.maxRows !== null || rule.notes.maxBytes !== null) continue;
    if (rule.json.conditions.length === 0 && covers(rule.scope, other.scope) && rule.id < other.id) continue;
    return tell('warning', `rule ${other.id} permits all that this rule permits, without its conditions`);
  }
}

/** No head, no condition that asks anything of the request. */
function isBoundless(rule: PolicyRule): boolean {
  if (rule.effect !== 'permit' || rule.scope.principal !== null || namesPeople(rule.scope) || rule.scope.resource !== null || rule.scope.resourceType !== null) return false;
  if (rule.json.action.op !== 'All') return false;
  let asks = false;
  walkConditions(rule.json, (kind) => {
    asks ||= kind === 'Var';
    return true;
  });
  return !asks;
}
