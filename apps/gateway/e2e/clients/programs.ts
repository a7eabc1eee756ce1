import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { libpq, type Endpoint } from '../support/endpoint.ts';
import { run } from '../support/run.ts';

const here = import.meta.dirname;
const driver = '/usr/share/java/postgresql.jar';
const python = '/usr/bin/python3';

/** Why a client cannot be had here, or null. */
export async function missing(client: 'psql' | 'pgbench' | 'pg_dump' | 'psycopg2' | 'jdbc'): Promise<string | null> {
  switch (client) {
    case 'psycopg2':
      return existsSync(python) && (await run(python, ['-c', 'import psycopg2'])).code === 0 ? null : 'python3-psycopg2 is not installed';
    case 'jdbc':
      return existsSync(driver) && (await run('javac', ['-version']).catch(() => null)) !== null ? null : 'a JDK and libpostgresql-jdbc-java are not installed';
    default:
      return (await run(client, ['--version']).catch(() => null)) === null ? `${client} is not installed` : null;
  }
}

/** psql with a script as its input, in an empty directory. Exit code, output and errors in one text. */
export async function psql(endpoint: Endpoint, script: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-psql-'));
  try {
    const text = readFileSync(join(here, 'psql', script), 'utf8');
    const { code, out, err } = await run('psql', ['-X', '-a', '--no-psqlrc'], { env: libpq(endpoint), input: text, cwd: directory });
    return `${out}\n--- errors\n${err}\n--- code ${code}`;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The dump of a schema, without the key that is another in each. */
export async function pgDump(endpoint: Endpoint, ...args: string[]): Promise<string> {
  const { code, out, err } = await run('pg_dump', ['-n', 'shapes', ...args], { env: libpq(endpoint), timeoutMs: 90_000 });
  return `${out.replace(/^\\(un)?restrict .*$/gm, '')}\n--- errors\n${err}\n--- code ${code}`;
}

export async function psycopg2(endpoint: Endpoint): Promise<string> {
  const { code, out, err } = await run(python, [join(here, 'psycopg.py')], { env: libpq(endpoint) });
  return `${out}\n--- errors\n${err}\n--- code ${code}`;
}

/** Compiles the Java program; answers its class path. */
export async function compileJava(directory: string): Promise<string> {
  const { code, err } = await run('javac', ['-cp', driver, '-d', directory, join(here, 'Differential.java')]);
  if (code !== 0) throw new Error(err);
  return `${directory}:${driver}`;
}

export async function jdbc({ port, database, user, password, ca }: Endpoint, classPath: string): Promise<string> {
  const url = `jdbc:postgresql://localhost:${port}/${database}?sslmode=verify-full&sslrootcert=${ca}&ApplicationName=e2e`;
  const { code, out, err } = await run('java', ['-XX:TieredStopAtLevel=1', '-cp', classPath, 'Differential', url, user, password], { timeoutMs: 90_000 });
  return `${out}\n--- errors\n${err}\n--- code ${code}`;
}

export interface Bench {
  readonly code: number;
  readonly processed: string;
  readonly failed: string;
  readonly err: string;
}

export async function pgbench(endpoint: Endpoint, ...args: string[]): Promise<Bench> {
  const { code, out, err } = await run('pgbench', args, { env: libpq(endpoint), timeoutMs: 120_000 });
  const line = (words: string) => out.split('\n').find((one) => one.startsWith(words)) ?? '';
  return { code, processed: line('number of transactions actually processed'), failed: line('number of failed transactions'), err: code === 0 ? '' : err };
}
