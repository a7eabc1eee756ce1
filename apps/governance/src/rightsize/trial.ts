import { gravest, type Effect, type Understanding } from '@sallyport/domain-model';
import {
  boundsOf, compileSlice, decideConnect, DecisionCache, effectName, explain, objectIndex, readEffect, sliceFor, unrecorded, type BoundedSet, type CompiledSlice, type PolicySet, type SessionFacts,
} from '@sallyport/engine-policy';
import type { Inventory } from '../inventory/inventory.ts';
import type { Past } from './history.ts';

export type DecisionKind = Past['decision'];

/** What a set says of something that was recorded. `effects` are those that are not allowed. `needs`: what was not recorded and it hangs on. */
export type Judged =
  | { readonly kind: 'decided'; readonly decision: DecisionKind; readonly rules: readonly string[]; readonly effects: readonly string[] }
  | { readonly kind: 'undecided'; readonly least: DecisionKind; readonly most: DecisionKind; readonly rules: readonly string[]; readonly needs: readonly string[] }
  | { readonly kind: 'passed'; readonly why: string };

/** Asked of a clock that no rule sees any more: rules that ask for the time were bounded. */
const anyTime = 0;
const anywhere = '0.0.0.0';

/**
 * Tries a policy set on what was recorded: with machines, groups, targets and classifications as they are now. What was not recorded is not guessed: where the answer hangs on it, that is said.
 */
export class Trial {
  readonly #set: PolicySet;
  readonly #inventory: Inventory;
  readonly #bounds = new Map<boolean, BoundedSet>();
  readonly #sides = new Map<string, { readonly permissive: CompiledSlice; readonly strict: CompiledSlice; readonly needs: BoundedSet['needs'] }>();
  readonly #caches = new Map<string, DecisionCache>();

  constructor(set: PolicySet, inventory: Inventory) {
    this.#set = set;
    this.#inventory = inventory;
  }

  judge(past: Past): Judged {
    if (past.rolled > 0) return { kind: 'passed', why: 'too many distinct objects on one day: only what they are inside of was kept' };
    const machine = this.#inventory.machineFacts(past.machine);
    if (machine === null) return { kind: 'passed', why: 'the machine is not in the inventory any more' };
    const target = this.#inventory.targetFacts(past.target);
    if (target === null) return { kind: 'passed', why: 'the target is not in the inventory any more' };
    if (past.kind === 'connect' && past.effects[0] === 'connect') return this.#connect(past);
    const means = understood(past);
    if (means === null) return { kind: 'passed', why: 'a name of an object can be read in two ways' };

    const { permissive, strict, needs } = this.#sidesOf(past);
    const most = this.#cacheOf('permissive', permissive, past).decide(means, anyTime);
    const least = permissive === strict ? most : this.#cacheOf('strict', strict, past).decide(means, anyTime);
    if (most.kind === least.kind) return { kind: 'decided', decision: most.kind, rules: most.rules, effects: most.kind === 'allow' ? [] : this.#notAllowed(strict, past, means) };
    const between = this.#between(permissive, strict, past, means, needs);
    return { kind: 'undecided', least: least.kind, most: most.kind, ...between };
  }

  #connect(past: Past): Judged {
    const { permissive, strict, needs } = this.#sidesOf(past);
    const [most, least] = [permissive, strict].map((slice) => decideConnect(slice, sessionOf(past), anyTime));
    if (most === undefined || least === undefined) throw new RangeError('two sides');
    if (most.kind === least.kind) return { kind: 'decided', decision: most.kind, rules: most.rules, effects: most.kind === 'allow' ? [] : ['connect'] };
    const rules = [...needs.keys()].filter((rule) => this.#set.rules.some(({ id, scope }) => id === rule && scope.actions.has('connect')));
    return { kind: 'undecided', least: least.kind, most: most.kind, rules, needs: needsOf(rules, needs) };
  }

  /** Rules whose unknown the answer hangs on: those that speak of an effect on which the two sides differ. */
  #between(permissive: CompiledSlice, strict: CompiledSlice, past: Past, means: Understanding, needs: BoundedSet['needs']): { rules: readonly string[]; needs: readonly string[] } {
    const objects = this.#objects(past.target);
    const [most, least] = [permissive, strict].map((slice) => explain(slice, { means, session: sessionOf(past), objects, now: anyTime }).effects);
    const differing = (most ?? []).filter(({ verdict }, i) => verdict.kind !== least?.[i]?.verdict.kind);
    const named = new Set([...differing, ...(least ?? [])].flatMap(({ verdict }) => verdict.rules).filter((rule) => needs.has(rule)));
    const verbs = new Set(differing.map(({ effect }) => effect.verb));
    const rules = named.size > 0 ? [...named] : [...needs.keys()].filter((rule) => this.#set.rules.some(({ id, scope }) => id === rule && [...verbs].some((verb) => scope.actions.has(verb))));
    return { rules: rules.sort(), needs: needsOf(rules, needs) };
  }

  #notAllowed(slice: CompiledSlice, past: Past, means: Understanding): readonly string[] {
    return explain(slice, { means, session: sessionOf(past), objects: this.#objects(past.target), now: anyTime }).effects.filter(({ verdict }) => verdict.kind !== 'allow').map(({ effect }) => effectName(effect));
  }

  #sidesOf({ machine: name, target: on }: Past) {
    const key = `${name}\0${on}`;
    const known = this.#sides.get(key);
    if (known !== undefined) return known;
    const [machine, target] = [this.#inventory.machineFacts(name), this.#inventory.targetFacts(on)];
    if (machine === null || target === null) throw new RangeError('asked for before they were looked up');
    const { permissive, strict, needs } = this.#boundsFor(this.#inventory.plan(on) !== null);
    const compiled = (policySet: PolicySet) => compileSlice(sliceFor({ policySet, machine, target }));
    const sides = { permissive: compiled(permissive), strict: compiled(strict), needs };
    this.#sides.set(key, sides);
    return sides;
  }

  #boundsFor(classified: boolean): BoundedSet {
    const known = this.#bounds.get(classified);
    if (known !== undefined) return known;
    const made = boundsOf(this.#set, classified ? unrecorded : new Set([...unrecorded, 'resource.tags', 'resource.large']));
    this.#bounds.set(classified, made);
    return made;
  }

  #cacheOf(side: string, slice: CompiledSlice, past: Past): DecisionCache {
    const key = `${side}\0${past.machine}\0${past.target}\0${past.role}\0${past.protocol}`;
    const known = this.#caches.get(key);
    if (known !== undefined) return known;
    const made = new DecisionCache(slice, sessionOf(past), this.#objects(past.target));
    this.#caches.set(key, made);
    return made;
  }

  #objects(target: string) {
    return objectIndex(this.#inventory.plan(target));
  }
}

/** What was recorded of a command, as the evaluator reads it; null where it cannot be said what was meant. */
export function understood({ effects: written, reading, kind }: Pick<Past, 'effects' | 'reading' | 'kind'>): Understanding | null {
  const effects: Effect[] = [];
  for (const text of written) {
    const effect = readEffect(text);
    if (effect === null) return null;
    effects.push(effect);
  }
  if (reading !== 'whole' && reading !== 'partial' && reading !== 'opaque') return null;
  return { verb: gravest(effects), effects, reading, shape: '', fingerprint: null, facts: { kind }, outputs: null };
}

function sessionOf({ protocol, role }: Past): SessionFacts {
  return { protocol, role: role === '' ? null : role, source: anywhere, client: null };
}

function needsOf(rules: readonly string[], needs: BoundedSet['needs']): readonly string[] {
  return [...new Set(rules.flatMap((rule) => needs.get(rule) ?? []))].sort();
}
