import { z } from 'zod';
import { kindNames, kinds, type Kind } from './kinds/index.ts';

/** A JSON Schema (draft 2020-12) as data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What an author may write for one kind: defaults are optional, unknown fields are refused. For editors and for CI. */
export function jsonSchema(kind: Kind): JsonSchema {
  return { ...z.toJSONSchema(kinds[kind].schema, { io: 'input', target: 'draft-2020-12' }), $id: `https://sallyport.dev/schemas/v1/${kind}.json`, title: `Sallyport ${kind}` };
}

/** The published files by name; a spec keeps `schemas/` equal to this. */
export function schemaFiles(): ReadonlyMap<string, string> {
  return new Map(kindNames.map((kind) => [`${kind}.json`, `${JSON.stringify(jsonSchema(kind), null, 2)}\n`]));
}

/** Names of the members that a schema knows at `path`; empty where anything or nothing is allowed. */
export function memberNames(schema: JsonSchema, path: readonly PropertyKey[]): readonly string[] {
  let at: readonly unknown[] = [schema];
  for (const step of path) at = at.flatMap(alternatives).flatMap((node) => child(node, step));
  return at.flatMap(alternatives).flatMap((node) => Object.keys(asRecord(asRecord(node)['properties'])));
}

function alternatives(node: unknown): readonly unknown[] {
  const { anyOf, oneOf } = asRecord(node);
  if (Array.isArray(anyOf)) return anyOf;
  return Array.isArray(oneOf) ? oneOf : [node];
}

function child(node: unknown, step: PropertyKey): readonly unknown[] {
  const record = asRecord(node);
  const next = typeof step === 'number' ? record['items'] : asRecord(record['properties'])[String(step)];
  return next === undefined ? [] : [next];
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
