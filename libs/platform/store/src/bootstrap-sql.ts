import type { ServiceName } from '@sallyport/platform-bus';

/** The services that have a schema and a role. The gateway is none: the data plane holds no way into the database. */
export const databaseServices = ['policy', 'approvals', 'masking', 'evidence', 'identity', 'governance', 'sinks', 'console'] as const satisfies readonly ServiceName[];
export type DatabaseService = (typeof databaseServices)[number];

/** Owns every schema and runs the migrations; no service knows its password. */
export const ownerRole = 'sallyport_owner';
/** May purge evidence and let keys be destroyed, and nothing else. */
export const retentionRole = 'sallyport_retention';
export const serviceRole = (service: DatabaseService) => `sallyport_${service}`;

export interface BootstrapSqlOptions {
  readonly passwords: Readonly<Record<DatabaseService, string>>;
  readonly ownerPassword: string;
  /** The database that this text is run in. */
  readonly database: string;
}

/**
 * What a superuser runs once, in the database itself: roles, schemas and nothing else. Each service may log in and use its own schema; its
 * rights on tables are granted by its migrations. Idempotent: run again, it sets the passwords anew. Keep it out of logs.
 */
export function bootstrapSql(options: BootstrapSqlOptions): string {
  const database = identifier(options.database);
  return [
    role(ownerRole, options.ownerPassword),
    `revoke all on database ${database} from public;`,
    'revoke all on schema public from public;',
    `grant connect on database ${database} to ${ownerRole};`,
    ...databaseServices.flatMap((service) => schema(service, options.passwords[service], database)),
    ...retention(),
    '',
  ].join('\n');
}

function schema(service: DatabaseService, password: string, database: string): string[] {
  const name = serviceRole(service);
  return [
    role(name, password),
    `grant connect on database ${database} to ${name};`,
    `create schema if not exists ${service} authorization ${ownerRole};`,
    `revoke all on schema ${service} from public;`,
    `grant usage on schema ${service} to ${name};`,
    `alter role ${name} in database ${database} set search_path = ${service};`,
  ];
}

/**
 * What purges evidence is a role that nobody logs in as. The evidence service is a member that does not inherit: its ordinary statements have none of these
 * rights, and a transaction that purges says so (`set local role`).
 */
function retention(): string[] {
  const service = serviceRole('evidence');
  return [
    `do $do$ begin if not exists (select from pg_roles where rolname = '${retentionRole}') then create role ${retentionRole}; end if; end $do$;`,
    `alter role ${retentionRole} with nologin noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls;`,
    `grant usage on schema evidence to ${retentionRole};`,
    `alter role ${service} with noinherit;`,
    `grant ${retentionRole} to ${service};`,
  ];
}

/** `create role` has no "if not exists". */
function role(name: string, password: string): string {
  const rights = 'login nosuperuser nocreatedb nocreaterole noreplication nobypassrls';
  return [
    `do $do$ begin if not exists (select from pg_roles where rolname = '${name}') then create role ${name}; end if; end $do$;`,
    `alter role ${name} with ${rights} password ${literal(password)};`,
  ].join('\n');
}

const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`;

function literal(text: string): string {
  if (text.length < 8) throw new RangeError('a password of a database role has fewer than 8 characters');
  if (/[\\\0]/.test(text)) throw new RangeError('a password of a database role holds a backslash or NUL');
  return `'${text.replaceAll("'", "''")}'`;
}
