import { left } from './approvals.ts';

/** A time and how far away it is; what cannot be read stays as it is. */
export function moment(at: string, now: number = Date.now()): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return at;
  const rest = left(time.toISOString(), now);
  return `${time.toISOString().replace(/\.\d+/, '')} (${rest === 'none' ? 'over' : `${rest} left`})`;
}

/** The same for what is days away: `2026-11-30 09:00Z (in 6 days)`; within two days in hours. */
export function distant(at: string, now: number): string {
  const time = Date.parse(at);
  if (Number.isNaN(time)) return at;
  const [hours, days] = [Math.floor((time - now) / 3_600_000), Math.floor((time - now) / 86_400_000)];
  return `${at.slice(0, 16).replace('T', ' ')}Z (${time <= now ? 'over' : days >= 2 ? `in ${days} days` : hours >= 2 ? `in ${hours} hours` : left(at, now)})`;
}
