import { resourceName, type Effect, type Obligations, type Quorum, type Understanding } from '@sallyport/domain-model';
import type { CedarAnswer, Context } from './cedar.ts';
import type { CompiledRule, CompiledSlice } from './compiled.ts';
import { statementContext } from './context.ts';
import { objectResource } from './entities.ts';
import type { ObjectFacts } from './objects.ts';

/** What policy says of one effect. `rules` are sorted. */
export type Verdict =
  | { readonly kind: 'allow'; readonly rules: readonly string[]; readonly obligations: Obligations }
  | { readonly kind: 'deny'; readonly rules: readonly string[]; readonly say: string }
  | {
      readonly kind: 'hold';
      readonly rules: readonly string[];
      readonly say: string;
      readonly approvers: readonly Quorum[];
      readonly expiresIn: number;
      readonly obligations: Obligations;
    };

/** Said when the evaluator itself failed. The cause is for the log, not for the client. */
export const troubleSay = 'the policy could not be evaluated';

/**
 * Judges one effect: as it is, and when that is denied, as if the command had been approved. What approval changes is held for
 * the approvers whom the deciding rules name.
 */
export function judgeEffect(slice: CompiledSlice, effect: Effect, means: Understanding, facts: ObjectFacts, session: Context): Verdict {
  const resource = objectResource(slice.slice.target.name, effect.resource, facts);
  const plain = slice.ask(effect.verb, resource, statementContext(session, means, false));
  if (plain.allowed) return { kind: 'allow', rules: sorted(plain.rules), obligations: obligationsOf(slice, plain.rules) };
  if (plain.trouble !== null) return { kind: 'deny', rules: [], say: troubleSay };

  const what = `${effect.verb} on ${resourceName(effect.resource).slice(0, 200)}`;
  if (!slice.mentions.has('approval')) return denied(slice, plain, what);
  const approved = slice.ask(effect.verb, resource, statementContext(session, means, true));
  if (!approved.allowed) return denied(slice, plain, what);
  return held(slice, plain, approved, what);
}

function denied(slice: CompiledSlice, answer: CedarAnswer, what: string): Verdict {
  const rules = sorted(answer.rules);
  return { kind: 'deny', rules, say: reasonOf(slice, rules) ?? (rules.length === 0 ? `no rule permits ${what}` : `a rule forbids ${what}`) };
}

/**
 * The deciding rules: forbids that are gone once approved, and, when only rules that ask for approval permit, those permits.
 * Every one of them must name approvers. The strictest of each term counts.
 */
function held(slice: CompiledSlice, plain: CedarAnswer, approved: CedarAnswer, what: string): Verdict {
  const permits = approved.rules.every((rule) => slice.rules.get(rule)?.asksApproval === true) ? approved.rules : [];
  const deciding = sorted([...plain.rules, ...permits]);
  const quorums = new Map<string, number>();
  let expiresIn = Number.POSITIVE_INFINITY;
  for (const name of deciding) {
    const rule = slice.rules.get(name);
    if (rule === undefined || rule.notes.approvers.length === 0) return { kind: 'deny', rules: deciding, say: `${what} needs approval, but rule ${name} names nobody who could give it` };
    for (const group of rule.notes.approvers) quorums.set(group, Math.max(quorums.get(group) ?? 0, rule.notes.quorum));
    expiresIn = Math.min(expiresIn, rule.notes.expiresIn);
  }
  if (quorums.size === 0) return { kind: 'deny', rules: [], say: troubleSay };
  return {
    kind: 'hold',
    rules: deciding,
    say: reasonOf(slice, deciding) ?? `${what} needs approval`,
    approvers: [...quorums].map(([group, count]) => ({ group, count })).sort((a, b) => (a.group < b.group ? -1 : 1)),
    expiresIn,
    obligations: obligationsOf(slice, approved.rules),
  };
}

/** The first reason that the rules give, in order of their ids. */
function reasonOf(slice: CompiledSlice, rules: readonly string[]): string | null {
  for (const rule of rules) {
    const reason = slice.rules.get(rule)?.notes.reason ?? '';
    if (reason !== '') return reason;
  }
  return null;
}

/** Every permit that let it through limits it. */
export function obligationsOf(slice: CompiledSlice, rules: readonly string[]): Obligations {
  let obligations: Obligations = { maxRows: null, maxBytes: null };
  for (const name of rules) {
    const notes: CompiledRule['notes'] | undefined = slice.rules.get(name)?.notes;
    if (notes !== undefined) obligations = strictest(obligations, notes);
  }
  return obligations;
}

export function strictest(a: Obligations, b: Obligations): Obligations {
  return { maxRows: lower(a.maxRows, b.maxRows), maxBytes: lower(a.maxBytes, b.maxBytes) };
}

function lower(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.min(a, b);
}

export function sorted(rules: readonly string[]): readonly string[] {
  return [...new Set(rules)].sort();
}
