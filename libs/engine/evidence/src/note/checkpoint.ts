import { emptyRoot, hashLength, sameHash } from '../merkle/hash.ts';
import type { TreeHead } from '../merkle/compact-range.ts';
import { isSize } from '../merkle/sizes.ts';
import { refuse } from './note-error.ts';
import { signNote, verifyNote, type NoteSigner, type NoteVerifier, type SignedNote } from './signed-note.ts';
import { fromBase64, fromDecimal, linesOf, toBase64 } from './text.ts';
import { isKeyName } from './verifier-key.ts';

// C2SP tlog-checkpoint v1.0.0. https://c2sp.org/tlog-checkpoint

/** What a log says of itself: under this origin there are so many leaves, with this root. */
export interface Checkpoint extends TreeHead {
  readonly origin: string;
}

/** A checkpoint that a trusted key has signed. */
export interface VerifiedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** The text, and the signatures that were verified. */
  readonly note: SignedNote;
}

/** Origin, size and root, one line each: the text that is signed. Throws `NoteError` (`ERR_CHECKPOINT`). The origin is held to what a key name may be. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (!isKeyName(origin)) refuse('ERR_CHECKPOINT', 'an origin has no white space, no plus sign, no control characters, and is not empty');
  checkHead(size, root);
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/**
 * The checkpoint of a text. Throws `NoteError` (`ERR_CHECKPOINT`) on anything but three lines in their one form. Extension lines, which the
 * specification lets other logs have, are refused: nobody audits them. Origins with spaces are read, though never written.
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, size, root, ...more] = linesOf(text) ?? [];
  if (origin === undefined || origin === '' || size === undefined || root === undefined) return refuse('ERR_CHECKPOINT', 'a checkpoint is origin, size and root, each with its newline');
  if (more.length > 0) refuse('ERR_CHECKPOINT', 'a checkpoint has three lines; extension lines are not accepted');
  const [number, hash] = [fromDecimal(size), fromBase64(root)];
  if (number === null || hash === null) return refuse('ERR_CHECKPOINT', 'size or root are not in their one form');
  checkHead(number, hash);
  return { origin, size: number, root: hash };
}

/** The signed note of a checkpoint. */
export function signCheckpoint(checkpoint: Checkpoint, ...signers: readonly NoteSigner[]): string {
  return signNote(formatCheckpoint(checkpoint), ...signers);
}

/**
 * The checkpoint of a note that one of the log's trusted keys has signed and whose origin is accepted. Throws `NoteError`. That a key is trusted does not say
 * for which origins: `accepts` does, see `isEpochOf`.
 */
export function openCheckpoint(note: Uint8Array | string, trusted: readonly NoteVerifier[], accepts: (origin: string) => boolean): VerifiedCheckpoint {
  const verified = verifyNote(note, trusted);
  const checkpoint = parseCheckpoint(verified.text);
  if (!accepts(checkpoint.origin)) refuse('ERR_CHECKPOINT_ORIGIN', 'the checkpoint is another log’s');
  return { checkpoint, note: verified };
}

function checkHead(size: number, root: Uint8Array): void {
  if (!isSize(size)) refuse('ERR_CHECKPOINT', 'a size is a whole number from 0 to 2^53 - 1');
  if (root.length !== hashLength) refuse('ERR_CHECKPOINT', `a root has ${hashLength} bytes`);
  if (size === 0 && !sameHash(root, emptyRoot())) refuse('ERR_CHECKPOINT', 'the root of no leaves is the hash of nothing');
}
