import type { ColumnTag, Decision, Effect, Understanding } from '@sallyport/domain-model';
import type { CompiledSlice } from './compiled.ts';
import { isCountable, minuteOf, sessionContext, type SessionFacts } from './context.ts';
import type { Context } from './cedar.ts';
import { unmaskedColumns } from './connect.ts';
import { combine, effectKey, effectsOf, maxEffects, tooMany } from './decide.ts';
import { joint } from './joint.ts';
import type { ObjectIndex } from './objects.ts';
import { judgeEffect, type Verdict } from './verdict.ts';

/** Verdicts under longer keys are not kept: names of files and programs can be as long as a statement. */
const maxKey = 512;

/**
 * Decisions of one session under one slice and one classification; make a new one when either changes.
 *
 * A command that was understood before (the same Understanding object) costs one lookup. One that was not, but whose effects
 * were judged before in this slice, costs a lookup for each effect. Both are sound because keys hold everything that the
 * slice's rules mention: the time, in whole minutes, only when a rule asks for it.
 */
export class DecisionCache {
  readonly #slice: CompiledSlice;
  /** Of the party that the machine acts for. */
  readonly #behalf: DecisionCache | null;
  readonly #session: SessionFacts;
  readonly #objects: ObjectIndex;
  readonly #timed: boolean;
  readonly #facts: readonly (typeof commandFacts)[number][];
  readonly #of: string;
  #minute: number;
  #decisions = new WeakMap<Understanding, Decision>();
  #context: Context | null = null;
  #unmasked = new WeakMap<readonly ColumnTag[], ReadonlySet<string>>();

  constructor(slice: CompiledSlice, session: SessionFacts, objects: ObjectIndex) {
    const { mentions } = slice;
    const told = (attribute: string, value: string | null) => (mentions.has(attribute) ? value : null);
    this.#slice = slice;
    this.#behalf = slice.behalf === null ? null : new DecisionCache(slice.behalf, session, objects);
    this.#session = session;
    this.#objects = objects;
    this.#timed = mentions.time || slice.behalf?.mentions.time === true;
    this.#facts = commandFacts.filter(mentions.has);
    this.#minute = -1;
    this.#of = JSON.stringify([objects.key, told('protocol', session.protocol), told('role', session.role), told('source', session.source), told('client', session.client)]);
  }

  /** @param now milliseconds since 1970 */
  decide(means: Understanding, now: number): Decision {
    if (this.#timed) this.#turn(now);
    const known = this.#decisions.get(means);
    if (known !== undefined) return known;
    const own = this.#fresh(means, now);
    const decision = this.#behalf === null ? own : joint(this.#slice, own, this.#behalf.decide(means, now));
    this.#decisions.set(means, decision);
    return decision;
  }

  /** The classified columns that this session may see in the clear; `columns` is the plan's list, by identity. */
  unmasked(columns: readonly ColumnTag[], now: number): ReadonlySet<string> {
    if (this.#timed) this.#turn(now);
    const known = this.#unmasked.get(columns);
    if (known !== undefined) return known;
    const made = unmaskedColumns(this.#slice, columns, this.#session, now);
    this.#unmasked.set(columns, made);
    return made;
  }

  #turn(now: number): void {
    const minute = minuteOf(now);
    if (minute === this.#minute) return;
    this.#minute = minute;
    this.#decisions = new WeakMap();
    this.#unmasked = new WeakMap();
    this.#context = null;
  }

  #fresh(means: Understanding, now: number): Decision {
    const effects = effectsOf(means);
    if (effects.length > maxEffects) return tooMany(this.#slice);
    this.#context ??= sessionContext(this.#session, minuteOf(now));
    const context = this.#context;
    const prefix = this.#prefix(means);
    return combine(this.#slice, effects.map((effect) => ({ effect, verdict: this.#verdict(effect, means, context, prefix) })));
  }

  #verdict(effect: Effect, means: Understanding, context: Context, prefix: string): Verdict {
    const key = `${prefix}${effectKey(effect)}`;
    const known = this.#slice.verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = judgeEffect(this.#slice, effect, means, this.#objects.of(effect.resource), context);
    if (key.length <= maxKey) this.#slice.verdicts.set(key, verdict);
    return verdict;
  }

  /** Everything besides the effect that its verdict can depend on. */
  #prefix(means: Understanding): string {
    const { facts } = means;
    let key = this.#timed ? `${this.#of}${this.#minute}|` : this.#of;
    for (const fact of this.#facts) key += `${fact === 'hasLimit' ? facts.hasLimit && isCountable(facts) : fact === 'reading' ? means.reading : fact === 'programs' || fact === 'sets' ? JSON.stringify(facts[fact]) : facts[fact]}|`;
    return `${key}\0`;
  }
}

/**
 * Facts of a command that a rule may ask for. None of their values contains a bar, but the statement's kind, which is last, and lists, which are
 * written as JSON and so end where they end.
 */
const commandFacts = ['reading', 'hasWhere', 'hasLimit', 'limit', 'copiesOut', 'hasPipe', 'hasRedirect', 'recursive', 'elevates', 'isInteractive', 'recogniser', 'programs', 'sets', 'kind'] as const;
