import { execFile } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createPublicKey, createPrivateKey, type KeyObject } from 'node:crypto';
import { ok, subjects, type Bus } from '@sallyport/platform-bus';
import { bootstrapDatabase, freePort, startNats, startPostgres, tempDir, type Database, type NatsServer, type PostgresServer } from '@sallyport/testing-stack';
import { openHome } from '../../stack/home.ts';
import { Service } from '../../stack/service.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');

/**
 * What the evidence path needs, each part a process of its own: bus, database, the ledger's service and the console. Who asks is not what is measured: a stand-in for the
 * identity service, in this process, takes every token for an auditor's.
 */
export interface House extends AsyncDisposable {
  readonly nats: NatsServer;
  readonly postgres: PostgresServer;
  readonly database: Database;
  readonly evidence: Service;
  readonly console: Service;
  /** A connection of the console, from which the service's own handlers are asked. */
  readonly bus: Bus;
  readonly readerKey: KeyObject;
  readonly directory: string;
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** Starts the services, and waits for as long as the tree takes. @returns milliseconds until the ledger was ready */
  start(): Promise<number>;
  /** From the server's settings for filling to those of production. */
  durable(): Promise<void>;
  /** The database server's first process, and the bus's. */
  postmaster(): number;
  natsServer(): number;
}

/** Of a server that has the machine to itself in part: a quarter of a small one's memory. */
const settings = ['shared_buffers = 1GB', 'effective_cache_size = 8GB', 'max_wal_size = 4GB', 'random_page_cost = 1.1'];
/** While the ledger is filled nothing needs to survive a crash. */
const filling = ['fsync = off', 'synchronous_commit = off', 'full_page_writes = off'];
/** Afterwards it would go over everything that was filled at once, in the middle of what is measured: in production it comes piece by piece. */
const filled = ['autovacuum = off'];

export async function makeHouse(gateways: readonly string[], ledger: 'empty' | 'filled'): Promise<House> {
  await using made = new AsyncDisposableStack();
  const directory = made.use(await tempDir('sallyport-bench'));
  // PostgreSQL runs as another user and must reach its own directory inside.
  chmodSync(directory.path, 0o755);
  const home = openHome(directory.path);
  const nats = made.use(await startNats({ gateways: [...gateways], directory: home.at('nats'), passwords: home.secrets.bus }));
  const postgres = made.use(await startPostgres({ directory: home.at('postgres'), settings: [...settings, ...filling, ...(ledger === 'filled' ? filled : [])] }));
  const database = await bootstrapDatabase(postgres);
  await run(process.execPath, [join(root, 'apps', 'evidence', 'dist', 'migrate.js')], { env: { PATH: process.env['PATH'] ?? '', SALLYPORT_OWNER_DSN: database.ownerDsn } });
  const service = async (name: 'evidence' | 'console', own: Record<string, string>) => {
    const http = `127.0.0.1:${await freePort()}`;
    const env = { SALLYPORT_NATS: nats.url, SALLYPORT_NATS_USER: name, SALLYPORT_NATS_PASSWORD: home.secrets.bus[name], SALLYPORT_HTTP: http, SALLYPORT_STATE: home.at('state', name), SALLYPORT_READER_PUBLIC_KEY: home.keys.readerPublic, ...own };
    return new Service({ name, script: join(root, 'apps', name, 'dist', 'main.js'), env, http, log: home.at('logs', `${name}.log`), tls: false });
  };
  // The story's last sessions have no gateway any more: they stay open all the same.
  const evidence = await service('evidence', { SALLYPORT_DSN: database.dsn('evidence'), SALLYPORT_READER_KEY: home.keys.reader, SALLYPORT_LOG_KEY: home.keys.log, SALLYPORT_EVIDENCE_SILENT: '86400', ...profile() });
  const console = await service('console', {});
  made.defer(async () => {
    await console.stop();
    await evidence.stop();
  });
  const bus = await nats.connect('console');
  const identity = await nats.connect('identity');
  identity.nc.subscribe(subjects.identityResolve, { callback: (_error, message) => void message.respond(JSON.stringify(ok({ kind: 'person', person: 'bench', roles: ['auditor'], groups: [], tokenExpires: '2099-01-01T00:00:00.000000Z' }))) });
  const all = made.move();
  return {
    nats, postgres, database, evidence, console, bus, directory: directory.path,
    readerKey: createPublicKey(createPrivateKey(readFileSync(home.keys.reader))),
    sql: (text) => postgres.sql(text, database.name),
    start: async () => {
      const began = performance.now();
      evidence.start();
      await evidence.ready(600_000);
      const took = performance.now() - began;
      console.start();
      await console.ready();
      return took;
    },
    durable: async () => {
      for (const line of filling) await postgres.sql(`alter system reset ${line.split(' ')[0]}`);
      await postgres.sql('select pg_reload_conf()');
      await postgres.sql('checkpoint');
    },
    postmaster: () => Number(readFileSync(join(postgres.sockets, 'data', 'postmaster.pid'), 'utf8').split('\n', 1)[0]),
    natsServer: () => processOf(home.at('nats')),
    [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
  };
}

/** The nats-server whose configuration is in this directory. 0: there is none. */
function processOf(directory: string): number {
  const command = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return ''; // It has ended.
    }
  };
  return Number(readdirSync('/proc').find((name) => /^\d+$/.test(name) && command(name).startsWith('nats-server') && command(name).includes(directory)) ?? 0);
}

/** `SALLYPORT_BENCH_PROFILE=DIR`: the ledger's service leaves a CPU profile there when it ends. */
function profile(): Record<string, string> {
  const into = process.env['SALLYPORT_BENCH_PROFILE'];
  return into === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${into}` };
}

/** Gigabytes that are free where temporary files go. */
export function freeGigabytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return (bavail * bsize) / 1e9;
}
