import type { Effect } from '@sallyport/domain-model';
import { effectName, effectsOf } from '@sallyport/engine-policy';
import type { Past } from './history.ts';
import { understood } from './trial.ts';

/** One effect in one role: in which kinds of statements, how often and when last. */
export interface Granted {
  readonly effect: Effect;
  readonly kinds: Set<string>;
  commands: number;
  last: Date;
}

/** What one machine used on one target in one role. */
export interface Place {
  readonly target: string;
  readonly role: string;
  connects: number;
  connected: Date;
  /** By effect. */
  readonly allowed: Map<string, Granted>;
  /** By the rules that hold it, then by effect. */
  readonly held: Map<string, { readonly rules: readonly string[]; readonly effects: Map<string, Granted> }>;
}

export interface Left {
  readonly what: string;
  readonly why: string;
  commands: number;
  readonly example: string;
}

/** Adds up what was allowed and what was held, and what cannot be said of it. What was denied is nothing that a policy should permit. */
export function tally(past: readonly Past[]): { readonly places: readonly Place[]; readonly left: readonly Left[] } {
  const places = new Map<string, Place>();
  const left = new Map<string, Left>();
  for (const one of past) {
    if (one.decision === 'deny') continue;
    if (one.rolled > 0) {
      leave(left, one, one.effects[0] ?? one.kind, 'too many distinct objects on one day: only what they are inside of was kept');
      continue;
    }
    const place = placeOf(places, one);
    if (one.kind === 'connect' && one.effects[0] === 'connect') {
      place.connects += one.commands;
      if (one.last > place.connected) place.connected = one.last;
      continue;
    }
    const means = understood(one);
    if (means === null) {
      leave(left, one, one.effects[0] ?? one.kind, 'a name of an object can be read in two ways');
      continue;
    }
    const into = one.decision === 'allow' ? place.allowed : heldOf(place, one.rules);
    for (const effect of effectsOf(means)) grant(into, effect, one);
  }
  return { places: [...places.values()].sort((a, b) => (`${a.target} ${a.role}` < `${b.target} ${b.role}` ? -1 : 1)), left: [...left.values()] };
}

function placeOf(places: Map<string, Place>, { target, role, last }: Past): Place {
  const key = `${target}\0${role}`;
  const known = places.get(key);
  if (known !== undefined) return known;
  const made: Place = { target, role, connects: 0, connected: last, allowed: new Map(), held: new Map() };
  places.set(key, made);
  return made;
}

function heldOf(place: Place, rules: readonly string[]): Map<string, Granted> {
  const key = rules.join(' ');
  const known = place.held.get(key);
  if (known !== undefined) return known.effects;
  const made = { rules, effects: new Map<string, Granted>() };
  place.held.set(key, made);
  return made.effects;
}

function grant(into: Map<string, Granted>, effect: Effect, { kind, commands, last }: Past): void {
  const key = effectName(effect);
  const known = into.get(key);
  if (known === undefined) return void into.set(key, { effect, kinds: new Set([kind]), commands, last });
  known.kinds.add(kind);
  known.commands += commands;
  if (last > known.last) known.last = last;
}

function leave(left: Map<string, Left>, { commands, example }: Past, what: string, why: string): void {
  const key = `${what}\0${why}`;
  const known = left.get(key);
  if (known === undefined) left.set(key, { what, why, commands, example });
  else known.commands += commands;
}
