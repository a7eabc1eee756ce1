import { pgbench, selectAll } from './clients.ts';
import type { PathName } from './paths.ts';
import type { Cell } from './rounds.ts';

const everywhere: readonly PathName[] = ['direct', 'pgbouncer', 'strict', 'apart', 'spool'];

export interface Plan {
  /** `simple c=8` and the like; all when null. */
  readonly only: readonly string[] | null;
  readonly seconds: number;
  readonly rows: number;
}

/** Everything that is measured, in order. */
export function cellsOf({ only, seconds, rows }: Plan): Cell[] {
  const statements = (['simple', 'extended', 'prepared'] as const).flatMap((mode) =>
    [1, 8, 32].map((clients): Cell => ({ name: `${mode} c=${clients}`, unit: 'statement', paths: everywhere, run: (env) => pgbench(env, { mode, clients, until: { seconds } }), commands: ({ count }) => count })),
  );
  const cells: Cell[] = [
    ...statements,
    { name: `select of ${rows / 1e6} M rows`, unit: 'row', paths: ['direct', 'pgbouncer', 'strict'], run: (env) => selectAll(env, 'pgbench_accounts', rows), commands: () => 1 },
    { name: 'connect', unit: 'connection', paths: everywhere, run: (env) => pgbench(env, { mode: 'simple', clients: 8, until: { seconds }, connect: true }), commands: ({ count }) => count },
  ];
  return only === null ? cells : cells.filter(({ name }) => only.some((wanted) => name.startsWith(wanted)));
}
