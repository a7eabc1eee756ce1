import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a client did. */
export interface Work {
  /** Statements or rows. */
  readonly count: number;
  readonly perSecond: number;
  /** Microseconds of single statements; null where they were not logged. */
  readonly p50: number | null;
  readonly p99: number | null;
}

export interface PgbenchOptions {
  readonly mode: 'simple' | 'extended' | 'prepared';
  readonly clients: number;
  /** For how long, connecting included; or how much for each client. */
  readonly until: { readonly seconds: number } | { readonly statements: number };
  /** A new connection for each statement. */
  readonly connect?: boolean;
}

/** On a machine so busy that the time was over before all were connected, pgbench is given twice the time, up to this many seconds. */
const longest = 30;

/** pgbench's select-only script. Throws when a client failed. */
export async function pgbench(env: NodeJS.ProcessEnv, options: PgbenchOptions): Promise<Work> {
  const work = await once(env, options);
  if (work.count > 0) return work;
  if (!('seconds' in options.until) || options.until.seconds > longest / 2) throw new Error('pgbench had no time to do anything');
  return pgbench(env, { ...options, until: { seconds: options.until.seconds * 2 } });
}

async function once(env: NodeJS.ProcessEnv, { mode, clients, until, connect = false }: PgbenchOptions): Promise<Work> {
  const logs = clients === 1 ? mkdtempSync(join(tmpdir(), 'sallyport-pgbench-')) : null;
  try {
    const args = ['-S', '-n', '-M', mode, '-c', String(clients), '-j', '1', ...('seconds' in until ? ['-T', String(until.seconds)] : ['-t', String(until.statements)]), ...(connect ? ['-C'] : []), ...(logs === null ? [] : ['-l', '--log-prefix', join(logs, 'log')])];
    const out = await run('pgbench', args, env);
    const count = Number(/transactions actually processed: (\d+)/.exec(out)?.[1]);
    const perSecond = Number(/tps = ([\d.]+)/.exec(out)?.[1]);
    if (!(count >= 0) || /^number of failed transactions: [1-9]/m.test(out)) throw new Error(`pgbench did not do its work:\n${out}`);
    return { count, perSecond, ...(logs === null ? { p50: null, p99: null } : percentiles(logs)) };
  } finally {
    if (logs !== null) rmSync(logs, { recursive: true });
  }
}

/** One SELECT of a whole table, its rows thrown away by psql. */
export async function selectAll(env: NodeJS.ProcessEnv, table: string, rows: number): Promise<Work> {
  const began = performance.now();
  await run('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-c', `select * from ${table}`], env);
  return { count: rows, perSecond: rows / ((performance.now() - began) / 1000), p50: null, p99: null };
}

/** The log has a line for each transaction: client, number, microseconds, script, time. */
function percentiles(directory: string): { readonly p50: number; readonly p99: number } {
  const micros = readdirSync(directory).flatMap((name) => readFileSync(join(directory, name), 'utf8').trimEnd().split('\n').map((line) => Number(line.split(' ', 3)[2])));
  const sorted = Float64Array.from(micros).sort();
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { env, maxBuffer: 1024 * 1024 }, (error, out, err) => {
      if (error === null) resolve(out);
      else reject(new Error(`${command} ${args.join(' ')} failed: ${err.trim() || error.message}\n${out}`));
    });
  });
}
