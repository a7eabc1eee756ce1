/**
 * What a command does to a resource, from least to gravest.
 * `read` · `write` rows or content · `execute` code · `control` session or server state · `transfer` data past the
 * protocol (files, programs, other servers) · `shell` an interactive login shell, seen and not decided line by line · `define` change structure · `grant` change rights · `unknown` could not be read.
 */
export const verbs = ['read', 'write', 'execute', 'control', 'transfer', 'shell', 'define', 'grant', 'unknown'] as const;
export type Verb = (typeof verbs)[number];

/** What kind of thing an effect touches. Protocols share this list, so that one policy language serves all. */
export type ResourceKind =
  | 'table' // tables, views, materialized views, foreign tables: what rows are read from or written to
  | 'sequence'
  | 'function' // functions, procedures, aggregates, operators that run code
  | 'schema'
  | 'database'
  | 'role'
  | 'type'
  | 'setting' // configuration parameters
  | 'session' // transaction control, prepared statements, cursors, LISTEN, locks
  | 'server' // server-wide control: checkpoint, reload, signals
  | 'file'
  | 'program'
  | 'remote' // other servers: dblink, foreign servers, subscriptions
  | 'other';

/**
 * One resource inside the session's target. `schema` is null where the kind has none.
 * A name that could not be resolved with certainty has schema `'?'`: no rule for a real schema matches it.
 */
export interface ResourceRef {
  readonly kind: ResourceKind;
  readonly schema: string | null;
  readonly name: string;
}

export interface Effect {
  readonly verb: Verb;
  readonly resource: ResourceRef;
}

/** The gravest verb of a list of effects; `unknown` for an empty list, since a command that does nothing was not understood. */
export function gravest(effects: readonly Effect[]): Verb {
  let rank = -1;
  for (const effect of effects) rank = Math.max(rank, verbs.indexOf(effect.verb));
  return verbs[rank] ?? 'unknown';
}

/**
 * True when a command with these effects may change something outside of its own session, so that its evidence must be durable
 * before it is forwarded. Transaction control, cursors and session settings are not such changes: what they complete or shape was
 * recorded as a command of its own.
 */
export function mayChange(effects: readonly Effect[]): boolean {
  return effects.length === 0 || effects.some(({ verb, resource }) => verb !== 'read' && !(verb === 'control' && (resource.kind === 'session' || resource.kind === 'setting')));
}

/** The name a policy uses for a resource inside its target: `ledger.customers`, `function:pg_catalog.now`, `setting:search_path`. */
export function resourceName(resource: ResourceRef): string {
  const name = resource.schema === null ? resource.name : `${resource.schema}.${resource.name}`;
  return resource.kind === 'table' ? name : `${resource.kind}:${name}`;
}
