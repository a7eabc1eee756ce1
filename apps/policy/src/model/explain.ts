import type { Decision, Understanding } from '@sallyport/domain-model';
import { decideConnect, effectName, explain as explainOne, objectIndex, sessionContext, minuteOf, unmaskedColumns, type CompiledSlice, type JudgedEffect, type SessionFacts } from '@sallyport/engine-policy';
import { keepsHidden, keepsHiddenSay, TaggedRelations } from '@sallyport/engine-session';
import type { policyDecide } from '@sallyport/platform-bus';
import type { MaskPlan } from '@sallyport/domain-model';
import type { z } from 'zod';

export type Explanation = z.output<(typeof policyDecide)['value']>;

export interface Explained {
  readonly slice: CompiledSlice;
  readonly statements: readonly Understanding[];
  readonly session: SessionFacts;
  /** Null when none is known here: then nothing is said of classified columns, and the context says so. */
  readonly plan: MaskPlan | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const gravity = { allow: 0, hold: 1, deny: 2 } as const;

/** What would be decided for these statements, and by which rules. The gravest counts: connecting, and each statement. */
export function explain({ slice, statements, session, plan, now }: Explained): Explanation {
  const connect = decideConnect(slice, session, now);
  const objects = objectIndex(plan);
  const unmasked = unmaskedColumns(slice, plan?.columns ?? [], session, now);
  const tagged = new TaggedRelations();
  const decided = statements.map((means) => {
    const { decision, effects, behalf } = explainOne(slice, { means, session, objects, now });
    // The gate's own rule, after the policy's answer: what is masked for this machine must not be kept where it would not be.
    const keeps = decision.kind !== 'deny' && keepsHidden(means, plan, unmasked, tagged.touches(means, plan));
    return { means, effects, behalf: behalf?.effects ?? [], decision: keeps ? kept(decision) : decision };
  });
  const gravest = [connect, ...decided.map((one) => one.decision)].reduce<Decision>((a, b) => (gravity[b.kind] > gravity[a.kind] ? b : a), connect);
  return {
    ...spoken(gravest),
    rules: gravest.kind === 'allow' ? [...new Set([connect, ...decided.map((one) => one.decision)].flatMap((one) => one.rules))].sort() : [...gravest.rules],
    sides: slice.behalf === null ? null : sidesOf([connect, ...decided.map((one) => one.decision)]),
    statements: decided.map(({ means, decision, effects, behalf }) => ({
      shape: means.shape,
      ...spoken(decision),
      rules: [...decision.rules],
      effects: [...effects.map(shownOf('machine')), ...behalf.map(shownOf('behalf'))],
    })),
    context: {
      ...sessionContext(session, minuteOf(now)),
      source: session.source,
      now: new Date(minuteOf(now) * 60_000).toISOString(),
      machine: slice.slice.machine,
      target: slice.slice.target,
      ...(slice.slice.behalf === undefined ? {} : { behalf: slice.slice.behalf }),
      connect: connect.kind,
      slice: slice.slice.digest,
      maskPlan: plan?.id ?? 'none is known here: what is classified was not looked at',
      approvers: gravest.kind === 'hold' ? gravest.approvers : [],
    },
  };
}

const shownOf = (of: 'machine' | 'behalf') => ({ effect, verdict }: JudgedEffect) => ({ effect: effectName(effect), decision: verdict.kind, rules: [...verdict.rules], say: 'say' in verdict ? verdict.say : null, of });

/** The gravest of each party's answers, with the rules of all of that gravity. */
function sidesOf(decisions: readonly Decision[]): Explanation['sides'] {
  const side = (of: 'machine' | 'behalf') => {
    const sides = decisions.flatMap(({ sides: both }) => (both === undefined ? [] : [both[of]]));
    const decision = sides.reduce<Decision['kind']>((a, b) => (gravity[b.decision] > gravity[a] ? b.decision : a), 'allow');
    return { decision, say: null, rules: [...new Set(sides.filter((one) => one.decision === decision).flatMap(({ rules }) => rules))].sort() };
  };
  return { machine: side('machine'), behalf: side('behalf') };
}

const kept = ({ slice }: Decision): Decision => ({ kind: 'deny', slice, rules: [], say: keepsHiddenSay });

function spoken(decision: Decision): { decision: Decision['kind']; say: string | null } {
  return { decision: decision.kind, say: 'say' in decision ? decision.say : null };
}
