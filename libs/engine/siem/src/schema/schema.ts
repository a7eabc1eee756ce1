import type { Json, JsonObject } from '../json.ts';

/** The form of a value, twice: as JSON Schema (draft 2020-12 words that draft-07 knows too) for others, and as a check for us. */
export interface Schema<out T> {
  readonly json: JsonObject;
  /** Members that the schema does not name are allowed: a newer producer may know more than this reader. */
  readonly is: (value: unknown) => value is T;
}

export const text: Schema<string> = { json: { type: 'string' }, is: (value): value is string => typeof value === 'string' };

/** A string of one form. `pattern` must be anchored and linear. */
export function textOf(pattern: RegExp, words: Readonly<Record<string, Json>> = {}): Schema<string> {
  return { json: { type: 'string', pattern: pattern.source, ...words }, is: (value): value is string => typeof value === 'string' && value.length <= 512 && pattern.test(value) };
}

/** Whole numbers within ±2^53, as the envelope has them. */
export const whole: Schema<number> = { json: { type: 'integer' }, is: (value): value is number => Number.isSafeInteger(value) };

export const count: Schema<number> = { json: { type: 'integer', minimum: 0 }, is: (value): value is number => whole.is(value) && value >= 0 };

export const flag: Schema<boolean> = { json: { type: 'boolean' }, is: (value): value is boolean => typeof value === 'boolean' };

export function oneOf<const T extends string | number>(...values: readonly T[]): Schema<T> {
  return { json: { enum: values }, is: (value): value is T => values.some((known) => known === value) };
}

export function orNull<T>(schema: Schema<T>): Schema<T | null> {
  return { json: { anyOf: [schema.json, { type: 'null' }] }, is: (value): value is T | null => value === null || schema.is(value) };
}

export function list<T>(schema: Schema<T>): Schema<readonly T[]> {
  return { json: { type: 'array', items: schema.json }, is: (value): value is readonly T[] => Array.isArray(value) && value.every((item) => schema.is(item)) };
}

/** The same, where the declared type is an array that may be written to. */
export function array<T>(schema: Schema<T>): Schema<T[]> {
  return { json: { type: 'array', items: schema.json }, is: (value): value is T[] => Array.isArray(value) && value.every((item) => schema.is(item)) };
}

export const anyObject: Schema<JsonObject> = { json: { type: 'object' }, is: (value): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value) };

export const texts: Schema<Record<string, string>> = {
  json: { type: 'object', additionalProperties: { type: 'string' } },
  is: (value): value is Record<string, string> => anyObject.is(value) && Object.values(value).every((member) => typeof member === 'string'),
};

/** An object with all these members. The members are those of the declared type, no fewer: the compiler sees to it. */
export function object<T extends object>(members: { readonly [K in keyof T]-?: Schema<T[K]> }): Schema<T> {
  const all: (readonly [string, Schema<unknown>])[] = Object.entries<Schema<unknown>>(members);
  return {
    json: { type: 'object', required: all.map(([name]) => name), properties: Object.fromEntries(all.map(([name, schema]) => [name, schema.json])) },
    is: (value): value is T => anyObject.is(value) && all.every(([name, schema]) => Object.hasOwn(value, name) && schema.is(value[name])),
  };
}
