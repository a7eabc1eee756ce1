import { Module, type DynamicModule } from '@nestjs/common';
import { sealedTo } from '@sallyport/engine-evidence';
import type { Bus } from '@sallyport/platform-bus';
import { every, packageVersion, type Readiness } from '@sallyport/platform-runtime';
import { EnvSecrets, FileSecrets, SecretSource } from '@sallyport/platform-secrets';
import { openStore, Outbox, type Store } from '@sallyport/platform-store';
import { gauge, type Log } from '@sallyport/platform-telemetry';
import type { IdentityConfig } from './config.ts';
import { openAuthorities } from './exchange/authorities.ts';
import { Certifier } from './exchange/certifier.ts';
import { openEndpoint } from './exchange/endpoint.ts';
import { Exchanger } from './exchange/exchanger.ts';
import { TokenReviews } from './exchange/subjects/token-review.ts';
import { IdentityController } from './handlers/identity.controller.ts';
import { Admissions } from './store/admissions.ts';
import { Applier } from './store/applier.ts';
import type { IdentityDatabase } from './store/database.ts';
import { Explainer } from './store/explainer.ts';
import { Mirror } from './store/mirror.ts';
import { Registry } from './store/registry.ts';
import { Resolver } from './store/resolver.ts';
import { forgetTickets } from './store/tickets.ts';
import { forgetExpired } from './store/token-uses.ts';

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
  /** Where tokens are exchanged, or null. */
  readonly tokenUrl: string | null;
  stop(): Promise<void>;
}

/** How often another process's changes are looked for, and expired token uses forgotten, in milliseconds. */
const followMs = 2_000;
const forgetMs = 60_000;

/** Builds the service on its store and bus, reads the inventory and shows it to the others, and says how to stop. */
export async function startIdentity({ config, tenant, bus, log, readiness, now = Date.now }: ServiceParts): Promise<StartedIdentity> {
  const store = openStore<IdentityDatabase>({ dsn: config.SALLYPORT_DSN, schema: 'identity', log });
  const outbox = new Outbox({ store, bus, producer: 'identity', tenant, log, openings: sealedTo(config.SALLYPORT_READER_PUBLIC_KEY), life: { service: 'identity', version: packageVersion(import.meta.url) } });
  const registry = new Registry(store.db, now);
  await registry.reload();
  const mirror = await Mirror.open(bus);
  await mirror.sync(() => registry.inventory);
  await outbox.start();
  const applier = new Applier({ db: store.db, outbox, registry, mirror, bus, log, now });
  const { SALLYPORT_SSH_CA_DIR: keys, SALLYPORT_SSH_HOSTS: hosts } = config;
  const authorities = keys === undefined ? null : openAuthorities(keys, log);
  const secrets = new SecretSource([new EnvSecrets(), ...(config.SALLYPORT_SECRETS_DIR === undefined ? [] : [new FileSecrets(config.SALLYPORT_SECRETS_DIR)])]);
  const resolver = new Resolver({ db: store.db, registry, admissions: new Admissions(store.db, outbox, registry), authorities: authorities === null ? [] : [authorities.user.publicKey], reviews: new TokenReviews(secrets, now), log, now });
  const exchanger = new Exchanger({ db: store.db, outbox, registry, resolver, authorities, log, now });
  const certifier = new Certifier({ db: store.db, outbox, registry, authorities, hosts, log, now });
  const endpoint = await openEndpoint({ config, db: store.db, exchanger, authorities, log, now });

  let database: string | null = null;
  readiness.add('database', () => database);
  readiness.add('inventory', () => mirror.waiting);
  gauge('sallyport_identity_issuers_unreachable', 'Issuers whose keys could not be fetched when last needed', [], () => registry.verifier.status.filter(({ state }) => state === 'unreachable').length);
  const stops = [
    every({ ms: followMs, what: 'following the inventory', log }, follow),
    every({ ms: forgetMs, what: 'forgetting expired token uses', log }, () => forgetExpired(store.db)),
    every({ ms: forgetMs, what: 'forgetting expired tickets', log }, () => forgetTickets(store.db)),
  ];

  return {
    module: {
      module: IdentityModule,
      controllers: [IdentityController],
      providers: [
        { provide: Resolver, useValue: resolver },
        { provide: Applier, useValue: applier },
        { provide: Explainer, useValue: new Explainer(store.db, outbox, registry, log) },
        { provide: Registry, useValue: registry },
        { provide: Certifier, useValue: certifier },
      ],
    },
    outbox,
    store,
    resolver,
    applier,
    tokenUrl: endpoint?.url ?? null,
    async stop() {
      await endpoint?.close();
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
