import { DiscardPolicy, AckPolicy, jetstreamManager, RetentionPolicy, StorageType, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { Bus } from './bus.ts';
import { buckets, streams } from './subjects.ts';

export interface StreamLimits {
  /** Bytes that INGEST may hold before producers are refused (their journals and outboxes then keep what they have). Default 4 GiB. */
  readonly ingestBytes?: number;
  /** Copies of each stream: 1, 3 or 5, as the cluster has servers. Default 1. */
  readonly replicas?: number;
}

const second = 1_000_000_000;

/**
 * Makes the streams and buckets that the services expect, or brings them to these settings. Idempotent; for the user
 * `bootstrap` only. INGEST refuses to delete or purge messages, and that cannot be lifted again.
 */
export async function createStreams(bus: Pick<Bus, 'nc' | 'js'>, limits: StreamLimits = {}): Promise<void> {
  const manager = await jetstreamManager(bus.nc);
  await ensureStream(manager, ingest(limits));
  await ensureConsumer(manager);
  const kvm = new Kvm(bus.js);
  for (const bucket of Object.values(buckets)) await kvm.create(bucket, { history: 1, replicas: limits.replicas ?? 1, storage: StorageType.File, allow_direct: true });
}

function ingest(limits: StreamLimits) {
  return {
    name: streams.ingest.name,
    subjects: [...streams.ingest.subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    deny_delete: true,
    deny_purge: true,
    allow_rollup_hdrs: false,
    max_age: 72 * 3600 * second,
    max_bytes: limits.ingestBytes ?? 4 * 1024 ** 3,
    duplicate_window: 120 * second,
    num_replicas: limits.replicas ?? 1,
  } satisfies Partial<StreamConfig> & { name: string };
}

async function ensureStream(manager: JetStreamManager, config: ReturnType<typeof ingest>): Promise<void> {
  const known = await manager.streams.info(config.name).catch(() => null);
  if (known === null) await manager.streams.add(config);
  else await manager.streams.update(config.name, config);
}

async function ensureConsumer(manager: JetStreamManager): Promise<void> {
  const { name, consumer } = streams.ingest;
  // What a killed ledger had taken and not acknowledged comes again after ack_wait: well before a hole is called a gap (30 s).
  const config = { durable_name: consumer, ack_policy: AckPolicy.Explicit, max_ack_pending: 10_000, ack_wait: 10 * second };
  const known = await manager.consumers.info(name, consumer).catch(() => null);
  if (known === null) await manager.consumers.add(name, config);
  else await manager.consumers.update(name, consumer, { max_ack_pending: config.max_ack_pending, ack_wait: config.ack_wait });
}
