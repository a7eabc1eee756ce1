import type { Told } from '../follow/told.ts';

const day = 86_400_000;
/** A producer that was cut off tells late; none tells of the future. What is further off is a wrong clock. */
const latest = 5 * 60_000;
const earliest = 7 * day;
/** The last year that every part of us can write. */
const last = Date.UTC(9999, 11, 31);

/**
 * When something happened, in milliseconds since 1970: as its producer says, as long as that can be; else when the ledger took it. A clock that was set to another year makes
 * neither a history nor two things that happen at once.
 */
export function momentOf({ event, received }: Pick<Told, 'event' | 'received'>): number {
  const told = Date.parse(event.t.wall);
  const known = Number.isFinite(received) && received > 0;
  if (Number.isNaN(told)) return known ? received : 0;
  return known && (told > received + latest || told < received - earliest) ? received : Math.min(Math.max(told, 0), last);
}

/** The day (UTC) of a moment, in days since 1970. */
export const dayOf = (at: number): number => Math.floor(at / day);
