import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { id, type Target, type TargetName } from '@sallyport/domain-model';
import { buckets, type Bus } from '@sallyport/platform-bus';
import { targetDocument, type TargetDocument } from '@sallyport/platform-config';
import type { Log } from '@sallyport/platform-telemetry';

/** The targets of the inventory, kept up to date by the bus. A document that cannot be used makes its target unknown, loudly. */
export class Targets {
  readonly #log: Log;
  readonly #known = new Map<string, Target>();
  #seen = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Null when ready; else what it waits for. */
  get waiting(): string | null {
    return this.#seen ? null : 'the inventory of targets';
  }

  get(name: string): Target | undefined {
    return this.#known.get(name);
  }

  async watch(bus: Bus): Promise<() => void> {
    const bucket = await bus.kv(buckets.inventory);
    const stop = await bucket.watch('target.*', (key, value) => this.#changed(key.slice('target.'.length), value));
    this.#seen = true;
    return stop;
  }

  #changed(name: string, value: unknown): void {
    this.#known.delete(name);
    if (value === null) return;
    const parsed = targetDocument.safeParse(value);
    if (!parsed.success) return this.#log.error('a target of the inventory cannot be read and is not served', { target: name });
    try {
      this.#known.set(name, toTarget(parsed.data));
    } catch (error) {
      this.#log.error('a target of the inventory cannot be used and is not served', { target: name, why: error instanceof Error ? error.message : 'unknown' });
    }
  }
}

export function toTarget(document: TargetDocument): Target {
  const { spec, metadata } = document;
  const { host } = spec.address;
  if (spec.tls.mode === 'off' && !isLoopback(host)) throw new Error('tls.mode off is accepted for loopback addresses only');
  return {
    name: id<TargetName>(metadata.name),
    kind: spec.kind,
    address: spec.address,
    tls: { mode: spec.tls.mode, ca: authority(spec.tls.ca), serverName: spec.tls.serverName ?? null },
    credential: spec.credential,
    environment: spec.environment,
    tags: spec.tags,
    evidence: spec.evidence,
    retention: spec.retention,
    settings: spec.settings,
  };
}

/** `tls.ca` is PEM text, or `file:PATH` on the gateway. */
function authority(ca: string | undefined): string | null {
  if (ca === undefined) return null;
  return ca.startsWith('file:') ? readFileSync(ca.slice('file:'.length), 'utf8') : ca;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
