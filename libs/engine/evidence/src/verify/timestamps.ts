import { fromUtf8, utf8 } from '../note/text.ts';
import { parseNote } from '../note/signed-note.ts';
import { NoteError } from '../note/note-error.ts';
import { place } from '../pack/places.ts';
import { certificatesOf } from '../timestamp/certificate.ts';
import { verifyToken, type VerifiedTime } from '../timestamp/token.ts';
import type { Say } from './faults.ts';

/** When others saw the two checkpoints of a pack: what is shown was there before `to`, and was not yet there at `from`. RFC 3339; null where nobody who is trusted says so. */
export interface TimeBracket {
  readonly from: string | null;
  readonly to: string | null;
}

interface Found {
  readonly bracket: TimeBracket;
  readonly notes: readonly string[];
}

/** The timestamps of a pack's checkpoints: SPEC.md, section 4, rule 16. Throws `DerError` for a root that is no certificate. */
export async function checkTimestamps(files: ReadonlyMap<string, Uint8Array>, roots: readonly string[], say: Say): Promise<Found> {
  const tokens = [...files].filter(([path]) => path.startsWith(place.timestamps)).map(([path]) => path);
  if (roots.length === 0) return { bracket: { from: null, to: null }, notes: tokens.length === 0 ? [] : [`${tokens.length} timestamps are in the pack; no authority that you trust was named, so they say nothing`] };
  for (const root of roots) certificatesOf(root);
  const to = await earliest(files, place.checkpointTo, 'to-', roots);
  const from = await earliest(files, place.checkpointFrom, 'from-', roots);
  if (to.time === null) say('timestamp', 'no authority that you trust has seen this checkpoint', { file: place.checkpointTo });
  const notes = [...to.notes, ...from.notes];
  if (to.time !== null) notes.push(`what is shown was in the log before ${moment(to.time)} (${to.time.signer})`);
  if (from.time !== null) notes.push(`what came after ${place.checkpointFrom} was not yet in the log at ${moment(from.time)} (${from.time.signer})`);
  return { bracket: { from: from.time === null ? null : moment(from.time), to: to.time === null ? null : moment(to.time) }, notes };
}

async function earliest(files: ReadonlyMap<string, Uint8Array>, checkpoint: string, prefix: string, roots: readonly string[]): Promise<{ readonly time: VerifiedTime | null; readonly notes: readonly string[] }> {
  const notes: string[] = [];
  let time: VerifiedTime | null = null;
  const text = textOf(files.get(checkpoint));
  for (const [path, bytes] of files) {
    if (!path.startsWith(`${place.timestamps}${prefix}`)) continue;
    const found = text === null ? 'its checkpoint cannot be read' : await verifyToken(bytes, text, roots);
    if (typeof found === 'string') notes.push(`${path}: ${found}`);
    else if (time === null || found.time < time.time) time = found;
  }
  return { time, notes };
}

/** What is signed and stamped of a note. */
function textOf(note: Uint8Array | undefined): Uint8Array | null {
  try {
    return note === undefined || fromUtf8(note) === null ? null : utf8(parseNote(note).text);
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}

const moment = ({ time }: VerifiedTime): string => new Date(time).toISOString();
