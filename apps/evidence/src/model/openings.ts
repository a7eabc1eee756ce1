import type { KeyObject } from 'node:crypto';
import { classOf, commitmentsOf, parseDisclosure, type Envelope, type FieldClass, type WrappedKey } from '@sallyport/domain-events';
import { CannotOpenError, MalformedEventError, openOpenings, openSessionKey, parseEnvelope, type OpeningKeys } from '@sallyport/engine-evidence';
import { z } from 'zod';

/** What somebody may see of the fields that events conceal. */
export type Entitlement = ReadonlySet<FieldClass>;

const everything: Entitlement = new Set<FieldClass>(['person', 'address', 'claims', 'words']);
/** What tokens said of people and workloads is for those who audit. */
const operators: Entitlement = new Set<FieldClass>(['person', 'address', 'words']);
const nothing: Entitlement = new Set();

/** By a person's roles. Sinks take everything: what leaves for a receiver is withheld there, by the sink's own document. */
export function entitledTo(roles: readonly string[]): Entitlement {
  if (roles.includes('auditor')) return everything;
  return roles.includes('operator') || roles.includes('admin') ? operators : nothing;
}
export const sinksMayOpen = everything;

/** Whether an event has openings, told from its bytes without reading them. It may be told wrongly of an event that has none. */
export const mayHaveOpenings = (bytes: Buffer): boolean => bytes.includes('"role":"opening"');

const wrappedKey = z.object({ kek: z.string(), epk: z.string(), iv: z.string(), wrapped: z.string(), day: z.string().optional() });

/**
 * Opens what an event conceals, for whoever may see it: the one way from the ledger to an answer. What cannot be opened any more (its ciphertext or its key is gone,
 * or altered) stays closed.
 * @param boxes ciphertexts of the event by their hash (hex)
 */
export function openingsOf(bytes: Buffer, boxes: ReadonlyMap<string, Uint8Array>, keys: OpeningKeys, may: Entitlement): string[] {
  const event = envelopeOf(bytes);
  if (event === null) return [];
  const commitments = commitmentsOf(event);
  const openings = event.blobs.filter(({ role }) => role === 'opening').flatMap((ref) => {
    const box = boxes.get(ref.ct_sha256);
    return box === undefined ? [] : (orNull(() => openOpenings(ref, box, withSession(event, keys))) ?? []);
  });
  return openings.filter((text) => {
    const path = parseDisclosure(text)?.path;
    const of = path === undefined || !Object.hasOwn(commitments, path) ? null : classOf(event.type, path);
    return of !== null && may.has(of);
  });
}

/** `session.opened` brings its session's key itself. */
function withSession(event: Envelope, keys: OpeningKeys): OpeningKeys {
  if (keys.session !== undefined || event.type !== 'session.opened') return keys;
  const found = z.object({ key: wrappedKey }).safeParse(event.d);
  if (!found.success) return keys;
  const { day, ...rest } = found.data.key;
  const wrapped: WrappedKey = day === undefined ? rest : { ...rest, day };
  return { ...keys, session: orNull(() => openSessionKey(wrapped, keys.reader, day === undefined ? null : dayKeyOf(keys, day))) };
}

const dayKeyOf = (keys: OpeningKeys, day: string): KeyObject | null => keys.dayKeyOf?.(day) ?? null;

function envelopeOf(bytes: Buffer): Envelope | null {
  try {
    return parseEnvelope(bytes);
  } catch (error) {
    if (error instanceof MalformedEventError) return null;
    throw error;
  }
}

function orNull<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof CannotOpenError) return null;
    throw error;
  }
}
