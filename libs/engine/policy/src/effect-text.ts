import { verbs, type Effect, type ResourceKind } from '@sallyport/domain-model';

const kinds: readonly ResourceKind[] = ['sequence', 'function', 'schema', 'database', 'role', 'type', 'setting', 'session', 'server', 'file', 'program', 'remote', 'other'];
/** Kinds whose names stand in a schema. */
const inSchema: readonly ResourceKind[] = ['table', 'sequence', 'function', 'type'];

/**
 * The effect that `effectName` wrote, as evidence has it; null where that cannot be said with certainty: a name with several dots may be a schema `a` with `b.c` in it or
 * a schema `a.b` with `c`, and rules tell them apart.
 */
export function readEffect(written: string): Effect | null {
  const space = written.indexOf(' ');
  const verb = verbs.find((one) => one === written.slice(0, space));
  if (verb === undefined) return null;
  const object = written.slice(space + 1);
  const kind = kinds.find((one) => object.startsWith(`${one}:`)) ?? 'table';
  const name = kind === 'table' ? object : object.slice(kind.length + 1);
  if (name === '') return null;
  if (!inSchema.includes(kind)) return { verb, resource: { kind, schema: null, name } };
  const dot = name.indexOf('.');
  if (dot === -1) return { verb, resource: { kind, schema: null, name } };
  if (dot === 0 || dot === name.length - 1 || name.indexOf('.', dot + 1) !== -1) return null;
  return { verb, resource: { kind, schema: name.slice(0, dot), name: name.slice(dot + 1) } };
}
