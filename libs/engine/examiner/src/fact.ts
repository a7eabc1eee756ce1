import type { Authority, Envelope, On, Who } from '@sallyport/domain-events';

/** One event of a pack, as the controls read it. Its bytes were checked before: `hash` is theirs. */
export interface Fact {
  readonly leaf: number;
  /** SHA-256 (hex) of the stored bytes. */
  readonly hash: string;
  readonly id: string;
  readonly type: string;
  readonly sid: string;
  readonly seq: number;
  readonly producer: string;
  readonly epoch: string;
  /** The producer's counter. */
  readonly pseq: number;
  /** The producer's wall clock: RFC 3339 with six digits, UTC, so that text order is time order. */
  readonly at: string;
  readonly monoUs: number;
  readonly who: Who | null;
  readonly on: On | null;
  readonly auth: Authority | null;
  readonly d: object;
}

export function factOf(leaf: number, hash: string, event: Envelope): Fact {
  const { id, type, sid, seq, prod, t, who, on, auth, d } = event;
  return { leaf, hash, id, type, sid, seq, producer: prod.id, epoch: prod.epoch, pseq: prod.pseq, at: t.wall, monoUs: t.mono_us, who, on, auth, d };
}

/** A member of an event's data. An event may come from a newer or a faulty producer: what is not of the wanted form reads as empty. */
export const text = ({ d }: Fact, name: string): string => textIn(d, name);

export function textIn(of: unknown, name: string): string {
  const value = member(of, name);
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

export const count = ({ d }: Fact, name: string): number => countIn(d, name);

export function countIn(of: unknown, name: string): number {
  const value = member(of, name);
  return typeof value === 'number' ? value : 0;
}

export const texts = (fact: Fact, name: string): readonly string[] => list(fact, name).filter((value) => typeof value === 'string');

export function list({ d }: Fact, name: string): readonly unknown[] {
  const value = member(d, name);
  return Array.isArray(value) ? value : [];
}

export const isTrue = ({ d }: Fact, name: string): boolean => member(d, name) === true;

function member(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null && Object.hasOwn(of, name) ? Reflect.get(of, name) : undefined;
}

/** `machine:nightly` without its prefix; null for everybody else. */
export const machineOf = ({ who }: Pick<Fact, 'who'>): string | null => (who?.id.startsWith('machine:') === true ? who.id.slice('machine:'.length) : null);

/** Milliseconds of a wall clock's text. NaN for what is none. */
export const millis = (at: string): number => Date.parse(at);
