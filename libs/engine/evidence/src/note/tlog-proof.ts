import { hashLength } from '../merkle/hash.ts';
import { verifyInclusion } from '../merkle/verify-proofs.ts';
import { openCheckpoint, parseCheckpoint, type VerifiedCheckpoint } from './checkpoint.ts';
import { refuse } from './note-error.ts';
import { longestNote, parseNote, type NoteVerifier } from './signed-note.ts';
import { fromBase64, fromDecimal, fromUtf8, toBase64 } from './text.ts';

// C2SP tlog-proof@v1, the text of a `.tlog-proof` file. https://c2sp.org/tlog-proof

/** That a leaf is in a log, with all that is needed to check it but the leaf and the keys that are trusted. */
export interface TlogProof {
  readonly index: number;
  /** From the leaf's sibling up. */
  readonly proof: readonly Uint8Array[];
  /** The signed note, as it was. */
  readonly checkpoint: string;
  /** Whatever the writer added, not protected by anything. Null if there is no such line. */
  readonly extra: Uint8Array | null;
}

/** The text of a proof. Throws `NoteError` (`ERR_TLOG_PROOF`) on what could not be read again. */
export function formatTlogProof({ index, proof, checkpoint, extra }: TlogProof): string {
  const lines = [header, ...(extra === null ? [] : [`extra ${toBase64(extra)}`]), `index ${index}`, ...proof.map(toBase64)];
  const text = `${lines.join('\n')}\n\n${checkpoint}`;
  parseTlogProof(text);
  return text;
}

/** The proof of a text. Throws `NoteError` unless it is in its one form and holds a checkpoint; nothing is verified yet. */
export function parseTlogProof(source: Uint8Array | string): TlogProof {
  const text = source.length > longestProof ? null : typeof source === 'string' ? source : fromUtf8(source);
  if (text === null) return malformed('it is too long or not UTF-8');
  const split = text.indexOf('\n\n');
  if (split === -1) malformed('an empty line stands before the checkpoint');
  const [first, ...lines] = text.slice(0, split).split('\n');
  if (first !== header) malformed(`the first line is ${header}`);
  const extra = lines[0]?.startsWith('extra ') === true ? base64Of(lines.shift()?.slice('extra '.length)) : null;
  const index = indexOf(lines.shift());
  const checkpoint = text.slice(split + 2);
  parseCheckpoint(parseNote(checkpoint).text);
  return { index, proof: lines.map(hashOf), checkpoint, extra };
}

/**
 * Checks that the leaf is in the log: the checkpoint is signed by a trusted key of the log and its origin accepted, and the proof leads from the leaf to its
 * root. Returns the checkpoint. Throws `NoteError` or `ProofError`. Witnesses are a matter of `cosignaturesOf(parseNote(proof.checkpoint), …)`.
 * @param leaf the leaf hash of the very bytes that were logged
 */
export function verifyTlogProof(proof: TlogProof, leaf: Uint8Array, trusted: readonly NoteVerifier[], accepts: (origin: string) => boolean): VerifiedCheckpoint {
  const opened = openCheckpoint(proof.checkpoint, trusted, accepts);
  const { size, root } = opened.checkpoint;
  verifyInclusion({ index: proof.index, size, leaf, proof: proof.proof, root });
  return opened;
}

const header = 'c2sp.org/tlog-proof@v1';
/** A note, as many hashes as there can be, and as much extra as the note may be long. */
const longestProof = 2 * longestNote + 4096;
/** The height of a tree of fewer than 2^53 leaves. */
const mostHashes = 53;

function indexOf(line: string | undefined): number {
  const index = line?.startsWith('index ') === true ? fromDecimal(line.slice('index '.length)) : null;
  return index ?? malformed('the index is missing or not in its one form');
}

function hashOf(line: string, place: number): Uint8Array {
  if (place >= mostHashes) malformed('it has more hashes than the largest tree asks for');
  const hash = base64Of(line);
  if (hash.length !== hashLength) malformed('a hash has another length than 32 bytes');
  return hash;
}

function base64Of(text: string | undefined): Uint8Array {
  return fromBase64(text ?? '') ?? malformed('a line is not base64 in its one form');
}

function malformed(say: string): never {
  return refuse('ERR_TLOG_PROOF', `not a tlog-proof: ${say}`);
}
