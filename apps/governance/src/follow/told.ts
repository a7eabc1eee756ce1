import { hash } from 'node:crypto';
import { withOpenings, type Envelope, type EventType } from '@sallyport/domain-events';

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

/** A leaf as the ledger answers it; `bytes` is null where its body is gone by policy. */
export interface Leaf {
  readonly leaf: number;
  readonly received: string | null;
  readonly bytes: string | null;
  readonly openings: readonly string[];
}

/** Null for a leaf whose body is gone: it tells nothing any more. What it conceals is opened as far as it still can be. Throws for bytes that are no event. */
export function toldBy({ leaf, received, bytes, openings }: Leaf): Told | null {
  if (bytes === null) return null;
  const event = envelopeOf(JSON.parse(Buffer.from(bytes, 'base64').toString('utf8')));
  return { leaf, received: received === null ? 0 : Date.parse(received), event: withOpenings(event, openings, (text) => hash('sha256', text, 'base64url')).event };
}

/** The ledger takes nothing else; a stored byte that flipped since must not stop everybody behind it. */
function envelopeOf(value: unknown): Envelope {
  if (isObject(value) && typeof value['type'] === 'string' && typeof value['sid'] === 'string' && isObject(value['d']) && isObject(value['t'])) return value as unknown as Envelope;
  throw new SyntaxError('this is no event');
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
