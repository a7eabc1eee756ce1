import { posix } from 'node:path';
import type { Effect, Understanding, Verb } from '@sallyport/domain-model';
import { means } from '../session/commands.ts';
import { openFlags } from './wire.ts';

/** One path of a request: what the client wrote, and what the target says that it is. */
export interface Named {
  readonly written: string;
  /** Null when the target could not resolve it. */
  readonly real: string | null;
}

/** What a request does to its paths. `sftp open`, `sftp remove` … is its kind. */
export function fileMeans(kind: string, uses: readonly (readonly [verb: Verb, path: Named])[]): Understanding {
  const effects = uses.map(([verb, path]): Effect => ({ verb, resource: { kind: 'file', schema: null, name: path.real ?? posix.normalize(posix.join('/?', path.written)) } }));
  return means(kind, kind, effects, uses.every(([, { real }]) => real !== null) ? 'whole' : 'partial');
}

/** The text of a request, as approvers and the evidence have it. */
export function fileText(kind: string, uses: readonly (readonly [verb: Verb, path: Named])[], rest = ''): string {
  return `${kind} ${uses.map(([, { written }]) => quoted(written)).join(' ')}${rest === '' ? '' : ` ${rest}`}`;
}

/** What opening a file with these flags may do to it. */
export function openVerbs(flags: number): readonly Verb[] {
  const writes = (flags & (openFlags.write | openFlags.append | openFlags.create | openFlags.truncate)) !== 0;
  const reads = (flags & openFlags.read) !== 0;
  return writes ? (reads ? ['read', 'write'] : ['write']) : ['read'];
}

export function flagWords(flags: number): string {
  const words = Object.entries(openFlags).flatMap(([word, bit]) => ((flags & bit) === 0 ? [] : [word]));
  return `(${words.join(', ') || 'nothing'})`;
}

const quoted = (path: string) => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);
