import { Module, type DynamicModule } from '@nestjs/common';
import { sealedTo } from '@sallyport/engine-evidence';
import { ChangeGate, type Bus } from '@sallyport/platform-bus';
import { every, keepsReady, packageVersion, type Readiness } from '@sallyport/platform-runtime';
import { openStore, Outbox, type Store } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { MaskingConfig } from './config.ts';
import { MaskingController } from './handlers/masking.controller.ts';
import { Classifier } from './store/classifier.ts';
import type { MaskingDatabase } from './store/database.ts';
import { PublishedPlans } from './store/published-plans.ts';
import { TokenKey } from './token-key.ts';

@Module({})
export class MaskingModule {}

export interface ServiceParts {
  readonly config: MaskingConfig;
  readonly tenant: string;
  readonly bus: Bus;
  readonly log: Log;
  readonly readiness: Readiness;
  /** Milliseconds between looks at what another process changed; tests hurry. */
  readonly everyMs?: number;
}

export interface StartedMasking {
  readonly module: DynamicModule;
  readonly outbox: Outbox;
  readonly store: Store<MaskingDatabase>;
  stop(): Promise<void>;
}

/** Builds the service on its store and bus, shows the plans in force to the gateways, keeps them shown, and says how to stop. */
export async function startMasking({ config, tenant, bus, log, readiness, everyMs = 2000 }: ServiceParts): Promise<StartedMasking> {
  const key = new TokenKey(config.SALLYPORT_TOKEN_KEY);
  const store = openStore<MaskingDatabase>({ dsn: config.SALLYPORT_DSN, schema: 'masking', log });
  const outbox = new Outbox({ store, bus, producer: 'masking', tenant, log, openings: sealedTo(config.SALLYPORT_READER_PUBLIC_KEY), life: { service: 'masking', version: packageVersion(import.meta.url) } });
  const published = await PublishedPlans.open(bus);
  const classifier = new Classifier({ db: store.db, outbox, gate: new ChangeGate(bus, 'masking'), published, log });
  const ping = keepsReady(readiness, 'database', 'the database', () => store.ping());
  readiness.add('plans', () => published.waiting);
  await outbox.start();
  const stopFollowing = every({ ms: everyMs, what: 'following the classification', log, first: 'now' }, follow);

  return {
    module: {
      module: MaskingModule,
      controllers: [MaskingController],
      providers: [
        { provide: Classifier, useValue: classifier },
        { provide: TokenKey, useValue: key },
      ],
    },
    outbox,
    store,
    async stop() {
      await stopFollowing();
      published.close();
    },
  };

  /** Shows what another process of this service changed, and repairs the bucket if it differs for any reason. */
  async function follow(): Promise<void> {
    await ping();
    await published.sync(() => classifier.plans());
  }
}
