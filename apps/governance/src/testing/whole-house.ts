import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeMessage } from '@sallyport/domain-events';
import type { Bus, Caller } from '@sallyport/platform-bus';
import { boot, type Running, type ServiceDefinition } from '@sallyport/platform-runtime';
import { migrate, type DatabaseService } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { bootstrapDatabase, startNats, startPostgres, tempDir, tokenIssuer, type Database, type NatsServer, type PostgresServer, type TempDir, type TokenIssuer } from '@sallyport/testing-stack';

export type HouseService = 'identity' | 'masking' | 'sinks' | 'policy' | 'approvals' | 'governance' | 'evidence' | 'console';

/** An event as a service wrote it. */
export interface Told {
  readonly service: string;
  readonly type: string;
  readonly who: { readonly id: string } | null;
  readonly auth: { readonly approval: string | null } | null;
  readonly d: Readonly<Record<string, unknown>>;
}

export const adminToken = 'the-bootstrap-admin-token-of-the-whole-house';

/** Real services in one process, on one PostgreSQL and one NATS, each with its own role and user: what a test of several services together needs, without building them. */
export class WholeHouse implements AsyncDisposable {
  readonly nats: NatsServer;
  readonly postgres: PostgresServer;
  readonly database: Database;
  readonly directory: TempDir;
  /** Whose tokens people and machines come with; its document is applied already. */
  readonly issuer: TokenIssuer;
  readonly console: Bus;
  readonly #running = new Map<HouseService, Running>();
  /** Added to the clock of the services that have one of their own, in milliseconds. */
  ahead = 0;

  private constructor(parts: Pick<WholeHouse, 'nats' | 'postgres' | 'database' | 'directory' | 'issuer' | 'console'>) {
    this.nats = parts.nats;
    this.postgres = parts.postgres;
    this.database = parts.database;
    this.directory = parts.directory;
    this.issuer = parts.issuer;
    this.console = parts.console;
  }

  static async open(services: readonly HouseService[]): Promise<WholeHouse> {
    const [nats, postgres, directory, issuer] = await Promise.all([startNats(), startPostgres(), tempDir('sallyport-whole'), tokenIssuer('idp')]);
    const database = await bootstrapDatabase(postgres);
    const house = new WholeHouse({ nats, postgres, database, directory, issuer, console: await nats.connect('console') });
    await house.#keys();
    for (const name of services) if (name !== 'console') await migrate({ dsn: database.ownerDsn, schema: name, directory: fileURLToPath(new URL(`../../../${name}/migrations`, import.meta.url)), log: silentLog });
    await postgres.sql('create schema watched; create table watched.told (no bigserial, service text, event bytea)', database.name);
    await postgres.sql(`create function watched.tell() returns trigger language plpgsql security definer as $$ begin insert into watched.told (service, event) values (tg_table_schema, new.event); return new; end $$`, database.name);
    for (const name of services) if (name !== 'console') await postgres.sql(`create trigger watched after insert on ${name}.outbox for each row execute function watched.tell()`, database.name);
    for (const name of services) await house.start(name);
    return house;
  }

  /** The service as its own main would start it, from source. */
  async start(name: HouseService): Promise<void> {
    const at = (file: string) => new URL(`../../../${name}/src/${file}.ts`, import.meta.url).href;
    // By address, so that the arrows of the house hold: an app is no library of another one.
    const [service, config] = [(await import(at('service'))) as Starters, (await import(at('config'))) as Readonly<Record<string, ServiceDefinition<unknown>['config']>>];
    const schema = config[`${name}Config`];
    const begin = service[name === 'console' ? 'consoleService' : `start${name[0]?.toUpperCase()}${name.slice(1)}`];
    if (schema === undefined || begin === undefined) throw new Error(`${name} has no configuration or no start of the usual name`);
    const now = () => Date.now() + this.ahead;
    const clock = { now, monoUs: () => Math.round(performance.now() * 1000) };
    const quick = { everyMs: 100, ...(name === 'evidence' ? { signEveryMs: 100 } : {}) };
    const definition: ServiceDefinition<unknown> = {
      name, config: schema, start: async ({ config: read, env, bus, log, readiness }) => begin({ config: read, tenant: env.tenant, state: env.state, bus, log, readiness, now, clock, ...quick }),
      ...(name === 'console' ? { http: { bodyLimit: 4 * 1024 * 1024, tls: () => null } } : {}),
    };
    this.#running.set(name, await boot(definition, await this.#env(name), silentLog));
  }

  async stop(name: HouseService): Promise<void> {
    await this.#running.get(name)?.stop();
    this.#running.delete(name);
  }

  /** Where the console's API is. */
  get api(): string {
    return `http://${this.#running.get('console')?.http ?? ''}`;
  }

  sql(text: string): Promise<Record<string, unknown>[]> {
    return this.postgres.sql(text, this.database.name);
  }

  /** What services told since the beginning, in order, without what comes by the clock. */
  async told(): Promise<Told[]> {
    const rows = await this.sql('select service, event from watched.told order by no');
    return rows.flatMap(({ service, event }): Told[] => {
      if (!Buffer.isBuffer(event)) return [];
      const bytes = event[0] === 0x7b ? event : Buffer.from(decodeMessage(event).event);
      const { type, who, auth, d } = JSON.parse(bytes.toString('utf8')) as Omit<Told, 'service'>;
      return ['producer.heartbeat', 'clock.status', 'service.started', 'service.stopped'].includes(type) ? [] : [{ service: String(service), type, who, auth, d }];
    });
  }

  /** Makes a service's events impossible to write, until the answer is called. */
  async mute(schemas: readonly string[]): Promise<() => Promise<void>> {
    await this.sql(`create function watched.no() returns trigger language plpgsql as $$ begin raise exception 'no events now'; end $$; ${schemas.map((name) => `create trigger muted before insert on ${name}.outbox for each row execute function watched.no()`).join('; ')}`);
    return async () => {
      await this.sql(`${schemas.map((name) => `drop trigger muted on ${name}.outbox`).join('; ')}; drop function watched.no()`);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of [...this.#running.values()].reverse()) await running.stop();
    await Promise.all([this.nats[Symbol.asyncDispose](), this.postgres[Symbol.asyncDispose](), this.directory[Symbol.asyncDispose]()]);
  }

  async #keys(): Promise<void> {
    const pem = async (name: string, type: 'ed25519' | 'x25519') => {
      const { privateKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
      await writeFile(join(this.directory.path, name), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    };
    await Promise.all([pem('lease.pem', 'ed25519'), pem('log.pem', 'ed25519'), pem('reader.pem', 'x25519')]);
    for (const name of ['text', 'token']) await writeFile(join(this.directory.path, name), randomBytes(32).toString('base64url'));
    await writeFile(join(this.directory.path, 'admin'), adminToken);
  }

  async #env(name: HouseService): Promise<Record<string, string>> {
    const state = join(this.directory.path, 'state', name);
    await mkdir(state, { recursive: true });
    const at = (file: string) => join(this.directory.path, file);
    return {
      SALLYPORT_NATS: this.nats.url, SALLYPORT_NATS_USER: name, SALLYPORT_NATS_PASSWORD: this.nats.passwords[name], SALLYPORT_HTTP: '127.0.0.1:0', SALLYPORT_STATE: state,
      ...(name === 'console' ? {} : { SALLYPORT_DSN: this.database.dsn(name satisfies DatabaseService) }),
      SALLYPORT_LEASE_KEY: at('lease.pem'), SALLYPORT_TOKEN_KEY: at('token'), SALLYPORT_TEXT_KEY: at('text'), SALLYPORT_PUBLIC_URL: 'https://sallyport.example', SALLYPORT_READER_KEY: at('reader.pem'), SALLYPORT_LOG_KEY: at('log.pem'),
      SALLYPORT_ADMIN_TOKEN_FILE: at('admin'), SALLYPORT_SSH_CA_DIR: at('ssh-ca'), SALLYPORT_SSH_HOSTS: 'localhost',
    };
  }
}

type Starters = Readonly<Record<string, (parts: Record<string, unknown>) => ReturnType<ServiceDefinition<unknown>['start']>>>;

export const caller = (person: string, roles: readonly string[] = ['admin'], groups: readonly string[] = []): Caller => ({ person, roles: [...roles], groups: [...groups], source: '127.0.0.1' });
