import type { evidenceSessions, SessionStateName } from '@sallyport/platform-bus';
import type { z } from 'zod';

/** Which sessions; null leaves open. `from` and `to` are whole milliseconds of when they began, `to` not included. */
export interface SessionFilter {
  readonly machine: string | null;
  readonly target: string | null;
  readonly states: readonly SessionStateName[];
  readonly from: Date | null;
  readonly to: Date | null;
}

const every: readonly SessionStateName[] = ['open', 'closed', 'refused', 'abandoned'];

/** `open` and `state` together are both asked for. */
export function sessionFilter({ machine, target, open, state, from, to }: Pick<z.output<(typeof evidenceSessions)['request']>, 'machine' | 'target' | 'open' | 'state' | 'from' | 'to'>): SessionFilter {
  const states = every.filter((one) => (state === null || one === state) && (open === null || open === (one === 'open')));
  return { machine, target, states, from: moment(from), to: moment(to) };
}

const moment = (text: string | null): Date | null => (text === null ? null : new Date(text));

/** A stretch of time, open where it is null. */
export interface Stretch {
  readonly from: Date | null;
  readonly to: Date | null;
}

export interface Days {
  /** Whole days (UTC), `to` not included. Null: there is none. */
  readonly whole: Stretch | null;
  /** What is left over of days at either end. */
  readonly parts: readonly Stretch[];
}

const dayMs = 86_400_000;
const midnight = (at: Date, round: 'up' | 'down') => new Date((round === 'up' ? Math.ceil : Math.floor)(at.getTime() / dayMs) * dayMs);

/** Cuts a time into the days that are counted already and the rest. */
export function daysOf({ from, to }: Stretch): Days {
  if (from !== null && to !== null && from >= to) return { whole: null, parts: [] };
  const first = from === null ? null : midnight(from, 'up');
  const last = to === null ? null : midnight(to, 'down');
  if (first !== null && last !== null && first > last) return { whole: null, parts: [{ from, to }] };
  const parts: Stretch[] = [];
  if (from !== null && first !== null && from < first) parts.push({ from, to: first });
  if (to !== null && last !== null && last < to) parts.push({ from: last, to });
  const whole = first !== null && last !== null && first.getTime() === last.getTime() ? null : { from: first, to: last };
  return { whole, parts };
}
