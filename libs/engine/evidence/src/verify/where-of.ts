import type { Envelope } from '@sallyport/domain-events';
import type { Where } from '../findings.ts';
import type { FaultKind, Place } from './faults.ts';

/** Where an event stands, by what it says of itself. */
export function whereOf({ sid, seq, prod, id }: Envelope, leaf: number | null): Where {
  return { index: leaf, sid, seq, producer: prod.id, epoch: prod.epoch, pseq: prod.pseq, id };
}

/** The same as a place in a file. */
export function placeOf({ index, ...where }: Where, file: string): Place {
  return { ...where, leaf: index, file };
}

/** What is wrong with a session's end, by the words of packs. */
export const endFault = { forged: 'forged', untrusted: 'producer-key' } as const satisfies Record<string, FaultKind>;
