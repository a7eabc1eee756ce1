import { mkdirSync } from 'node:fs';
import { Module, type DynamicModule } from '@nestjs/common';
import { sealedTo } from '@sallyport/engine-evidence';
import { ChangeGate, type Bus } from '@sallyport/platform-bus';
import { every, keepsReady, packageVersion, type Readiness } from '@sallyport/platform-runtime';
import { EnvSecrets, FileSecrets, SecretSource } from '@sallyport/platform-secrets';
import { openStore, Outbox, type Store } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { SinksConfig } from './config.ts';
import { busSource } from './deliver/leaf-source.ts';
import { Supervisor } from './deliver/supervisor.ts';
import { usualPace, type Pace } from './deliver/worker.ts';
import { SinksController } from './handlers/sinks.controller.ts';
import { Cursors } from './store/cursors.ts';
import type { SinksDatabase } from './store/database.ts';
import { SinkDocuments } from './store/sink-documents.ts';

@Module({})
export class SinksModule {}

export interface ServiceParts {
  readonly config: SinksConfig;
  readonly tenant: string;
  /** The service's own directory: files of sinks are written there. */
  readonly state: string | null;
  readonly bus: Bus;
  readonly log: Log;
  readonly readiness: Readiness;
  /** Milliseconds between looks at what another process changed; tests hurry. */
  readonly everyMs?: number;
  readonly pace?: Partial<Pace>;
}

export interface StartedSinks {
  readonly module: DynamicModule;
  readonly outbox: Outbox;
  readonly store: Store<SinksDatabase>;
  stop(): Promise<void>;
}

/** Builds the service on its store and bus, starts to deliver, and says how to stop. A sink that takes nothing does not make it unready. */
export async function startSinks({ config, tenant, state, bus, log, readiness, everyMs = 2000, pace = {} }: ServiceParts): Promise<StartedSinks> {
  if (state === null) throw new Error('SALLYPORT_STATE is not set: files of sinks are written there');
  mkdirSync(state, { recursive: true });
  const version = packageVersion(import.meta.url);
  const store = openStore<SinksDatabase>({ dsn: config.SALLYPORT_DSN, schema: 'sinks', log });
  const outbox = new Outbox({ store, bus, producer: 'sinks', tenant, log, openings: sealedTo(config.SALLYPORT_READER_PUBLIC_KEY), life: { service: 'sinks', version } });
  const documents = new SinkDocuments(store.db, outbox, new ChangeGate(bus, 'sinks'));
  const secrets = new SecretSource([new EnvSecrets(), ...(config.SALLYPORT_SECRETS_DIR === undefined ? [] : [new FileSecrets(config.SALLYPORT_SECRETS_DIR)])]);
  const cursors = new Cursors(store.db, outbox);
  const supervisor = new Supervisor({
    store, documents, cursors, source: busSource(bus), house: { state, secrets, log: config.SALLYPORT_LOG_ORIGIN ?? `sallyport.local/${tenant}`, version }, log, pace: { ...usualPace, ...pace }, everyMs,
  });
  const ping = keepsReady(readiness, 'database', 'the database', () => store.ping());
  await outbox.start();
  const stopPinging = every({ ms: everyMs, what: 'looking for the database', log, first: 'now' }, ping);
  supervisor.start();

  return {
    module: { module: SinksModule, controllers: [SinksController], providers: [{ provide: SinkDocuments, useValue: documents }, { provide: Cursors, useValue: cursors }] },
    outbox,
    store,
    async stop() {
      await stopPinging();
      await supervisor.stop();
    },
  };
}
