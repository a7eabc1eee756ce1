import { ProofError } from '../merkle/proof-error.ts';
import { verifyConsistency } from '../merkle/verify-proofs.ts';
import { PackError } from '../pack/pack-error.ts';
import { parseHashes } from '../pack/range-proof.ts';
import { collector, reportOf, type Report } from './faults.ts';
import { openSignedCheckpoint } from './open-signed.ts';
import { keyringFollowing, type RotationNote } from './rotations.ts';

export interface NamedNote {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Verifies that the tree of one checkpoint is the beginning of the other's, in whichever order they come: SPEC.md 4.1. Throws `NoteError` for a key that is no vkey. */
export function verifyGrowth(a: NamedNote, b: NamedNote, proof: Uint8Array, checks: { readonly keys: readonly string[]; readonly rotations?: readonly RotationNote[] }): Report {
  const { faults, say } = collector();
  const { keys, notes } = keyringFollowing(checks.keys, checks.rotations ?? [], say);
  const [one, two] = [a, b].map(({ name, bytes }) => openSignedCheckpoint(bytes, name, keys, say)?.checkpoint);
  if (one === undefined || two === undefined) return reportOf(faults, []);
  if (one.origin !== two.origin) say('checkpoint', 'the two checkpoints are of different logs or epochs', { file: b.name });
  const [older, newer] = one.size <= two.size ? [one, two] : [two, one];
  try {
    verifyConsistency({ from: older.size, to: newer.size, oldRoot: older.root, newRoot: newer.root, proof: parseHashes(proof) });
  } catch (error) {
    if (!(error instanceof ProofError || error instanceof PackError)) throw error;
    say('proof', error.message, { file: 'proof' });
  }
  return reportOf(faults, faults.length > 0 ? notes : [...notes, `the log of ${older.size} leaves is the beginning of the one of ${newer.size}: ${newer.origin}`]);
}
