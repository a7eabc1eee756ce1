import { createPublicKey, generateKeyPairSync, createPrivateKey } from 'node:crypto';
import { buckets, type Bus, type SealingKeys } from '@sallyport/platform-bus';
import type { Log } from '@sallyport/platform-telemetry';
import { classOfEvents, type RetentionClass } from './classes.ts';
import { ringId, type KeyRing, type RingKey } from './key-ring.ts';
import type { RetentionStore } from './retention-store.ts';

/** Days around today that have keys: gateways go on for two days without us, and their clocks may be behind. */
const [before, ahead] = [1, 2];
const dayMs = 86_400_000;

/** Makes a key for each day and class of texts, notes that there is one, and publishes its public half. */
export class DayKeys {
  readonly #of: { readonly ring: KeyRing; readonly store: RetentionStore; readonly bus: Bus; readonly classes: readonly RetentionClass[]; readonly now: () => number; readonly log: Log };
  #waiting: string | null = 'keys of the day';

  constructor(of: { readonly ring: KeyRing; readonly store: RetentionStore; readonly bus: Bus; readonly classes: readonly RetentionClass[]; readonly now: () => number; readonly log: Log }) {
    this.#of = of;
  }

  /** Null once they are published, else what for. */
  get waiting(): string | null {
    return this.#waiting;
  }

  /** What is missing is made; what has changed is published. */
  async turn(): Promise<void> {
    const { ring, classes, now, bus } = this.#of;
    const days = Array.from({ length: before + 1 + ahead }, (_, i) => new Date(now() + (i - before) * dayMs).toISOString().slice(0, 10));
    const kept = await ring.list();
    const bucket = await bus.kv(buckets.sealing);
    for (const { name } of classes.filter((one) => one.name !== classOfEvents)) {
      const keys: SealingKeys['keys'] = [];
      for (const day of days) keys.push(await this.#keyOf(name, day, kept));
      const text = JSON.stringify({ keys });
      // Asked each time: a bus that lost its last writes has forgotten them, and gateways wait for them.
      if (JSON.stringify(await bucket.get(name)) === text) continue;
      await bucket.put(name, { keys } satisfies SealingKeys);
    }
    this.#waiting = null;
  }

  async #keyOf(name: string, day: string, kept: readonly RingKey[]): Promise<SealingKeys['keys'][number]> {
    const { ring, store } = this.#of;
    const found = kept.find((key) => key.class === name && key.day === day && key.kind === 'x25519');
    const key = found ?? (await this.#make(name, day));
    // Again each time: the database may have been away when it was made, or set back since.
    await store.keyMade(key);
    const secret = ring.read(key.id, 'x25519');
    if (secret === null) throw new Error(`the key ${key.id} is not in the ring any more`);
    const publicKey = createPublicKey(createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' })).export({ format: 'jwk' }).x ?? '';
    return { id: key.id, day, publicKey };
  }

  async #make(name: string, day: string): Promise<RingKey> {
    const key: RingKey = { id: ringId(name, day), class: name, day, kind: 'x25519' };
    await this.#of.ring.add(key, generateKeyPairSync('x25519').privateKey.export({ format: 'der', type: 'pkcs8' }));
    this.#of.log.info('a key of the day is made', { key: key.id });
    return key;
  }
}
