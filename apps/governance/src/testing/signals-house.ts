import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { fail, governanceDirectoryAdd, identityList, identitySignal, ok, type Bus, type Caller, type Transmitter } from '@sallyport/platform-bus';
import { boot, type Running } from '@sallyport/platform-runtime';
import { migrate } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { bootstrapDatabase, freePort, startNats, startPostgres, tempDir, tlsMaterial, type Database, type NatsServer, type PostgresServer, type TempDir, type TlsMaterial } from '@sallyport/testing-stack';
import type { z } from 'zod';
import { governanceConfig } from '../config.ts';
import { startGovernance } from '../service.ts';
import { answer, caller, person, type Event, type Raw } from './house.ts';

export const admin = caller('root', 'admin');
export type Signalled = z.output<typeof identitySignal.request>;

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // What a server answers is looked at by specs as it is.
  readonly body: Readonly<Record<string, unknown>>;
}

/** The service with its real database, bus and TLS door, asked by the real fetch. Identity is scripted: it says whom it knows, and can be away. */
export class SignalsHouse implements AsyncDisposable {
  readonly nats: NatsServer;
  readonly postgres: PostgresServer;
  readonly database: Database;
  readonly tls: TlsMaterial;
  readonly directory: TempDir;
  readonly port: number;
  readonly console: Bus;
  readonly #identity: Bus;
  /** What identity was told, in order. */
  readonly signalled: Signalled[] = [];
  /** How identity answers instead: an error code, or nothing at all. */
  identity: 'answers' | 'is silent' | { readonly fails: string } = 'answers';
  /** Added to the service's clock, in milliseconds. */
  ahead = 0;
  readonly issuers: Raw[] = [];
  readonly #people = new Map<string, readonly string[]>();
  #running: Running | null = null;

  private constructor(parts: Pick<SignalsHouse, 'nats' | 'postgres' | 'database' | 'tls' | 'directory' | 'port' | 'console'>, identity: Bus) {
    this.nats = parts.nats;
    this.postgres = parts.postgres;
    this.database = parts.database;
    this.tls = parts.tls;
    this.directory = parts.directory;
    this.port = parts.port;
    this.console = parts.console;
    this.#identity = identity;
  }

  static async open(env: Readonly<Record<string, string>> = {}): Promise<SignalsHouse> {
    const [nats, postgres, tls, directory, port] = await Promise.all([startNats(), startPostgres(), tlsMaterial(), tempDir('sallyport-signals'), freePort()]);
    setDefaultCACertificates([...getCACertificates('default'), tls.pem.ca]);
    const database = await bootstrapDatabase(postgres);
    await migrate({ dsn: database.ownerDsn, schema: 'governance', directory: join(import.meta.dirname, '../../migrations'), log: silentLog });
    await mkdir(join(directory.path, 'secrets'));
    const [console_, identity] = await Promise.all([nats.connect('console'), nats.connect('identity')]);
    const house = new SignalsHouse({ nats, postgres, database, tls, directory, port, console: console_ }, identity);
    answer(identity, identitySignal, (request) => house.#signal(request));
    answer(identity, identityList, () => ok({ documents: house.issuers }));
    await identity.nc.flush();
    await house.start(env);
    return house;
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#running = await boot(
      {
        name: 'governance', config: governanceConfig,
        start: ({ config, env: base, log, bus, readiness }) => startGovernance({ config, tenant: base.tenant, log, bus, readiness, now: () => Date.now() + this.ahead, everyMs: 100 }),
      },
      {
        SALLYPORT_NATS: this.nats.url, SALLYPORT_NATS_PASSWORD: this.nats.passwords.governance, SALLYPORT_DSN: this.database.dsn('governance'), SALLYPORT_HTTP: '127.0.0.1:0', SALLYPORT_SIGNALS_LISTEN: `127.0.0.1:${this.port}`,
        SALLYPORT_TLS_CERT: this.tls.cert, SALLYPORT_TLS_KEY: this.tls.key, SALLYPORT_SIGNALS_RATE: '1000', SALLYPORT_SECRETS_DIR: join(this.directory.path, 'secrets'), ...env,
      },
      silentLog,
    );
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = null;
  }

  get url(): string {
    return `https://localhost:${this.port}`;
  }

  /** Somebody of the inventory, as identity shows them, with the ids that directories know them by. */
  async know(name: string, directoryIds: readonly string[], spec: Raw = {}): Promise<void> {
    this.#people.set(name, directoryIds);
    await (await this.#identity.kv('inventory')).put(`person.${name}`, person(name, { directoryIds, ...spec }));
  }

  /** @returns the directory's bearer token */
  async add(name: string, transmitter: Transmitter | null = null): Promise<string> {
    const token = `sld_${randomBytes(32).toString('base64url')}`;
    const reply = await this.console.call(governanceDirectoryAdd, { by: admin, name, tokenHash: createHash('sha256').update(token).digest('hex'), transmitter });
    if (!reply.ok) throw new Error(reply.error.say);
    return token;
  }

  async secret(name: string, password: string): Promise<void> {
    await writeFile(join(this.directory.path, 'secrets', `${name}.json`), JSON.stringify({ username: 'bearer', password }), { mode: 0o600 });
  }

  /** One request by fetch, as a directory makes it. */
  async ask(method: string, path: string, token: string | null, body?: unknown, type = 'application/scim+json'): Promise<Answered> {
    const sent = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(this.url + path, { method, headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...(sent === null ? {} : { 'content-type': type }) }, ...(sent === null ? {} : { body: sent }) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: text.startsWith('{') ? Object.fromEntries(Object.entries(JSON.parse(text) as object)) : {} };
  }

  /** What identity was told: `left olga`, `returned olga`, in order. */
  get words(): string[] {
    return this.signalled.map(({ kind, person: who }) => `${kind} ${who}`);
  }

  sql(text: string): Promise<Record<string, unknown>[]> {
    return this.postgres.sql(text, this.database.name);
  }

  /** Events of the service's outbox, oldest first. */
  async events(...types: readonly string[]): Promise<Event[]> {
    const rows = await this.sql('select event from governance.outbox order by pseq');
    const all: Event[] = rows.map(({ event }) => JSON.parse(Buffer.from(event instanceof Uint8Array ? event : '').toString()));
    return all.filter(({ type }) => types.includes(type));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    for (const one of [this.nats, this.postgres, this.tls, this.directory]) await one[Symbol.asyncDispose]();
  }

  #signal(request: Signalled): unknown {
    if (this.identity === 'is silent') return new Promise(() => undefined);
    if (typeof this.identity === 'object') return fail(this.identity.fails, 'not now');
    const known = [...this.#people].find(([name, ids]) => name === request.person || ids.includes(request.person))?.[0] ?? null;
    const changed = known !== null && this.signalled.findLast(({ person: who }) => who === request.person)?.kind !== request.kind;
    this.signalled.push(request);
    return ok({ person: known, changed, suspended: changed && request.kind === 'left' ? [`machine-of-${known}`] : [], attention: [] });
  }
}

/** Looks again and again until it holds; fails after ten seconds. */
export async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const limit = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > limit) throw new Error(`it never came about: ${what}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

export const asCaller = (name: string, ...roles: string[]): Caller => caller(name, ...roles);
