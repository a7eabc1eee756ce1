import { join } from 'node:path';
import { migrate, openStore, type Store } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { bootstrapDatabase, startPostgres, type Database, type PostgresServer } from '@sallyport/testing-stack';
import type { EvidenceDatabase } from '../store/database.ts';

/** The ledger's schema on a server of its own, and the service's way in, without a bus. */
export interface LedgerDatabase extends AsyncDisposable {
  readonly postgres: PostgresServer;
  readonly database: Database;
  readonly store: Store<EvidenceDatabase>;
  /** As the superuser. */
  sql(text: string): Promise<Record<string, unknown>[]>;
}

export async function ledgerDatabase(settings: readonly string[] = []): Promise<LedgerDatabase> {
  const postgres = await startPostgres({ settings: ['fsync = off', ...settings] });
  const database = await bootstrapDatabase(postgres);
  await migrate({ dsn: database.ownerDsn, schema: 'evidence', directory: join(import.meta.dirname, '../../migrations'), log: silentLog });
  const store = openStore<EvidenceDatabase>({ dsn: database.dsn('evidence'), schema: 'evidence', log: silentLog });
  return {
    postgres, database, store,
    sql: (text) => postgres.sql(`set search_path = evidence; ${text}`, database.name),
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await postgres[Symbol.asyncDispose]();
    },
  };
}
