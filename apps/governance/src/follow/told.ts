import type { Envelope, EventType } from '@sallyport/domain-events';

/** One event as the ledger has it: its place, when the ledger took it (milliseconds since 1970), and what it says. */
export interface Told<T extends EventType = EventType> {
  readonly leaf: number;
  readonly received: number;
  readonly event: Envelope<T>;
}

/** Narrows by type, so that the event's data are known. */
export function isOf<T extends EventType>(told: Told, type: T): told is Told<T> {
  return told.event.type === type;
}
