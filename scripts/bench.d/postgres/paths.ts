import type { TokenIssuer } from '@sallyport/testing-stack';
import type { Stack } from '../../stack/stack.ts';
import { targets, workload } from './configuration.ts';
import type { Pgbouncer } from './pgbouncer.ts';
import { database, role, type Target } from './target.ts';

/** `apart`: as `strict`, with the ledger's service stopped during the run, as if it had a machine of its own; it takes everything afterwards. */
export type PathName = 'direct' | 'pgbouncer' | 'strict' | 'apart' | 'spool';

/** One way to the same server. */
export interface Path {
  readonly name: PathName;
  /** The processes in between, whose CPU is counted. */
  readonly pids: readonly number[];
  /** Processes that rest while it is measured. */
  readonly resting: readonly number[];
  /** True where commands are recorded. */
  readonly records: boolean;
  /** libpq's variables for one run of a client; a gateway's run has a fresh token. */
  env(): Promise<NodeJS.ProcessEnv>;
}

export function pathsOf({ stack, issuer, target, pgbouncer }: { readonly stack: Stack; readonly issuer: TokenIssuer; readonly target: Target; readonly pgbouncer: Pgbouncer | null }): Path[] {
  const env = (port: string | number, user: string, password: string): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'], PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database, PGSSLMODE: 'require', PGGSSENCMODE: 'disable',
  });
  const gateway = (name: 'strict' | 'apart' | 'spool'): Path => ({
    name,
    pids: [stack.services.gateway.pid ?? 0],
    resting: name === 'apart' ? [stack.services.evidence.pid ?? 0] : [],
    records: true,
    env: async () => env(stack.env['SALLYPORT_PG']?.split(':')[1] ?? '', targets[name === 'spool' ? 'spool' : 'strict'], await issuer.token({ sub: workload, workload_id: workload })),
  });
  const pooled: Path[] = pgbouncer === null ? [] : [{ name: 'pgbouncer', pids: [pgbouncer.pid], resting: [], records: false, env: async () => env(pgbouncer.port, role, target.password) }];
  return [{ name: 'direct', pids: [], resting: [], records: false, env: async () => env(target.server.port, role, target.password) }, ...pooled, gateway('strict'), gateway('apart'), gateway('spool')];
}
