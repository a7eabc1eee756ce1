import { Failure } from './failure.ts';

/** For what governance counts over its records: the console waits a minute for it. In milliseconds. */
export const patienceMs = 65_000;

/** `--days`. Throws a Failure. */
export function daysOf(text: unknown): number {
  if (!/^\d{1,3}$/.test(String(text)) || Number(text) < 1 || Number(text) > 400) throw new Failure('usage', `--days ${String(text)} is no number of days`, 'from 1 to 400');
  return Number(text);
}
