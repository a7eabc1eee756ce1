import { left } from './approvals.ts';

/** A time and how far away it is; what cannot be read stays as it is. */
export function moment(at: string, now: number = Date.now()): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return at;
  const rest = left(time.toISOString(), now);
  return `${time.toISOString().replace(/\.\d+/, '')} (${rest === 'none' ? 'over' : `${rest} left`})`;
}
