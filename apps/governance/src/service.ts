import { Module, type DynamicModule } from '@nestjs/common';
import { sealedTo } from '@sallyport/engine-evidence';
import type { Bus } from '@sallyport/platform-bus';
import { every, keepsReady, packageVersion, type Readiness } from '@sallyport/platform-runtime';
import { openStore, Outbox, type Store } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import { changedDecisions } from './changes/changed-decisions.ts';
import { Changes } from './changes/changes.ts';
import { startChanges } from './changes/start.ts';
import type { GovernanceConfig } from './config.ts';
import { DetectionReader } from './detect/detection-reader.ts';
import { DetectionsController } from './detect/detections.controller.ts';
import { Detections, forget } from './detect/detections.ts';
import { Follower } from './follow/follower.ts';
import { ChangesController } from './handlers/changes.controller.ts';
import { GovernanceController } from './handlers/governance.controller.ts';
import { ReviewsController } from './handlers/reviews.controller.ts';
import { UsageController } from './handlers/usage.controller.ts';
import { Inventory } from './inventory/inventory.ts';
import { Reviews } from './reviews/reviews.ts';
import { Rightsize } from './rightsize/rightsize.ts';
import { Signals } from './signals/signals.ts';
import { SignalsController } from './signals/signals.controller.ts';
import type { GovernanceDatabase } from './store/database.ts';
import { EntitlementReader } from './usage/entitlement-reader.ts';
import { UsageReader } from './usage/usage-reader.ts';

@Module({})
export class GovernanceModule {}

export interface ServiceParts {
  readonly config: GovernanceConfig;
  readonly tenant: string;
  readonly bus: Bus;
  readonly log: Log;
  readonly readiness: Readiness;
  /** Milliseconds since 1970; tests give their own. */
  readonly now?: () => number;
  /** Milliseconds between looks at what is due; tests hurry. */
  readonly everyMs?: number;
}

export interface StartedGovernance {
  readonly module: DynamicModule;
  readonly outbox: Outbox;
  readonly store: Store<GovernanceDatabase>;
  /** Where directories come in, or null. */
  readonly signalsUrl: string | null;
  stop(): Promise<void>;
}

/** Builds the service on its store and bus, begins to follow the ledger, and says how to stop. */
export async function startGovernance({ config, tenant, bus, log, readiness, now = Date.now, everyMs = 2000 }: ServiceParts): Promise<StartedGovernance> {
  const version = packageVersion(import.meta.url);
  const store = openStore<GovernanceDatabase>({ dsn: config.SALLYPORT_DSN, schema: 'governance', log });
  const outbox = new Outbox({ store, bus, producer: 'governance', tenant, log, openings: sealedTo(config.SALLYPORT_READER_PUBLIC_KEY), life: { service: 'governance', version } });
  const ping = keepsReady(readiness, 'database', 'the database', () => store.ping());
  await outbox.start();
  const stopPinging = every({ ms: everyMs, what: 'looking for the database', log, first: 'now' }, ping);
  const inventory = new Inventory();
  const unfollow = await inventory.follow(bus, log);
  const rightsize = new Rightsize({ store, outbox, bus, inventory, now });
  const changing = startChanges({ store, outbox, bus, log, now, everyMs, changedDecisions: changedDecisions(rightsize) });
  const follower = new Follower({ store, bus, readers: [new UsageReader(), new EntitlementReader(), new DetectionReader(outbox, (name) => inventory.machines.get(name)?.spec.kind ?? null)], log });
  follower.start();
  const stopForgetting = every({ ms: 3_600_000, what: 'forgetting what detections need no more', log }, () => forget(store.db, now()));
  const reviews = new Reviews({ store, outbox, bus, inventory, rightsize, log, now });
  reviews.start(everyMs, log);
  const signals = await Signals.start({ config, store, outbox, bus, log, now, everyMs });

  return {
    module: { module: GovernanceModule, controllers: [GovernanceController, UsageController, ReviewsController, ChangesController, SignalsController, DetectionsController], providers: [{ provide: Signals, useValue: signals }, { provide: Detections, useValue: new Detections({ db: store.db, outbox, now }) }, { provide: Follower, useValue: follower }, { provide: Rightsize, useValue: rightsize }, { provide: Reviews, useValue: reviews }, { provide: Changes, useValue: changing.changes }] },
    outbox,
    store,
    signalsUrl: signals.url,
    async stop() {
      await signals.stop();
      await stopPinging();
      await changing.stop();
      await reviews.stop();
      await follower.stop();
      await stopForgetting();
      unfollow();
    },
  };
}
