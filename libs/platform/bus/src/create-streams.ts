import { AckPolicy, DeliverPolicy, DiscardPolicy, jetstreamManager, RetentionPolicy, StorageType, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { Bus } from './bus.ts';
import { siemOf } from './services.ts';
import { buckets, streams } from './subjects.ts';

export interface StreamLimits {
  /** Bytes that INGEST may hold before producers are refused (their journals and outboxes then keep what they have). Default 4 GiB. */
  readonly ingestBytes?: number;
  /** Bytes that EVIDENCE keeps for SIEMs; the oldest go first, and are read from the ledger then. Default 3 GiB. */
  readonly evidenceBytes?: number;
  /** Days that EVIDENCE keeps. Default 30. */
  readonly evidenceDays?: number;
  /** Names of the SIEMs that read EVIDENCE, each from a durable pull consumer of its own. Default none. */
  readonly siems?: readonly string[];
  /** Copies of each stream: 1, 3 or 5, as the cluster has servers. Default 1. */
  readonly replicas?: number;
}

const second = 1_000_000_000;

/**
 * Makes the streams, consumers and buckets that the services expect, or brings them to these settings. Idempotent; for the user
 * `bootstrap` only. INGEST and EVIDENCE refuse to delete or purge messages, and that cannot be lifted again. A SIEM that is no longer named keeps
 * its consumer, which nobody but an administrator of the broker can delete.
 */
export async function createStreams(bus: Pick<Bus, 'nc' | 'js'>, limits: StreamLimits = {}): Promise<void> {
  const manager = await jetstreamManager(bus.nc);
  await ensureStream(manager, ingest(limits));
  await ensureStream(manager, evidence(limits));
  await ensureConsumer(manager, streams.ingest.name, ledgerConsumer);
  for (const siem of limits.siems ?? []) await ensureConsumer(manager, streams.evidence.name, siemConsumer(siem));
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

/** Full means that the oldest go: the ledger has them, and a slow SIEM never holds up the others. */
function evidence(limits: StreamLimits) {
  return {
    name: streams.evidence.name,
    subjects: [...streams.evidence.subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    deny_delete: true,
    deny_purge: true,
    allow_rollup_hdrs: false,
    max_age: (limits.evidenceDays ?? 30) * 24 * 3600 * second,
    max_bytes: limits.evidenceBytes ?? 3 * 1024 ** 3,
    duplicate_window: 120 * second,
    num_replicas: limits.replicas ?? 1,
  } satisfies Partial<StreamConfig> & { name: string };
}

// What a killed ledger had taken and not acknowledged comes again after ack_wait: well before a hole is called a gap (30 s).
const ledgerConsumer = { durable_name: streams.ingest.consumer, ack_policy: AckPolicy.Explicit, max_ack_pending: 10_000, ack_wait: 10 * second };

/** From the first message that the stream still has, every message until it is acknowledged. */
const siemConsumer = (name: string) => ({ durable_name: siemOf(name).consumer, ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All, max_ack_pending: 1000, ack_wait: 60 * second });

async function ensureStream(manager: JetStreamManager, config: ReturnType<typeof ingest> | ReturnType<typeof evidence>): Promise<void> {
  const known = await manager.streams.info(config.name).catch(() => null);
  if (known === null) await manager.streams.add(config);
  else await manager.streams.update(config.name, config);
}

async function ensureConsumer(manager: JetStreamManager, stream: string, config: typeof ledgerConsumer | ReturnType<typeof siemConsumer>): Promise<void> {
  const known = await manager.consumers.info(stream, config.durable_name).catch(() => null);
  if (known === null) await manager.consumers.add(stream, config);
  else await manager.consumers.update(stream, config.durable_name, { max_ack_pending: config.max_ack_pending, ack_wait: config.ack_wait });
}
