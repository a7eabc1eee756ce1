import pg from 'pg';
import { z } from 'zod';
import type { LedgerDatabase } from './ledger-database.ts';

/** One node of a plan as EXPLAIN (ANALYZE, FORMAT JSON) gives it. */
interface Node {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string | undefined;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number | undefined;
  readonly Plans?: readonly Node[] | undefined;
}

const node: z.ZodType<Node> = z.lazy(() => z.object({
  'Node Type': z.string(), 'Relation Name': z.string().optional(), 'Actual Rows': z.number(), 'Actual Loops': z.number(), 'Rows Removed by Filter': z.number().optional(), Plans: z.array(node).optional(),
}));
const logged = z.object({ 'Query Text': z.string(), Plan: node });

/** A statement that ran, and what it touched. */
export interface Ran {
  readonly text: string;
  /** Tables that were read from one end to the other. */
  readonly scanned: readonly string[];
  /** Tables, or partitions of them, that were read at all. */
  readonly read: readonly string[];
  /** Rows that were looked at, those that a filter turned away with them. */
  readonly rows: number;
}

/**
 * Has every statement of the service's role explained while it runs, also those inside of functions: auto_explain tells them to the connection itself.
 * @returns what ran during `work`, which is given the address of that role
 */
export async function explained(ledger: LedgerDatabase, work: (pool: pg.Pool) => Promise<unknown>): Promise<Ran[]> {
  await ledger.sql(settings.map(([name, value]) => `alter role sallyport_evidence set ${name} = ${value}`).join(';'));
  const pool = new pg.Pool({ connectionString: ledger.database.dsn('evidence'), max: 1 });
  const ran: Ran[] = [];
  pool.on('connect', (client) => void client.on('notice', ({ message = '' }) => {
    const at = message.indexOf('{');
    if (message.startsWith('duration:') && at > 0) ran.push(ranOf(logged.parse(JSON.parse(message.slice(at)))));
  }));
  try {
    await work(pool);
  } finally {
    await pool.end();
    await ledger.sql(settings.map(([name]) => `alter role sallyport_evidence reset ${name}`).join(';'));
  }
  return ran;
}

const settings = [
  ['session_preload_libraries', `'auto_explain'`], ['auto_explain.log_min_duration', '0'], ['auto_explain.log_nested_statements', 'on'], ['auto_explain.log_analyze', 'on'], ['auto_explain.log_timing', 'off'],
  ['auto_explain.log_format', `'json'`], ['auto_explain.log_level', `'notice'`], ['auto_explain.log_parameter_max_length', '0'],
] as const;

function ranOf({ 'Query Text': text, Plan }: z.infer<typeof logged>): Ran {
  const nodes = flat(Plan).filter((one) => one['Actual Loops'] > 0 && one['Relation Name'] !== undefined);
  return {
    text,
    scanned: nodes.filter((one) => one['Node Type'] === 'Seq Scan').map(nameOf),
    read: [...new Set(nodes.map(nameOf))],
    rows: nodes.reduce((sum, one) => sum + (one['Actual Rows'] + (one['Rows Removed by Filter'] ?? 0)) * one['Actual Loops'], 0),
  };
}

const nameOf = (one: Node): string => one['Relation Name'] ?? '';
const flat = (one: Node): Node[] => [one, ...(one.Plans ?? []).flatMap(flat)];
