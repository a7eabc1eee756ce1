import { sameHash } from '../merkle/hash.ts';
import { HashSource } from '../merkle/hash-source.ts';
import { proveConsistency } from '../merkle/proofs.ts';
import { ProofError } from '../merkle/proof-error.ts';
import { TreeError } from '../merkle/tree-error.ts';
import { verifyConsistency } from '../merkle/verify-proofs.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import { parseLogOrigin } from '../note/log-origin.ts';
import { utf8 } from '../note/text.ts';
import { collector, reportOf, type Report, type Say } from './faults.ts';
import { checkWitnesses, openSignedCheckpoint } from './open-signed.ts';
import { keyringFollowing, type RotationNote } from './rotations.ts';

/** What a log shows of itself. */
export interface ShownLog {
  /** Its newest signed checkpoint. */
  readonly note: string;
  /** Statements that its keys followed each other, as it has them. */
  readonly rotations: readonly string[];
  /** `width` hashes of 32 bytes of a tile: C2SP tlog-tiles. Throws what it cannot get. */
  tile(level: number, index: number, width: number): Promise<Uint8Array>;
}

export interface FollowChecks {
  readonly keys: readonly string[];
  readonly rotations?: readonly RotationNote[];
  readonly witnesses?: number;
}

export interface FollowedStep extends Report {
  /** The checkpoint to remember: the shown one if nothing is wrong with it, else the one that was remembered before. Null if there is none. */
  readonly remember: string | null;
  readonly size: number;
  readonly grown: boolean;
}

/**
 * One step of following a log: SPEC.md 4.2. The shown checkpoint is verified, and that its tree continues the remembered one is computed from the log's own tiles. What is wrong is never
 * remembered, so that the next step says it again. Throws `NoteError` for a key that is no vkey, and what `tile` throws.
 */
export async function followLog(remembered: string | null, shown: ShownLog, checks: FollowChecks): Promise<FollowedStep> {
  const { faults, say } = collector();
  const statements = [...shown.rotations.map((text, i) => ({ name: `statement ${i + 1} of the log`, bytes: utf8(text) })), ...(checks.rotations ?? [])];
  const { keys, notes } = keyringFollowing(checks.keys, statements, say);
  const opened = openSignedCheckpoint(utf8(shown.note), 'the log’s checkpoint', keys, say);
  const before = remembered === null ? null : (openSignedCheckpoint(utf8(remembered), 'the remembered checkpoint', keys, say)?.checkpoint ?? null);
  const now = opened?.checkpoint ?? null;
  if (opened !== null && (checks.witnesses ?? 0) > 0) checkWitnesses(opened.opened.note, 'the log’s checkpoint', keys, checks.witnesses ?? 0, say);
  if (now !== null && before !== null && faults.length === 0) await compare(before, now, shown, say);
  const well = now !== null && faults.length === 0;
  const grown = well && (before === null || now.size > before.size);
  const found = well ? [...notes, before === null ? `${now.origin}: ${now.size} leaves, the first that is remembered` : `${now.origin}: ${before.size} leaves are the beginning of ${now.size}`] : notes;
  return { ...reportOf(faults, found), remember: well ? shown.note : remembered, size: now?.size ?? 0, grown };
}

async function compare(before: Checkpoint, now: Checkpoint, shown: ShownLog, say: Say): Promise<void> {
  if (now.origin !== before.origin) return otherOrigin(before, now, say);
  if (now.size < before.size) return say('rollback', `the log was set back: it had ${before.size} leaves, and shows ${now.size}`);
  if (now.size === before.size) {
    if (!sameHash(now.root, before.root)) say('fork', `two histories: for ${now.size} leaves the log has shown two roots`);
    return;
  }
  try {
    const source = new HashSource(now.size, (level, index, width) => shown.tile(level, index, width));
    verifyConsistency({ from: before.size, to: now.size, oldRoot: before.root, newRoot: now.root, proof: before.size === 0 ? [] : await proveConsistency(source, before.size) });
  } catch (error) {
    if (!(error instanceof ProofError || error instanceof TreeError)) throw error;
    say('fork', `the log of ${now.size} leaves does not continue the one of ${before.size} that was remembered: it was rewritten, or its tiles are not its own`);
  }
}

/** A later epoch is how a log says itself that it was set back. */
function otherOrigin(before: Checkpoint, now: Checkpoint, say: Say): void {
  const [was, is] = [parseLogOrigin(before.origin), parseLogOrigin(now.origin)];
  if (was === null || is === null || was.log !== is.log) return say('checkpoint', `another log than was remembered: ${before.origin}`);
  if (is.epoch < was.epoch) return say('rollback', `the log shows epoch ${is.epoch} again, after epoch ${was.epoch}`);
  say('rollback', `the log was set back and goes on as epoch ${is.epoch}: of the ${before.size} leaves of epoch ${was.epoch} some may be lost; its log.rollback says which`);
}
