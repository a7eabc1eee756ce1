import { gravest, type Effect, type Understanding, type Verb, type ResourceKind } from '@sallyport/domain-model';

/** `effect('write', 'ledger.entries')`, `effect('execute', 'pg_catalog.pg_sleep', 'function')`. */
export function effect(verb: Verb, name: string, kind: ResourceKind = 'table'): Effect {
  const dot = name.indexOf('.');
  return { verb, resource: dot === -1 ? { kind, schema: null, name } : { kind, schema: name.slice(0, dot), name: name.slice(dot + 1) } };
}

/** An understanding with these effects, whole unless said otherwise. */
export function understanding(effects: readonly Effect[], rest: Partial<Understanding> = {}): Understanding {
  return Object.freeze({ verb: gravest(effects), effects, reading: 'whole', shape: 'SELECT $1', fingerprint: null, facts: { kind: 'SELECT' }, outputs: null, ...rest });
}
