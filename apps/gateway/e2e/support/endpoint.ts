import { readFileSync } from 'node:fs';
import pg from 'pg';

/** Where a client connects, and as whom: the target itself or the gateway in front of it. Both are `localhost` with the same authority. */
export interface Endpoint {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Path of a PEM file. */
  readonly ca: string;
}

/** What psql, pg_dump, pgbench and psycopg2 read. */
export function libpq({ port, user, password, database, ca }: Endpoint): Record<string, string> {
  return {
    PGHOST: 'localhost', PGHOSTADDR: '127.0.0.1', PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database,
    PGSSLMODE: 'verify-full', PGSSLROOTCERT: ca, PGCONNECT_TIMEOUT: '20', PGAPPNAME: 'e2e', PGCLIENTENCODING: 'UTF8',
  };
}

export function nodePostgres({ port, user, password, database, ca }: Endpoint): pg.ClientConfig {
  return { host: '127.0.0.1', port, user, password, database, application_name: 'e2e', connectionTimeoutMillis: 20_000, ssl: { ca: readFileSync(ca, 'utf8'), servername: 'localhost' } };
}

/** A connected client that remembers its notices and does not fall over when its session is ended. */
export async function connect(endpoint: Endpoint): Promise<Connected> {
  const client = new pg.Client(nodePostgres(endpoint));
  const notices: Notice[] = [];
  const ended = new Promise<Error>((resolve) => {
    client.on('error', resolve);
  });
  client.on('notice', ({ message, code, severity, detail, hint }) => notices.push({ message: message ?? '', code, severity, detail, hint }));
  await client.connect();
  return { client, notices, ended, [Symbol.asyncDispose]: () => client.end().catch(() => undefined) };
}

export interface Notice {
  readonly message: string;
  readonly code: string | undefined;
  readonly severity: string | undefined;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
}

export interface Connected extends AsyncDisposable {
  readonly client: pg.Client;
  readonly notices: Notice[];
  /** The error with which the other side ended the session. */
  readonly ended: Promise<Error>;
}

export type Failed = { readonly code: string; readonly message: string; readonly detail: string | null; readonly hint: string | null; readonly severity: string | null };

/** The error that this must end in. Throws when it ends well. */
export async function failure(work: Promise<unknown>): Promise<Failed> {
  try {
    await work;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return { code: error.code ?? '', message: error.message, detail: error.detail ?? null, hint: error.hint ?? null, severity: error.severity ?? null };
    if (error instanceof Error) return { code: 'code' in error ? String(error.code) : '', message: error.message, detail: null, hint: null, severity: null };
    throw error;
  }
  throw new Error('it should have failed');
}

/** The approval that this session was told of and that is none of `before`; waits for the notice. */
export async function approvalOf({ notices }: Connected, before: readonly string[] = []): Promise<string> {
  for (let i = 0; i < 200; i++) {
    const found = notices.map(({ message }) => /approval ([0-9a-f-]{36}) is needed/.exec(message)?.[1]).find((id) => id !== undefined && !before.includes(id));
    if (found !== undefined) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`no notice of an approval came; notices: ${JSON.stringify(notices)}`);
}
