import { Module, type DynamicModule } from '@nestjs/common';
import { uuidv7 } from '@sallyport/domain-model';
import { sealedTo } from '@sallyport/engine-evidence';
import { policyEngineTrouble } from '@sallyport/engine-policy';
import { buckets, ChangeGate, leaseChanged, subjects, type Bus } from '@sallyport/platform-bus';
import { every, packageVersion, type Readiness } from '@sallyport/platform-runtime';
import { openStore, Outbox, type Store } from '@sallyport/platform-store';
import { gauge, type Log } from '@sallyport/platform-telemetry';
import type { PolicyConfig } from './config.ts';
import { LeasesController } from './handlers/leases.controller.ts';
import { PoliciesController } from './handlers/policies.controller.ts';
import { Entries } from './model/entries.ts';
import { Explainer } from './model/explainer.ts';
import { Inventory } from './model/inventory.ts';
import { Leases } from './model/leases.ts';
import { statementReaders } from './readers.ts';
import type { PolicyDatabase } from './store/database.ts';
import { watchInventory } from './store/inventory-watch.ts';
import { LeaseSigner } from './store/lease-signer.ts';
import { Policies } from './store/policies.ts';
import { Slices } from './store/slices.ts';
import { StoredPolicyError } from './store/versions.ts';

@Module({})
export class PolicyModule {}

export interface ServiceParts {
  readonly config: PolicyConfig;
  readonly tenant: string;
  readonly bus: Bus;
  readonly log: Log;
  readonly readiness: Readiness;
  /** Milliseconds since 1970; tests give their own. */
  readonly now?: () => number;
}

export interface StartedPolicy {
  readonly module: DynamicModule;
  readonly outbox: Outbox;
  readonly store: Store<PolicyDatabase>;
  stop(): Promise<void>;
}

/** How often the version in force is looked for, in milliseconds, besides when another process tells of a change. */
const followMs = 2_000;

/** Builds the service on its store and bus, loads policy and inventory, and says how to stop. */
export async function startPolicy({ config, tenant, bus, log, readiness, now = Date.now }: ServiceParts): Promise<StartedPolicy> {
  const signer = LeaseSigner.fromFile(config.SALLYPORT_LEASE_KEY);
  const store = openStore<PolicyDatabase>({ dsn: config.SALLYPORT_DSN, schema: 'policy', log });
  const outbox = new Outbox({ store, bus, producer: 'policy', tenant, log, openings: sealedTo(config.SALLYPORT_READER_PUBLIC_KEY), life: { service: 'policy', version: packageVersion(import.meta.url) } });
  const inventory = new Inventory();
  const policies = new Policies({
    db: store.db, outbox, inventory, gate: new ChangeGate(bus, 'policy'), log,
    changed: ({ version }) => bus.publish(subjects.leaseChanged, { machine: null, target: null, why: `policy version ${version}`, policy: version }),
  });
  let database: string | null = 'the database';
  let inventorySeen: string | null = 'the inventory';
  readiness.add('database', () => database);
  readiness.add('policy', () => policies.waiting);
  readiness.add('policy-engine', policyEngineTrouble);
  readiness.add('inventory', () => inventorySeen);

  const stopWatching = await watchInventory(bus, inventory, log);
  inventorySeen = null;
  await outbox.start();
  const slices = new Slices(await bus.kv(buckets.slices), now);
  void whenReconnected(bus, () => slices.lookAgain());
  const policy = () => policies.active;
  const entries = new Entries(bus);
  const leases = new Leases({ policy, follow, inventory, enter: (of, entry) => entries.ask(of, entry), publish: (slice) => slices.publish(slice), sign: (lease) => signer.sign(lease), newId: () => uuidv7(now()), now, log });
  const explainer = new Explainer({ policy, inventory, readers: await statementReaders(), now });
  gauge('sallyport_policy_version', 'Version of the policy set in force in this process', [], () => policies.active?.version ?? -1);
  gauge('sallyport_policy_rules', 'Rules of the policy set in force in this process', [], () => policies.active?.set.rules.length ?? 0);

  // Another process put a version in force: this one must not answer from the older.
  const stopHearing = bus.subscribe(subjects.leaseChanged, leaseChanged, ({ policy: version }) => {
    if (version !== null && version !== policies.active?.version) void follow().catch((error: unknown) => log.warn('the policy could not be looked for', { error }));
  });
  // Last, because it tells gateways to ask for their leases again: the sooner they are answered, the shorter their commands wait.
  await follow();
  const stopFollowing = every({ ms: followMs, what: 'following the policy', log }, follow);

  return {
    module: {
      module: PolicyModule,
      controllers: [LeasesController, PoliciesController],
      providers: [
        { provide: Leases, useValue: leases },
        { provide: Policies, useValue: policies },
        { provide: Explainer, useValue: explainer },
      ],
    },
    outbox,
    store,
    async stop() {
      await stopFollowing();
      stopHearing();
      stopWatching();
    },
  };

  async function follow(): Promise<void> {
    try {
      await policies.follow();
      database = null;
    } catch (error) {
      // A set that cannot be used leaves none in force, which `policies` tells; the service stays up to take a better one.
      if (error instanceof StoredPolicyError) {
        database = null;
        return log.error('the policy version in force cannot be used: everything is refused', { error });
      }
      database = 'the database';
      throw error;
    }
  }
}

/** Until the bus is closed. */
async function whenReconnected(bus: Bus, run: () => void): Promise<void> {
  for await (const { type } of bus.nc.status()) if (type === 'reconnect') run();
}
