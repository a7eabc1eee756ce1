import { Module, type DynamicModule } from '@nestjs/common';
import { sealedTo } from '@sallyport/engine-evidence';
import { ChangeGate, type Bus } from '@sallyport/platform-bus';
import { every, packageVersion, type Readiness } from '@sallyport/platform-runtime';
import { EnvSecrets, FileSecrets, SecretSource } from '@sallyport/platform-secrets';
import { openStore, Outbox, type Store } from '@sallyport/platform-store';
import { gauge, type Log } from '@sallyport/platform-telemetry';
import type { IdentityConfig } from './config.ts';
import { openAuthorities } from './exchange/authorities.ts';
import { Certifier } from './exchange/certifier.ts';
import { openEndpoint } from './exchange/endpoint.ts';
import { ManifestDoor } from './manifests/manifest-door.ts';
import { Exchanger } from './exchange/exchanger.ts';
import { TokenReviews } from './exchange/subjects/token-review.ts';
import { EntitlementsController } from './entitlements/entitlements.controller.ts';
import { Granter } from './entitlements/granter.ts';
import { startEntitlements, type StartedEntitlements } from './entitlements/start.ts';
import { CandidateDesk } from './candidates/candidate-desk.ts';
import { IdentityController } from './handlers/identity.controller.ts';
import { InventoryController } from './handlers/inventory.controller.ts';
import { Importer } from './imports/importer.ts';
import { Amendments } from './lifecycle/amendments.ts';
import { ByHand } from './lifecycle/by-hand.ts';
import { Handover } from './lifecycle/handover.ts';
import { LifecycleController } from './lifecycle/lifecycle.controller.ts';
import { Lists } from './lifecycle/lists.ts';
import { Signals } from './lifecycle/signals.ts';
import { sweep } from './lifecycle/sweep.ts';
import { Warnings } from './lifecycle/warnings.ts';
import { Admissions } from './store/admissions.ts';
import { Applier } from './store/applier.ts';
import type { IdentityDatabase } from './store/database.ts';
import { Explainer } from './store/explainer.ts';
import { Mirror } from './store/mirror.ts';
import { Registry } from './store/registry.ts';
import { Resolver } from './store/resolver.ts';
import { forgetTickets } from './store/tickets.ts';
import { forgetExpired } from './store/token-uses.ts';
import { Sweeps } from './uses/sweeps.ts';

@Module({})
export class IdentityModule {}

export interface ServiceParts {
  readonly config: IdentityConfig;
  readonly tenant: string;
  readonly bus: Bus;
  readonly log: Log;
  readonly readiness: Readiness;
  /** Milliseconds since 1970; tests give their own. */
  readonly now?: () => number;
}

export interface StartedIdentity {
  readonly module: DynamicModule;
  readonly outbox: Outbox;
  readonly store: Store<IdentityDatabase>;
  readonly resolver: Resolver;
  readonly applier: Applier;
  readonly sweeps: Sweeps;
  readonly entitlements: StartedEntitlements;
  /** Where tokens are exchanged, or null. */
  readonly tokenUrl: string | null;
  stop(): Promise<void>;
}

/** How often another process's changes are looked for, and expired token uses forgotten, in milliseconds. */
const followMs = 2_000;
const forgetMs = 60_000;
const sweepMs = 1_000;
/** Idle machines and orphans are told once, so this is how late they are told. */
const lookMs = 600_000;

/** Builds the service on its store and bus, reads the inventory and shows it to the others, and says how to stop. */
export async function startIdentity({ config, tenant, bus, log, readiness, now = Date.now }: ServiceParts): Promise<StartedIdentity> {
  const store = openStore<IdentityDatabase>({ dsn: config.SALLYPORT_DSN, schema: 'identity', log });
  const outbox = new Outbox({ store, bus, producer: 'identity', tenant, log, openings: sealedTo(config.SALLYPORT_READER_PUBLIC_KEY), life: { service: 'identity', version: packageVersion(import.meta.url) } });
  const registry = new Registry(store.db, now);
  await registry.reload();
  const mirror = await Mirror.open(bus);
  await mirror.sync(() => registry.inventory);
  await outbox.start();
  const granter = new Granter({ db: store.db, outbox, registry, bus, log, now });
  const amendments = new Amendments({ db: store.db, outbox, registry, mirror, bus, agree: () => granter.follow(), log, now });
  const acting = { db: store.db, outbox, log, amendments };
  const sweeping = { registry, amendments, warnings: new Warnings(store.db, outbox), now };
  await sweep(sweeping);
  const applier = new Applier({ db: store.db, outbox, registry, amendments, gate: new ChangeGate(bus, 'identity'), log, now });
  const { SALLYPORT_SSH_CA_DIR: keys, SALLYPORT_SSH_HOSTS: hosts } = config;
  const authorities = keys === undefined ? null : openAuthorities(keys, log);
  const secrets = new SecretSource([new EnvSecrets(), ...(config.SALLYPORT_SECRETS_DIR === undefined ? [] : [new FileSecrets(config.SALLYPORT_SECRETS_DIR)])]);
  const resolver = new Resolver({ db: store.db, registry, admissions: new Admissions(store.db, outbox, registry, now), authorities: authorities === null ? [] : [authorities.user.publicKey], reviews: new TokenReviews(secrets, now), log, now });
  const exchanger = new Exchanger({ db: store.db, outbox, registry, resolver, authorities, log, now });
  const certifier = new Certifier({ db: store.db, outbox, registry, authorities, hosts, log, now });
  await granter.follow();
  const entitlements = startEntitlements({ db: store.db, outbox, granter, bus, resolver, log, now });
  const endpoint = await openEndpoint({ config, db: store.db, exchanger, door: entitlements.door, manifests: new ManifestDoor({ resolver, bus }), authorities, log, now });

  let database: string | null = null;
  readiness.add('database', () => database);
  readiness.add('inventory', () => mirror.waiting);
  gauge('sallyport_identity_issuers_unreachable', 'Issuers whose keys could not be fetched when last needed', [], () => registry.verifier.status.filter(({ state }) => state === 'unreachable').length);
  const sweeps = new Sweeps({ db: store.db, outbox, registry, amendments, now });
  const stops = [
    every({ ms: followMs, what: 'following the inventory', log }, follow),
    every({ ms: sweepMs, what: 'looking for what is due', log }, () => sweep(sweeping)),
    every({ ms: lookMs, what: 'looking for machines that nobody uses', log, first: 'now' }, () => sweeps.stale()),
    every({ ms: lookMs, what: 'looking for machines that nobody answers for', log, first: 'now' }, () => sweeps.orphans()),
    every({ ms: forgetMs, what: 'forgetting expired token uses', log }, () => forgetExpired(store.db)),
    every({ ms: forgetMs, what: 'forgetting expired tickets', log }, () => forgetTickets(store.db)),
  ];

  return {
    module: {
      module: IdentityModule,
      controllers: [InventoryController, LifecycleController, EntitlementsController, IdentityController],
      providers: [
        { provide: Resolver, useValue: resolver },
        { provide: Applier, useValue: applier },
        { provide: Explainer, useValue: new Explainer(store.db, outbox, registry, log) },
        { provide: Registry, useValue: registry },
        { provide: Signals, useValue: new Signals({ ...acting, now }) },
        { provide: ByHand, useValue: new ByHand(acting) },
        { provide: Handover, useValue: new Handover(acting) },
        { provide: Lists, useValue: new Lists({ db: store.db, registry, log }) },
        { provide: CandidateDesk, useValue: new CandidateDesk({ db: store.db, outbox, registry, applier, now }) },
        { provide: Importer, useValue: new Importer({ db: store.db, registry, applier, now }) },
        { provide: Certifier, useValue: certifier },
        ...entitlements.providers,
      ],
    },
    outbox,
    store,
    resolver,
    applier,
    sweeps,
    entitlements,
    tokenUrl: endpoint?.url ?? null,
    async stop() {
      await endpoint?.close();
      await entitlements.stop();
      await Promise.all(stops.map((stop) => stop()));
      mirror.close();
    },
  };

  /** Sees what another process of this service changed, and repairs the bucket if it differs for any reason. */
  async function follow(): Promise<void> {
    try {
      await registry.follow();
      database = null;
    } catch (error) {
      database = 'the database';
      throw error;
    }
    await mirror.sync(() => registry.inventory);
  }
}
