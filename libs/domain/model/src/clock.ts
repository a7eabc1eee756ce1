import { id, type Instant } from './ids.ts';

/** Time as the parts of the product see it; tests give their own. */
export interface Clock {
  /** Milliseconds since 1970, with a fraction. */
  now(): number;
  /** Microseconds since the process started; never steps back. */
  monoUs(): number;
}

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  monoUs: () => Math.round(performance.now() * 1000),
};

let second = -1;
let prefix = '';

/** Milliseconds (with a fraction) as an Instant of six digits. */
export function instant(ms: number): Instant {
  const whole = Math.floor(ms / 1000);
  if (whole !== second) {
    second = whole;
    prefix = new Date(whole * 1000).toISOString().slice(0, 19);
  }
  const micros = Math.floor((ms - whole * 1000) * 1000);
  return id<Instant>(`${prefix}.${String(micros).padStart(6, '0')}Z`);
}

/** Milliseconds since 1970 of an Instant, with a fraction. NaN for what is not one. */
export function millis(at: string): number {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})Z$/.exec(at);
  return match ? Date.parse(`${match[1]}Z`) + Number(match[2]) / 1000 : Number.NaN;
}
