import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { EventType } from '@sallyport/domain-events';
import { identityApply, identityResolve, type Bus, type Caller } from '@sallyport/platform-bus';
import { boot, type Running } from '@sallyport/platform-runtime';
import { migrate } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { bootstrapDatabase, freePort, startNats, startPostgres, tempDir, tlsMaterial, type Database, type NatsServer, type PostgresServer, type TempDir, type TlsMaterial } from '@sallyport/testing-stack';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { identityConfig } from '../config.ts';
import { exchangeGrant } from '../exchange/token-types.ts';
import { startIdentity, type StartedIdentity } from '../service.ts';
import type { Raw } from './documents.ts';

const run = promisify(execFile);
const admin: Caller = { person: 'root', roles: ['admin'], groups: [], source: '127.0.0.1' };

export interface Outcome {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export type Form = Readonly<Record<string, string | readonly string[]>>;

/** The identity service with its real database and bus, an issuer whose tokens tests mint, and the exchange over TLS asked by the real curl. */
export class IdentityHouse implements AsyncDisposable {
  readonly nats: NatsServer;
  readonly postgres: PostgresServer;
  readonly database: Database;
  readonly tls: TlsMaterial;
  readonly directory: TempDir;
  readonly port: number;
  readonly console: Bus;
  readonly gateway: Bus;
  /** Added to the service's clock, in milliseconds. */
  ahead = 0;
  readonly #key: CryptoKey;
  readonly #pinned: Record<string, unknown>;
  #service: Running | null = null;
  #started: StartedIdentity | null = null;
  #serial = 0;

  private constructor(parts: Pick<IdentityHouse, 'nats' | 'postgres' | 'database' | 'tls' | 'directory' | 'port' | 'console' | 'gateway'>, key: CryptoKey, pinned: Record<string, unknown>) {
    this.nats = parts.nats;
    this.postgres = parts.postgres;
    this.database = parts.database;
    this.tls = parts.tls;
    this.directory = parts.directory;
    this.port = parts.port;
    this.console = parts.console;
    this.gateway = parts.gateway;
    this.#key = key;
    this.#pinned = pinned;
  }

  static async open(): Promise<IdentityHouse> {
    const [nats, postgres, tls, directory, port] = await Promise.all([startNats(), startPostgres(), tlsMaterial(), tempDir('sallyport-exchange'), freePort()]);
    const database = await bootstrapDatabase(postgres);
    await migrate({ dsn: database.ownerDsn, schema: 'identity', directory: fileURLToPath(new URL('../../migrations', import.meta.url)), log: silentLog });
    const pair = await generateKeyPair('ES256');
    const pinned = { keys: { jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1' }] } } };
    const [console_, gateway] = await Promise.all([nats.connect('console'), nats.connect('gateway')]);
    const house = new IdentityHouse({ nats, postgres, database, tls, directory, port, console: console_, gateway }, pair.privateKey, pinned);
    await house.start();
    return house;
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#service = await boot(
      {
        name: 'identity',
        config: identityConfig,
        start: async ({ config, env: base, log, bus, readiness }) => (this.#started = await startIdentity({ config, tenant: base.tenant, log, bus, readiness, now: () => Date.now() + this.ahead })),
      },
      {
        SALLYPORT_NATS: this.nats.url, SALLYPORT_NATS_PASSWORD: this.nats.passwords.identity, SALLYPORT_DSN: this.database.dsn('identity'), SALLYPORT_HTTP: '127.0.0.1:0',
        SALLYPORT_TOKEN_LISTEN: `127.0.0.1:${this.port}`, SALLYPORT_TLS_CERT: this.tls.cert, SALLYPORT_TLS_KEY: this.tls.key, SALLYPORT_TOKEN_RATE: '1000',
        SALLYPORT_SSH_CA_DIR: join(this.directory.path, 'ssh-ca'), SALLYPORT_SSH_HOSTS: 'localhost,127.0.0.1,ssh.bank.example', ...env,
      },
      silentLog,
    );
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
    this.#service = null;
  }

  /** Where a service without a fixed port listens. */
  get started(): StartedIdentity {
    if (this.#started === null) throw new Error('not started');
    return this.#started;
  }

  get pinned(): Record<string, unknown> {
    return this.#pinned;
  }

  get url(): string {
    return `https://localhost:${this.port}`;
  }

  async apply(documents: readonly Raw[]): Promise<void> {
    const reply = await this.console.call(identityApply, { by: admin, documents: [...documents], dryRun: false, prune: false });
    if (!reply.ok) throw new Error(reply.error.say);
  }

  /** A token of workload `nightly`, unless the claims say otherwise. */
  mint(claims: Record<string, unknown> = {}): Promise<string> {
    const at = Math.floor((Date.now() + this.ahead) / 1000);
    return new SignJWT({ iss: 'https://idp.example', aud: 'sallyport', iat: at, exp: at + 1800, jti: `j-${process.pid}-${++this.#serial}`, workload_id: 'nightly', ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'JWT' }).sign(this.#key);
  }

  /** One exchange by the real curl. @param options more of its arguments */
  async exchange(form: Form, options: readonly string[] = []): Promise<Outcome> {
    const fields = Object.entries({ grant_type: exchangeGrant, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', ...form }).flatMap(([name, value]) => [value].flat().flatMap((one) => ['--data-urlencode', `${name}=${one}`]));
    return this.curl(['/v1/token', ...fields, ...options]);
  }

  async curl([path = '/', ...options]: readonly string[]): Promise<Outcome> {
    const { stdout } = await run('curl', ['-sS', '--cacert', this.tls.ca, '-w', '\n%{http_code}', ...options, this.url + path]);
    const cut = stdout.lastIndexOf('\n');
    const text = stdout.slice(0, cut);
    return { status: Number(stdout.slice(cut + 1)), text, json: text.startsWith('{') ? Object.fromEntries(Object.entries(JSON.parse(text) as object)) : {} };
  }

  /** A ticket for `box`, of a fresh token. */
  async ticket(form: Form = {}): Promise<string> {
    const { status, json, text } = await this.exchange({ subject_token: await this.mint(), audience: 'box', ...form });
    if (status !== 200) throw new Error(text);
    return String(json['access_token']);
  }

  /** What the gateway is told: the machine's name, or the error. */
  async resolve(token: string, over: Partial<Parameters<typeof identityResolve.request.parse>[0] & object> = {}): Promise<string> {
    const request = identityResolve.request.parse({ token, door: 'ssh', target: 'box', source: { address: '127.0.0.1', port: 4711, client: 'ssh' }, session: '0190aaaa-0000-7000-8000-000000000001', expect: 'machine', ...over });
    const reply = await this.gateway.call(identityResolve, request);
    if (!reply.ok) return `${reply.error.code}: ${reply.error.say}`;
    return reply.value.kind === 'machine' ? reply.value.actor.machine : reply.value.person;
  }

  /** Events of the service's outbox, oldest first, without those that come by the clock. */
  async events(): Promise<readonly { type: EventType; who: Record<string, unknown> | null; d: Record<string, unknown> }[]> {
    const rows = await this.postgres.sql('select event from identity.outbox order by pseq', this.database.name);
    const all: { type: EventType; who: Record<string, unknown> | null; d: Record<string, unknown> }[] = rows.map(({ event }) => JSON.parse(Buffer.from(event instanceof Uint8Array ? event : '').toString()));
    return all.filter(({ type }) => type !== 'producer.heartbeat' && type !== 'clock.status');
  }

  async last() {
    return (await this.events()).at(-1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.nats[Symbol.asyncDispose]();
    await this.postgres[Symbol.asyncDispose]();
    await this.tls[Symbol.asyncDispose]();
    await this.directory[Symbol.asyncDispose]();
  }
}
