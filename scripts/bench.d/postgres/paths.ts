import type { TokenIssuer } from '@sallyport/testing-stack';
import type { Stack } from '../../stack/stack.ts';
import { targets, workload } from './configuration.ts';
import type { Pgbouncer } from './pgbouncer.ts';
import { database, role, type Target } from './target.ts';

export type PathName = 'direct' | 'pgbouncer' | 'strict' | 'spool';

/** One way to the same server. */
export interface Path {
  readonly name: PathName;
  /** The processes in between, whose CPU is counted. */
  readonly pids: readonly number[];
  /** libpq's variables for one run of a client; a gateway's run has a fresh token. */
  env(): Promise<NodeJS.ProcessEnv>;
}

export function pathsOf({ stack, issuer, target, pgbouncer }: { readonly stack: Stack; readonly issuer: TokenIssuer; readonly target: Target; readonly pgbouncer: Pgbouncer | null }): Path[] {
  const env = (port: string | number, user: string, password: string): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'], PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database, PGSSLMODE: 'require', PGGSSENCMODE: 'disable',
  });
  const gateway = (name: 'strict' | 'spool'): Path => ({
    name,
    pids: [stack.services.gateway.pid ?? 0],
    env: async () => env(stack.env['SALLYPORT_PG']?.split(':')[1] ?? '', targets[name], await issuer.token({ sub: workload, workload_id: workload })),
  });
  const pooled: Path[] = pgbouncer === null ? [] : [{ name: 'pgbouncer', pids: [pgbouncer.pid], env: async () => env(pgbouncer.port, role, target.password) }];
  return [{ name: 'direct', pids: [], env: async () => env(target.server.port, role, target.password) }, ...pooled, gateway('strict'), gateway('spool')];
}
