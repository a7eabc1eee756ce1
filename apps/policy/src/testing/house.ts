import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { leaseChanged, subjects, type Bus } from '@sallyport/platform-bus';
import { boot, type Running } from '@sallyport/platform-runtime';
import { migrate } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { bootstrapDatabase, settingsOf, startNats, startPostgres, tempDir } from '@sallyport/testing-stack';
import { policyConfig } from '../config.ts';
import { startPolicy } from '../service.ts';
import { machine, plan, target } from './documents.ts';

export interface House extends AsyncDisposable {
  readonly gateway: Bus;
  readonly console: Bus;
  readonly identity: Bus;
  readonly leaseKey: KeyObject;
  /** `why` of each call to renew leases. */
  readonly told: string[];
  /** Starts one more process of the service. */
  start(): Promise<Running>;
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** Types of the evidence events, in order; without beginnings and ends of processes. */
  evidence(): Promise<string[]>;
}

/** The service on a real bus and database, with one machine, one target and its plan known. */
export async function house(): Promise<House> {
  const [nats, postgres, directory] = await Promise.all([startNats(), startPostgres(), tempDir('sallyport-policy')]);
  const database = await bootstrapDatabase(postgres);
  await migrate({ dsn: database.ownerDsn, schema: 'policy', directory: join(import.meta.dirname, '../../migrations'), log: silentLog });
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const keyFile = join(directory.path, 'lease.pem');
  await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const env = {
    SALLYPORT_NATS: nats.url, SALLYPORT_NATS_USER: 'policy', SALLYPORT_NATS_PASSWORD: nats.passwords.policy, SALLYPORT_DSN: database.dsn('policy'), SALLYPORT_HTTP: '127.0.0.1:0', SALLYPORT_LEASE_KEY: keyFile,
  };
  const identity = await nats.connect('identity');
  const inventory = await identity.kv('inventory');
  await inventory.put('machine.nightly-ledger', machine());
  await inventory.put('target.ledger-db', target());
  await settingsOf(nats);
  const masking = await nats.connect('masking');
  await (await masking.kv('plans')).put('ledger-db', { revision: 1, plan: plan() });

  const processes: Running[] = [];
  const start = async () => {
    const running = await boot({ name: 'policy', config: policyConfig, start: ({ config, env: base, bus, log, readiness }) => startPolicy({ config, tenant: base.tenant, bus, log, readiness }) }, env, silentLog);
    processes.push(running);
    return running;
  };
  const gateway = await nats.connect('gateway');
  const told: string[] = [];
  gateway.subscribe(subjects.leaseChanged, leaseChanged, ({ why }) => void told.push(why));
  await gateway.nc.flush();
  const sql = (text: string) => postgres.sql(text, database.name);
  return {
    gateway, identity, told, sql, start, leaseKey: publicKey,
    console: await nats.connect('console'),
    evidence: async () => (await sql('select event from policy.outbox order by pseq')).flatMap(({ event }) => (Buffer.isBuffer(event) ? [/"type":"([a-z.]+)"/.exec(event.toString('utf8'))?.[1] ?? '?'] : [])).filter((type) => !type.startsWith('service.')),
    [Symbol.asyncDispose]: async () => {
      for (const running of processes) await running.stop();
      await Promise.all([nats[Symbol.asyncDispose](), postgres[Symbol.asyncDispose](), directory[Symbol.asyncDispose]()]);
    },
  };
}
