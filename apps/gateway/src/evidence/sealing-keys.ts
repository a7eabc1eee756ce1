import { createPublicKey } from 'node:crypto';
import type { DayKey } from '@sallyport/engine-evidence';
import { buckets, sealingKeys, type Bus } from '@sallyport/platform-bus';
import type { Log } from '@sallyport/platform-telemetry';

/**
 * Public keys of the day that session keys are sealed to, by retention class, as the evidence service publishes them days ahead. What is sealed to such a
 * key can be opened by nobody once the day's class has run out.
 */
export class SealingKeys {
  readonly #log: Log;
  readonly #known = new Map<string, ReadonlyMap<string, DayKey>>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Null when there is a key for today; else what it waits for. Looks at one class: where that one is published, the service works. */
  waiting(now: number): string | null {
    return this.current('standard', now) === null ? 'a key of today that texts are sealed to' : null;
  }

  /** Null when the class has no key for the day: nothing can then be sealed, so nothing may be recorded. @param now milliseconds since 1970 */
  current(retentionClass: string, now: number): DayKey | null {
    return this.#known.get(retentionClass)?.get(new Date(now).toISOString().slice(0, 10)) ?? null;
  }

  async watch(bus: Bus): Promise<() => void> {
    const bucket = await bus.kv(buckets.sealing);
    return bucket.watch('>', (name, value) => this.#changed(name, value));
  }

  #changed(name: string, value: unknown): void {
    if (value === null) return void this.#known.delete(name);
    const parsed = sealingKeys.safeParse(value);
    if (!parsed.success) return this.#log.error('the keys of a retention class cannot be read; those before stay', { class: name });
    this.#known.set(name, new Map(parsed.data.keys.map(({ id, day, publicKey }) => [day, { id, publicKey: createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: publicKey } }) }])));
  }
}
