import { fromDecimal } from '../note/text.ts';
import { bytesOfLines } from './leaves.ts';
import { PackError } from './pack-error.ts';

/** What opens one concealed field of one event in the pack. */
export interface PackOpening {
  readonly index: number;
  /** As `@sallyport/domain-events` has it: base64url of `[salt, path, value]`. */
  readonly disclosure: string;
}

/** `openings.jsonl`: SPEC.md 3.6. Throws `PackError` (`ERR_PACK_LEAVES`) on openings that are no disclosures, or twice the same. */
export function formatOpenings(openings: readonly PackOpening[]): string {
  const sorted = openings.toSorted((a, b) => a.index - b.index || (a.disclosure < b.disclosure ? -1 : 1));
  return sorted
    .map(({ index, disclosure }, i) => {
      const before = sorted[i - 1];
      if (!form.test(disclosure) || (before?.index === index && before.disclosure === disclosure)) throw new PackError('ERR_PACK_LEAVES', `an opening of leaf ${index} is none, or is there twice`);
      return `{"i":${index},"open":"${disclosure}"}\n`;
    })
    .join('');
}

const form = /^[A-Za-z0-9_-]+$/;

/** Line by line; null for a line that is not in its one form, or not behind the one before it. */
export function* openingsOf(file: Uint8Array): Generator<PackOpening | null> {
  let before: PackOpening | null = null;
  for (const line of bytesOfLines(file)) {
    const opening = line === null ? null : openingOf(line);
    const later = opening !== null && (before === null || opening.index > before.index || (opening.index === before.index && opening.disclosure > before.disclosure));
    if (later) before = opening;
    yield later ? opening : null;
  }
}

function openingOf(line: Uint8Array): PackOpening | null {
  const parts = /^\{"i":([0-9]{1,16}),"open":"([A-Za-z0-9_-]+)"\}$/.exec(latin1(line));
  const index = fromDecimal(parts?.[1] ?? '');
  return parts === null || index === null ? null : { index, disclosure: parts[2] ?? '' };
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}
