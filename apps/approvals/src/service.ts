import { Module, type DynamicModule } from '@nestjs/common';
import { systemClock, type Clock } from '@sallyport/domain-model';
import { sealedTo } from '@sallyport/engine-evidence';
import type { Bus } from '@sallyport/platform-bus';
import { every, keepsReady, packageVersion, type Readiness } from '@sallyport/platform-runtime';
import { Outbox, openStore, type Store } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import { BusOf } from './bus-of.ts';
import type { ApprovalsConfig } from './config.ts';
import { GatewayController } from './handlers/gateway.controller.ts';
import { PeopleController } from './handlers/people.controller.ts';
import { ManifestsController } from './handlers/manifests.controller.ts';
import { ServicesController } from './handlers/services.controller.ts';
import { PublicUrl } from './handlers/public-url.ts';
import { readKeyFile } from './key-file.ts';
import { Announcer } from './store/announcer.ts';
import { Approvals } from './store/approvals.ts';
import type { ApprovalsDatabase } from './store/database.ts';
import { expireDue } from './store/expirer.ts';
import { Inventory } from './store/inventory.ts';
import { Manifests } from './store/manifests.ts';
import { TextSeal } from './store/seal.ts';
import { stopOf } from './store/stopper.ts';
import { sendDue } from './webhook/sender.ts';

@Module({})
export class ApprovalsModule {}

export interface ServiceParts {
  readonly config: ApprovalsConfig;
  readonly tenant: string;
  readonly bus: Bus;
  readonly log: Log;
  readonly readiness: Readiness;
  readonly clock?: Clock;
  /** Milliseconds between rounds of the expirer and the webhook; tests hurry. */
  readonly everyMs?: number;
}

export interface StartedApprovals {
  readonly module: DynamicModule;
  readonly outbox: Outbox;
  readonly store: Store<ApprovalsDatabase>;
  stop(): Promise<void>;
}

/** Builds the service on its store and bus, starts its timers, and says how to stop. */
export async function startApprovals({ config, tenant, bus, log, readiness, clock = systemClock, everyMs = 1000 }: ServiceParts): Promise<StartedApprovals> {
  const store = openStore<ApprovalsDatabase>({ dsn: config.SALLYPORT_DSN, schema: 'approvals', log });
  const outbox = new Outbox({ store, bus, producer: 'approvals', tenant, log, openings: sealedTo(config.SALLYPORT_READER_PUBLIC_KEY), life: { service: 'approvals', version: packageVersion(import.meta.url) } });
  const inventory = new Inventory();
  const unfollow = await inventory.follow(bus);
  const url = new PublicUrl(config.SALLYPORT_PUBLIC_URL);
  const seal = new TextSeal(readKeyFile(config.SALLYPORT_TEXT_KEY));
  const recorder = { outbox, kind: (target: string) => inventory.kind(target), url: (approval: string) => url.of(approval), notify: config.SALLYPORT_WEBHOOK_URL !== undefined };
  const approvals = new Approvals({ db: store.db, recorder, seal, clock });
  const announcer = new Announcer(store.db, bus, clock);
  const ping = keepsReady(readiness, 'database', 'the database', () => store.ping());
  await outbox.start();
  const rounds = (what: string) => ({ ms: everyMs, what, log, first: 'now' }) as const;
  const stops = [
    every(rounds('looking for the database'), ping),
    every(rounds('expiring approvals'), () => expireDue({ db: store.db, approvals, announcer, clock })),
    every(rounds('stopping approvals'), () => stopOf({ db: store.db, approvals, announcer, machines: inventory })),
    every(rounds('announcing approvals'), () => announcer.catchUp()),
    ...webhook(),
  ];

  return {
    module: {
      module: ApprovalsModule,
      controllers: [GatewayController, PeopleController, ServicesController, ManifestsController],
      providers: [
        { provide: Approvals, useValue: approvals },
        { provide: Announcer, useValue: announcer },
        { provide: Manifests, useValue: new Manifests({ db: store.db, recorder, clock }) },
        { provide: BusOf, useValue: new BusOf(bus) },
        { provide: Inventory, useValue: inventory },
        { provide: PublicUrl, useValue: url },
      ],
    },
    outbox,
    store,
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
      unfollow();
    },
  };

  function webhook(): (() => Promise<void>)[] {
    const { SALLYPORT_WEBHOOK_URL: to, SALLYPORT_WEBHOOK_KEY: keyFile } = config;
    if (to === undefined || keyFile === undefined) return [];
    const parts = { db: store.db, outbox, url: new URL(to), key: readKeyFile(keyFile), clock, random: Math.random, log };
    return [every(rounds('sending webhooks'), () => sendDue(parts))];
  }
}
