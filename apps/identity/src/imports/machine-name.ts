import { createHash } from 'node:crypto';

const longest = 63;

/** A name of ours made of a directory's: lower case letters, digits and inner dashes. Empty when nothing of it can stay. */
export function machineName(text: string): string {
  const folded = text.normalize('NFKD').replace(/\p{M}+/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return trimmed(folded.slice(0, longest + 1).replace(/^-+/, '').slice(0, longest));
}

/** The same for another one of that name: told apart by its stable id, so that the next import says the same. */
export function machineNameOf(text: string, stable: string): string {
  const mark = createHash('sha256').update(stable).digest('hex').slice(0, 8);
  const name = trimmed(machineName(text).slice(0, longest - mark.length - 1));
  return name === '' ? mark : `${name}-${mark}`;
}

const trimmed = (name: string) => name.replace(/-+$/, '');
