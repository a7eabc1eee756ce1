import { randomBytes } from 'node:crypto';
import { bootstrapSql, databaseServices, ownerRole, serviceRole, type DatabaseService } from '@sallyport/platform-store';
import type { PostgresServer } from '@sallyport/testing-servers';

export interface Database {
  readonly name: string;
  /** Address of the role that owns the schemas: for `migrate`. */
  readonly ownerDsn: string;
  /** Address of a service's own role. */
  dsn(service: DatabaseService): string;
}

/** Makes a database with the product's roles and schemas, by the SQL that an operator would run. */
export async function bootstrapDatabase(postgres: PostgresServer, name = 'sallyport'): Promise<Database> {
  const ownerPassword = randomBytes(18).toString('base64url');
  const password = () => randomBytes(18).toString('base64url');
  const passwords: Record<DatabaseService, string> = { policy: password(), approvals: password(), masking: password(), evidence: password(), identity: password(), governance: password(), sinks: password(), console: password() };
  await postgres.sql(`create database "${name}"`);
  await postgres.sql(bootstrapSql({ passwords, ownerPassword, database: name }), name);
  return { name, ownerDsn: postgres.dsnOf(ownerRole, ownerPassword, name), dsn: (service) => postgres.dsnOf(serviceRole(service), passwords[service], name) };
}

export { databaseServices, type DatabaseService };
