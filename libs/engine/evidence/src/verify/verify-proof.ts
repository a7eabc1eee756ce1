import { leafHash } from '../merkle/hash.ts';
import { ProofError } from '../merkle/proof-error.ts';
import { verifyInclusion } from '../merkle/verify-proofs.ts';
import { NoteError } from '../note/note-error.ts';
import { utf8 } from '../note/text.ts';
import { parseTlogProof, type TlogProof } from '../note/tlog-proof.ts';
import { collector, reportOf, type Report, type Say } from './faults.ts';
import { checkWitnesses, openSignedCheckpoint } from './open-signed.ts';
import { keyringFollowing, type RotationNote } from './rotations.ts';

/** Verifies that an event's stored bytes are in the log: a `.tlog-proof` file, SPEC.md 4.1. Throws `NoteError` for a key that is no vkey. */
export function verifyProof(proof: Uint8Array, event: Uint8Array, checks: { readonly keys: readonly string[]; readonly witnesses?: number; readonly rotations?: readonly RotationNote[] }, name = 'proof'): Report {
  const { faults, say } = collector();
  const { keys, notes } = keyringFollowing(checks.keys, checks.rotations ?? [], say);
  const parsed = parse(proof, name, say);
  if (parsed === null) return reportOf(faults, []);
  const opened = openSignedCheckpoint(utf8(parsed.checkpoint), name, keys, say);
  if (opened === null) return reportOf(faults, []);
  const { size, root, origin } = opened.checkpoint;
  if ((checks.witnesses ?? 0) > 0) checkWitnesses(opened.opened.note, name, keys, checks.witnesses ?? 0, say);
  try {
    verifyInclusion({ index: parsed.index, size, leaf: leafHash(event), proof: parsed.proof, root });
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    say('proof', `the event is not that leaf of the log: ${error.message}`, { file: name, leaf: parsed.index });
  }
  return reportOf(faults, faults.length > 0 ? notes : [...notes, `the event is leaf ${parsed.index} of ${origin}, signed when it had ${size} leaves`]);
}

function parse(bytes: Uint8Array, file: string, say: Say): TlogProof | null {
  try {
    return parseTlogProof(bytes);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    say('proof', error.message, { file });
    return null;
  }
}
