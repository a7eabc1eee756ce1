import { randomBytes } from 'node:crypto';
import type { EventData } from '@sallyport/domain-events';
import { parseEnvelope } from '@sallyport/engine-evidence';
import type { Log } from '@sallyport/platform-telemetry';
import { ringId, type KeyRing } from './key-ring.ts';
import { keysDestroyed } from './metrics.ts';
import type { Resealed, RetentionStore, SealingKeyRow } from './retention-store.ts';
import { seal, wrappedKeyOf, type SessionKeys } from './session-keys.ts';

export interface ShredderOf {
  readonly store: RetentionStore;
  readonly ring: KeyRing;
  readonly keys: SessionKeys;
  readonly log: Log;
  /** Writes into the ledger. @returns the event's id, once it is there */
  tell(type: 'key.destroyed', data: EventData['key.destroyed']): Promise<string>;
}

const dayMs = 86_400_000;
/** Sessions that one key.destroyed names. */
const mostErased = 1000;

/**
 * Destroys keys: those of days whose class has run out, and those of days on which a session was erased, after the day's other sessions were put under another key. Always in this order: the ledger says so, the
 * database notes it, the ring destroys. Killed in between, the next turn goes on; what the database has noted is destroyed first of all.
 */
export class Shredder {
  readonly #of: ShredderOf;

  constructor(of: ShredderOf) {
    this.#of = of;
  }

  async turn(today: string): Promise<void> {
    await this.finish();
    await this.#erase(today);
    await this.#expire(today);
  }

  /** Destroys what the database has as destroyed and the ring still has: after a kill, or where somebody put an old copy of the ring in its place. */
  async finish(): Promise<void> {
    const { ring, store, log } = this.#of;
    for (const id of await store.destroyedKeys((await ring.list()).map((key) => key.id))) {
      await ring.destroy(id);
      log.warn('a key that was destroyed before was there again, and is destroyed again', { key: id });
    }
  }

  async #expire(today: string): Promise<void> {
    const { store, ring, tell, log } = this.#of;
    for (const key of await store.dueKeys(today)) {
      if ((await store.holdsOn({ day: key.day })).length > 0) continue;
      const sessions = await this.#erasedUnder(key);
      const event = await tell('key.destroyed', { key: key.id, class: key.class, day: key.day, why: 'expired', sessions, kept: 0, next: null });
      await store.expireKey(key.id, event);
      await ring.destroy(key.id);
      keysDestroyed.inc({ why: 'expired' });
      log.info('a key is destroyed: its class has run out', { key: key.id });
    }
  }

  /** Erased sessions by the key that they are under now. */
  async #erase(today: string): Promise<void> {
    const { store } = this.#of;
    const ordered = await store.db.selectFrom('erasures').select('sid').where('confirmed_at', 'is not', null).where('done_at', 'is', null).limit(mostErased).execute();
    const under = new Map<string, Set<string>>();
    for (const { sid } of ordered) {
      for (const { key } of await this.#openings({ sid })) {
        if (key !== null) under.set(key, (under.get(key) ?? new Set()).add(sid));
      }
    }
    for (const [id, sids] of under) {
      const key = await store.key(id);
      if (key !== null && key.destroyed_at === null && key.quiet <= today) await this.#replace(key, await this.#notHeld([...sids]));
    }
  }

  async #notHeld(sids: readonly string[]): Promise<readonly string[]> {
    const free: string[] = [];
    for (const session of sids) if ((await this.#of.store.holdsOn({ session })).length === 0) free.push(session);
    return free;
  }

  async #replace(old: SealingKeyRow, erased: readonly string[]): Promise<void> {
    if (erased.length === 0) return;
    const { store, ring, keys, tell, log } = this.#of;
    const kek = randomBytes(32);
    const next = { id: ringId(old.class, old.day), class: old.class, day: old.day, kind: 'aes256' } as const;
    const kept: Resealed[] = [];
    for (const { event, sid, wrapped, key } of await this.#openings({ day: old.day })) {
      if (key !== old.id || erased.includes(sid)) continue;
      const opened = await keys.open(store.db, event, wrapped);
      // What cannot be opened now could not be opened before: there is nothing to keep.
      if (opened !== null) kept.push({ event, sid, ...seal(opened, kek, event) });
      opened?.fill(0);
    }
    await ring.add(next, kek);
    kek.fill(0);
    await store.keyMade(next);
    const event = await tell('key.destroyed', { key: old.id, class: old.class, day: old.day, why: 'erased', sessions: erased, kept: kept.length, next: next.id });
    await store.replaceKey(old.id, next.id, event, kept);
    await ring.destroy(old.id);
    keysDestroyed.inc({ why: 'erased' });
    log.info('a key is destroyed: sessions of its day were erased', { key: old.id, erased: erased.length, kept: kept.length });
  }

  async #erasedUnder(key: SealingKeyRow): Promise<readonly string[]> {
    const ordered = await this.#of.store.db.selectFrom('erasures').select('sid').where('confirmed_at', 'is not', null).where('done_at', 'is', null).limit(mostErased).execute();
    const found: string[] = [];
    for (const { sid } of ordered) if ((await this.#openings({ sid })).some((one) => one.key === key.id)) found.push(sid);
    return found;
  }

  /** Sessions with the key that they are under now: the one that the gateway sealed to, or the one that followed it. A day's are those whose ids are within a day of it. */
  async #openings(which: { readonly sid: string } | { readonly day: string }) {
    const { store } = this.#of;
    let query = store.db.selectFrom('session_openings as o').leftJoin('deks as k', 'k.event_id', 'o.event_id').select(['o.sid', 'o.event_id', 'o.body', 'k.key_id']);
    if ('sid' in which) query = query.where('o.sid', '=', which.sid);
    else query = query.where('o.sid', '>=', uuidAt(Date.parse(which.day) - dayMs)).where('o.sid', '<', uuidAt(Date.parse(which.day) + 2 * dayMs));
    const rows = await query.execute();
    return rows.flatMap(({ sid, event_id, body, key_id }) => {
      const wrapped = wrappedKeyOf(parseEnvelope(body));
      return wrapped === null ? [] : [{ sid, event: event_id, wrapped, key: key_id ?? wrapped.day ?? null }];
    });
  }
}

/** The least UUIDv7 of a time. */
function uuidAt(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
