import { createCipheriv, createDecipheriv, createPrivateKey, randomBytes, type KeyObject } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import type { Envelope, WrappedKey } from '@sallyport/domain-events';
import { CannotOpenError, openSessionKey } from '@sallyport/engine-evidence';
import { z } from 'zod';
import type { RetentionDatabase } from './database.ts';
import type { KeyRing } from './key-ring.ts';

const opening = z.object({ key: z.strictObject({ kek: z.string(), epk: z.string(), iv: z.string(), wrapped: z.string(), day: z.string().optional() }) });

type Db = Kysely<RetentionDatabase> | Transaction<RetentionDatabase>;
type Opened = Pick<Envelope, 'id' | 'sid' | 'type' | 'd'>;

export interface SessionsKeys {
  /** By the id of `session.opened`; null where it cannot be opened. */
  readonly keys: ReadonlyMap<string, Uint8Array | null>;
  /** Why texts cannot be read, in one sentence; null when all can. */
  readonly unreadable: string | null;
}

/** Opens the keys of sessions, as long as there is something to open them with; where there is nothing any more, it says since when and why. */
export class SessionKeys {
  readonly #reader: KeyObject;
  readonly #ring: KeyRing;

  constructor(reader: KeyObject, ring: KeyRing) {
    this.#reader = reader;
    this.#ring = ring;
  }

  /** The private half of a day's key; null when it was destroyed, or is not one of ours. */
  readonly dayKeyOf = (id: string): KeyObject | null => {
    const secret = this.#ring.read(id, 'x25519');
    return secret === null ? null : createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' });
  };

  /** The keys of one session. A session of which the erasure is ordered is opened for nobody, whatever is still there. */
  async of(db: Db, events: readonly Opened[]): Promise<SessionsKeys> {
    const openings = events.filter(({ type }) => type === 'session.opened');
    const keys = new Map<string, Uint8Array | null>(openings.map(({ id }) => [id, null]));
    const [first] = openings;
    if (first === undefined) return { keys, unreadable: null };
    const erased = await db.selectFrom('erasures').selectAll().where('sid', '=', first.sid).where('confirmed_at', 'is not', null).executeTakeFirst();
    if (erased !== undefined) return { keys, unreadable: `the texts of this session were erased on ${dateOf(erased.confirmed_at)}: ${erased.reason}` };
    let unreadable: string | null = null;
    for (const event of openings) {
      const wrapped = wrappedKeyOf(event);
      const key = wrapped === null ? null : await this.open(db, event.id, wrapped);
      keys.set(event.id, key);
      if (key === null) unreadable = await this.#why(db, event.id, wrapped);
    }
    return { keys, unreadable };
  }

  /** One session's key, as the gateway sealed it or as it was sealed anew. Null when it cannot be opened. */
  async open(db: Db, event: string, wrapped: WrappedKey): Promise<Uint8Array | null> {
    const day = wrapped.day === undefined ? null : this.dayKeyOf(wrapped.day);
    if (wrapped.day === undefined || day !== null) return orNull(() => openSessionKey(wrapped, this.#reader, day));
    const again = await db.selectFrom('deks').selectAll().where('event_id', '=', event).executeTakeFirst();
    const kek = again === undefined ? null : this.#ring.read(again.key_id, 'aes256');
    return again === undefined || kek === null ? null : orNull(() => unseal(again, kek, event));
  }

  async #why(db: Db, event: string, wrapped: WrappedKey | null): Promise<string> {
    if (wrapped === null) return 'the key of this session is not in its first event: verify it';
    if (wrapped.day === undefined) return 'the key of this session is sealed to another reader than this one, or was altered: verify it';
    const again = await db.selectFrom('deks').select('key_id').where('event_id', '=', event).executeTakeFirst();
    const id = again?.key_id ?? wrapped.day;
    const row = await db.selectFrom('sealing_keys').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined) return `the key of this session is sealed to ${id}, which is no key of this service: its texts cannot be opened`;
    if (row.destroyed_at !== null) return `the texts of this session can be read no more: their key was destroyed on ${dateOf(row.destroyed_at)} when its time was over (retention class ${row.class}; key.destroyed ${row.event_id})`;
    return this.#ring.read(id, row.kind) === null
      ? `the key ${id} of this session is missing, and was not destroyed by retention: was the key ring lost, or restored from an older copy?`
      : 'the key of this session was altered: verify it';
  }
}

/** What `session.opened` says of its session's key; null when it says nothing that can be read. */
export function wrappedKeyOf({ d }: Pick<Opened, 'd'>): WrappedKey | null {
  const found = opening.safeParse(d);
  if (!found.success) return null;
  const { day, ...rest } = found.data.key;
  return day === undefined ? rest : { ...rest, day };
}

/** Seals a session's key to a key of the ring (AES-256-GCM), bound to the event that has it. */
export function seal(key: Uint8Array, kek: Uint8Array, event: string): { readonly iv: Buffer; readonly wrapped: Buffer } {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', kek, iv).setAAD(Buffer.from(event));
  return { iv, wrapped: Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()]) };
}

function unseal({ iv, wrapped }: { readonly iv: Buffer; readonly wrapped: Buffer }, kek: Uint8Array, event: string): Uint8Array {
  try {
    const decipher = createDecipheriv('aes-256-gcm', kek, iv, { authTagLength: 16 }).setAAD(Buffer.from(event));
    decipher.setAuthTag(wrapped.subarray(-16));
    return Buffer.concat([decipher.update(wrapped.subarray(0, -16)), decipher.final()]);
  } catch (cause) {
    throw new CannotOpenError('ERR_WRAPPED_KEY', 'the session key that was sealed anew was altered', { cause });
  }
}

const dateOf = (at: Date | null): string => at?.toISOString().slice(0, 10) ?? 'a day that is not known';

function orNull<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof CannotOpenError) return null;
    throw error;
  }
}
