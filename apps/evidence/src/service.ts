import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { openingSealer } from '@sallyport/engine-evidence';
import type { Bus } from '@sallyport/platform-bus';
import { every, keepsReady, packageVersion, type Readiness } from '@sallyport/platform-runtime';
import { Outbox, openStore, type Store } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { EvidenceConfig } from './config.ts';
import { EvidenceController } from './handlers/evidence.controller.ts';
import { ExportController } from './handlers/export.controller.ts';
import { Exports } from './handlers/exports.ts';
import { ReaderKey } from './handlers/reader-key.ts';
import { LogController } from './handlers/log.controller.ts';
import { Reads } from './handlers/reads.ts';
import { RetentionController } from './handlers/retention.controller.ts';
import { Ingester } from './ingest/ingester.ts';
import { Watermarks } from './ingest/watermarks.ts';
import { readReaderKey } from './key-file.ts';
import { LastCheckpoint } from './log/last-checkpoint.ts';
import { LogKeeper } from './log/log-keeper.ts';
import { LogStore } from './log/log-store.ts';
import { appendOwnEvent } from './log/own-event.ts';
import { Notary, VerifierKeyText } from './log/notary.ts';
import { followKey } from './log/rotation.ts';
import { openSigner } from './log/signer.ts';
import { Tree } from './log/tree.ts';
import { Publisher } from './publish/publisher.ts';
import type { RetentionDatabase } from './retention/database.ts';
import { FileKeyRing } from './retention/key-ring.ts';
import { Retention } from './retention/retention.ts';
import { RetentionStore } from './retention/retention-store.ts';
import { SessionKeys } from './retention/session-keys.ts';
import type { EvidenceDatabase } from './store/database.ts';
import { Ledger } from './store/ledger.ts';
import { defaultPatience, Watcher, type Patience } from './watch/watcher.ts';
import { Vouchers } from './witness/vouchers.ts';

@Module({})
export class EvidenceModule {}

export interface ServiceParts {
  readonly config: EvidenceConfig;
  readonly tenant: string;
  /** The service's own directory; it survives restarts. */
  readonly state: string | null;
  readonly bus: Bus;
  readonly log: Log;
  readonly readiness: Readiness;
  /** Milliseconds between looks of the watcher and between watermarks; tests hurry. */
  readonly everyMs?: number;
  readonly patience?: Partial<Patience>;
  /** How long a log that has grown stays unsigned, in milliseconds; tests hurry. */
  readonly signEveryMs?: number;
  /** Tests bring a clock of their own, and hurry. */
  readonly retention?: { readonly now?: () => number; readonly everyMs?: number };
}

export interface StartedEvidence {
  readonly module: DynamicModule;
  readonly outbox: Outbox;
  readonly store: Store<EvidenceDatabase>;
  stop(): Promise<void>;
}

const hourMs = 3_600_000;
/** A month of events is read before it goes. */
const longStatementMs = 30 * 60_000;

/** Builds the service on its store and bus, starts to ingest, and says how to stop. */
export async function startEvidence({ config, tenant, state, bus, log, readiness, everyMs = 5000, patience = {}, signEveryMs = 10_000, retention: sweeps = {} }: ServiceParts): Promise<StartedEvidence> {
  const reader = new ReaderKey(readReaderKey(config.SALLYPORT_READER_KEY));
  const store = openStore<EvidenceDatabase>({ dsn: config.SALLYPORT_DSN, schema: 'evidence', log });
  const outbox = new Outbox({ store, bus, producer: 'evidence', tenant, log, openings: openingSealer(createPublicKey(reader.key)), life: { service: 'evidence', version: packageVersion(import.meta.url) } });
  const ledger = new Ledger(store.db, outbox);
  const watermarks = new Watermarks(bus);
  const ingester = new Ingester({ bus, ledger, watermarks, tenant, log });
  const publisher = new Publisher({ store, bus, tenant, log });
  if (state === null) throw new Error('SALLYPORT_STATE is not set: the last checkpoint is kept outside the database');
  const name = config.SALLYPORT_LOG_ORIGIN ?? `sallyport.local/${tenant}`;
  const logStore = new LogStore(store.db);
  const notary = new Notary(name, await openSigner(config.SALLYPORT_LOG_SIGNER ?? config.SALLYPORT_LOG_KEY ?? '', name), config.SALLYPORT_LOG_KEY_NEXT === undefined ? null : await openSigner(config.SALLYPORT_LOG_KEY_NEXT, name));
  const tree = new Tree(logStore);
  const vouchers = new Vouchers({ config, db: store.db, tree, log, paceMs: Math.min(signEveryMs, 1000), stampEveryMs: signEveryMs * 60, tell: async (type, data) => void (await appendOwnEvent(ledger, tenant, type, data)) });
  const keeper = new LogKeeper({
    store: logStore, tree, notary, last: new LastCheckpoint(state), name, log, signEveryMs,
    signed: (note) => {
      publisher.publishCheckpoint(note);
      vouchers.offer(note);
    },
    tell: async (type, data) => void (await appendOwnEvent(ledger, tenant, type, data)),
  });
  const ring = await FileKeyRing.open(config.SALLYPORT_SEALING_KEYS ?? join(state, 'sealing-keys'));
  const sessionKeys = new SessionKeys(reader.key, ring);
  const purgeStore = openStore<RetentionDatabase>({ dsn: config.SALLYPORT_DSN, schema: 'evidence', log, connections: 2, statementTimeoutMs: longStatementMs });
  const retentionStore = new RetentionStore(store.db.withTables<RetentionDatabase>(), purgeStore.db);
  const retention = new Retention({
    store: retentionStore, ring, keys: sessionKeys, classes: config.SALLYPORT_RETENTION, bus, outbox, log, now: sweeps.now ?? Date.now,
    size: async () => (await logStore.state()).size, tell: (type, data) => appendOwnEvent(ledger, tenant, type, data),
  });
  const watcher = new Watcher({ ledger, ingester, watermarks, log, patience: { ...patienceOf(config), ...patience } });

  const ping = keepsReady(readiness, 'database', 'the database', () => store.ping());
  readiness.add('stream', () => ingester.waiting);
  readiness.add('log', () => keeper.waiting);
  readiness.add('sealing keys', () => retention.dayKeys.waiting);
  watermarks.committed(await ledger.watermarks());
  await outbox.start();
  await keeper.open();
  await followKey({ notary, store: logStore, name, log, tell: (type, data) => appendOwnEvent(ledger, tenant, type, data) });
  log.info('the log is kept', { key: notary.verifierKey });
  await retention.takeClasses();
  ingester.start();
  publisher.start();
  const rounds = (ms: number, what: string) => ({ ms, what, log, first: 'now' }) as const;
  const stops = [
    every(rounds(Math.min(everyMs, 1000), 'looking for the database'), ping),
    every(rounds(hourMs, 'making partitions'), () => ledger.ensurePartitions()),
    every(rounds(everyMs, 'telling watermarks'), async () => watermarks.again()),
    every(rounds(Math.min(signEveryMs, 1000), 'keeping the log'), () => keeper.turn()),
    ...vouchers.start(),
    every(rounds(sweeps.everyMs ?? 5_000, 'making keys of the day'), () => retention.dayKeys.turn()),
    every(rounds(sweeps.everyMs ?? hourMs, 'letting go what is due'), () => retention.sweep()),
    every(rounds(everyMs, 'watching for gaps and abandoned sessions'), () => watcher.look()),
  ];

  return {
    module: {
      module: EvidenceModule,
      controllers: [ExportController, EvidenceController, LogController, RetentionController],
      providers: [
        { provide: Reads, useValue: new Reads(store.db, outbox, { reader: reader.key, dayKeyOf: sessionKeys.dayKeyOf }) },
        { provide: SessionKeys, useValue: sessionKeys },
        { provide: Retention, useValue: retention },
        { provide: RetentionStore, useValue: retentionStore },
        { provide: ReaderKey, useValue: reader },
        { provide: Exports, useValue: new Exports({ db: store.db, outbox, notary, name }) },
        { provide: LogStore, useValue: logStore },
        { provide: VerifierKeyText, useValue: new VerifierKeyText(notary.verifierKey) },
      ],
    },
    outbox,
    store,
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
      await ingester.stop();
      await publisher.stop();
      await purgeStore.close();
    },
  };
}

function patienceOf(config: EvidenceConfig): Patience {
  return {
    ...defaultPatience,
    gapMs: config.SALLYPORT_EVIDENCE_GAP * 1000,
    replacedMs: config.SALLYPORT_EVIDENCE_REPLACED * 1000,
    silentMs: config.SALLYPORT_EVIDENCE_SILENT * 1000,
  };
}
