import { hash } from 'node:crypto';

/** How far an object is rolled up: itself, what it is inside of, all of its kind, everything. */
export type Level = 0 | 1 | 2 | 3;

const longest = 400;

/**
 * The object at a level. `/var/log/app/x.log` is `file:/var/log/app/x.log`, `file:/var/log/app/*`, `file:*`, `*`; the table `ledger.customers` is itself, `ledger.*`, `table:*`, `*`.
 * A name of more than 400 characters ends in the hash of the whole of it.
 */
export function rollUp(object: string, level: Level): string {
  switch (level) {
    case 0:
      return bounded(object);
    case 1:
      return bounded(parentOf(object));
    case 2:
      return `${kindOf(object)}:*`;
    case 3:
      return '*';
  }
}

/** `read file:/var/log/x` and its like: the object's part. */
export function objectOf(effect: string): string {
  return effect.slice(effect.indexOf(' ') + 1);
}

export function verbOf(effect: string): string {
  const space = effect.indexOf(' ');
  return space === -1 ? 'unknown' : effect.slice(0, space);
}

const prefixed = /^([a-z]+):/;

function kindOf(object: string): string {
  return prefixed.exec(object)?.[1] ?? 'table';
}

function parentOf(object: string): string {
  const kind = kindOf(object);
  const cut = object.lastIndexOf(kind === 'file' || kind === 'program' ? '/' : '.');
  if (cut <= 0) return `${kind}:*`;
  return `${object.slice(0, cut + 1)}*`;
}

function bounded(object: string): string {
  return object.length <= longest ? object : `${object.slice(0, longest - 20)}…${hash('sha256', object, 'hex').slice(0, 16)}`;
}
