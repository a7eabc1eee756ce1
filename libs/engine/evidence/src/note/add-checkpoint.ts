import { hashLength } from '../merkle/hash.ts';
import { isSize } from '../merkle/sizes.ts';
import { refuse } from './note-error.ts';
import { fromBase64, fromDecimal, fromUtf8, toBase64 } from './text.ts';

// C2SP tlog-witness v1.0.0, the body of `POST add-checkpoint`. https://c2sp.org/tlog-witness

/** What a log asks of a witness: to cosign a checkpoint that continues the one of `oldSize` leaves. */
export interface AddCheckpoint {
  /** The size that the witness cosigned last, as far as the log knows; 0 if none. */
  readonly oldSize: number;
  /** RFC 6962 consistency proof from the old size to the checkpoint's. */
  readonly proof: readonly Uint8Array[];
  /** The signed note, as it is. Not looked at here. */
  readonly checkpoint: string;
}

/** Larger requests are refused unread, in bytes: 63 hashes and a checkpoint with room for some hundred signatures. Our own limit. */
export const longestAddCheckpoint = 64 * 1024;
/** The specification's limit. */
const mostHashes = 63;

/** The body of a request. Throws `NoteError` (`ERR_ADD_CHECKPOINT`) on what could not be read again. */
export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  if (!isSize(oldSize) || proof.length > mostHashes || proof.some((hash) => hash.length !== hashLength)) malformed('the old size or the proof is none');
  return `old ${oldSize}\n${proof.map((hash) => `${toBase64(hash)}\n`).join('')}\n${checkpoint}`;
}

/** The request of a body. Throws `NoteError` (`ERR_ADD_CHECKPOINT`) unless it is in its one form; neither checkpoint nor proof are verified yet. */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint {
  const text = body.length > longestAddCheckpoint ? null : fromUtf8(body);
  if (text === null) return malformed('it is too long or not UTF-8');
  const split = text.indexOf('\n\n');
  if (split === -1) malformed('an empty line stands before the checkpoint');
  const [first = '', ...lines] = text.slice(0, split).split('\n');
  const oldSize = first.startsWith('old ') ? fromDecimal(first.slice('old '.length)) : null;
  if (oldSize === null) return malformed('the first line is `old` and a size');
  if (lines.length > mostHashes) malformed(`a proof has at most ${mostHashes} hashes`);
  return { oldSize, proof: lines.map(hashOf), checkpoint: text.slice(split + 2) };
}

function hashOf(line: string): Uint8Array {
  const hash = fromBase64(line);
  return hash?.length === hashLength ? hash : malformed('a line of the proof is no hash in base64');
}

function malformed(say: string): never {
  return refuse('ERR_ADD_CHECKPOINT', `not a request to add a checkpoint: ${say}`);
}
