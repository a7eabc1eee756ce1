import { id, resourceName, verbs, type Decision, type Effect, type Obligations, type Quorum, type RuleId, type Understanding } from '@sallyport/domain-model';
import type { CompiledSlice } from './compiled.ts';
import { minuteOf, sessionContext, type SessionFacts } from './context.ts';
import { joint } from './joint.ts';
import type { ObjectIndex } from './objects.ts';
import { judgeEffect, sorted, strictest, type Verdict } from './verdict.ts';

export interface Query {
  readonly means: Understanding;
  readonly session: SessionFacts;
  readonly objects: ObjectIndex;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Most distinct effects of one command. Each costs an evaluation, and the event loop waits for all of them. */
export const maxEffects = 1024;

/** What each effect of a command was judged to be. */
export interface JudgedEffect {
  readonly effect: Effect;
  readonly verdict: Verdict;
}

/** Decides one command. Never throws: whatever goes wrong is a denial. On somebody's behalf it is decided for both. */
export function decide(slice: CompiledSlice, query: Query): Decision {
  const machine = decideSide(slice, query);
  return slice.behalf === null ? machine : joint(slice, machine, decideSide(slice.behalf, query));
}

function decideSide(slice: CompiledSlice, query: Query): Decision {
  const effects = effectsOf(query.means);
  if (effects.length > maxEffects) return tooMany(slice);
  return combine(slice, judgeAll(slice, query, effects));
}

export interface Explained {
  readonly decision: Decision;
  readonly effects: readonly JudgedEffect[];
}

/** Decides and shows how: for `policy explain`. `behalf` is null where the machine acts for itself; else `effects` are the machine's. */
export function explain(slice: CompiledSlice, query: Query): Explained & { readonly behalf: Explained | null } {
  const machine = explainSide(slice, query);
  if (slice.behalf === null) return { ...machine, behalf: null };
  const behalf = explainSide(slice.behalf, query);
  return { decision: joint(slice, machine.decision, behalf.decision), effects: machine.effects, behalf };
}

function explainSide(slice: CompiledSlice, query: Query): Explained {
  const effects = effectsOf(query.means);
  if (effects.length > maxEffects) return { decision: tooMany(slice), effects: [] };
  const judged = judgeAll(slice, query, effects);
  return { decision: combine(slice, judged), effects: judged };
}

function judgeAll(slice: CompiledSlice, query: Query, effects: readonly Effect[]): JudgedEffect[] {
  const session = sessionContext(query.session, minuteOf(query.now));
  return effects.map((effect) => ({ effect, verdict: judgeEffect(slice, effect, query.means, query.objects.of(effect.resource), session) }));
}

const unreadable: Effect = { verb: 'unknown', resource: { kind: 'other', schema: null, name: '?' } };

/**
 * The distinct effects that must all be allowed. A command of which nothing can be said, or that was not understood to do
 * anything, does `unknown` on `other:?` besides.
 */
export function effectsOf(means: Understanding): readonly Effect[] {
  const [only] = means.effects;
  if (only !== undefined && means.effects.length === 1 && means.reading !== 'opaque') return means.effects;
  const distinct = new Map<string, Effect>();
  for (const effect of means.effects) distinct.set(effectKey(effect), effect);
  if (means.reading === 'opaque' || distinct.size === 0) distinct.set(effectKey(unreadable), unreadable);
  return [...distinct.values()];
}

/** Unlike {@link resourceName}, tells every two resources apart. */
export function effectKey({ verb, resource }: Effect): string {
  return `${verb} ${resource.kind}\0${resource.schema ?? ''}\0${resource.name}`;
}

/** One decision from the verdicts of all effects: denied if any is, held if any is, under the strictest terms of all. */
export function combine(slice: CompiledSlice, judged: readonly JudgedEffect[]): Decision {
  const { digest } = slice.slice;
  const denials = judged.filter((one) => one.verdict.kind === 'deny').sort((a, b) => verbs.indexOf(b.effect.verb) - verbs.indexOf(a.effect.verb));
  const [gravest] = denials;
  if (gravest !== undefined) {
    return { kind: 'deny', slice: digest, rules: rulesOf(denials), say: 'say' in gravest.verdict ? gravest.verdict.say : '' };
  }

  let obligations: Obligations = { maxRows: null, maxBytes: null };
  const quorums = new Map<string, number>();
  const reasons = new Set<string>();
  let expiresIn = Number.POSITIVE_INFINITY;
  for (const { verdict } of judged) {
    if (verdict.kind === 'deny') continue;
    obligations = strictest(obligations, verdict.obligations);
    if (verdict.kind !== 'hold') continue;
    for (const { group, count } of verdict.approvers) quorums.set(group, Math.max(quorums.get(group) ?? 0, count));
    expiresIn = Math.min(expiresIn, verdict.expiresIn);
    reasons.add(verdict.say);
  }
  if (quorums.size === 0) return { kind: 'allow', slice: digest, rules: rulesOf(judged), obligations };
  return {
    kind: 'hold',
    slice: digest,
    rules: rulesOf(judged.filter((one) => one.verdict.kind === 'hold')),
    say: [...reasons].join('; ').slice(0, 500),
    approvers: [...quorums].map(([group, count]): Quorum => ({ group, count })).sort((a, b) => (a.group < b.group ? -1 : 1)),
    expiresIn,
    obligations,
  };
}

function rulesOf(judged: readonly JudgedEffect[]): readonly RuleId[] {
  return sorted(judged.flatMap((one) => one.verdict.rules)).map((rule) => id<RuleId>(rule));
}

export function tooMany(slice: CompiledSlice): Decision {
  return { kind: 'deny', slice: slice.slice.digest, rules: [], say: `the command touches more than ${maxEffects} objects` };
}

/** `write ledger.customers`, as evidence and explanations show an effect. */
export function effectName(effect: Effect): string {
  return `${effect.verb} ${resourceName(effect.resource)}`;
}
