import { parseCheckpoint, type Checkpoint } from '../note/checkpoint.ts';
import { cosignaturesOf } from '../note/cosignature.ts';
import { parseLogOrigin } from '../note/log-origin.ts';
import { NoteError } from '../note/note-error.ts';
import { parseNote, signaturesOf, type SignedNote } from '../note/signed-note.ts';
import type { Say } from './faults.ts';
import type { Keyring } from './keyring.ts';

export interface OpenedNote {
  readonly note: SignedNote;
  /** Names of the trusted keys that signed it; none when it is not to be believed. */
  readonly signers: readonly string[];
}

/** Takes a note apart and verifies it: SPEC.md 2.1. What is wrong is said; null when there is nothing to go on with. */
export function openSigned(bytes: Uint8Array, file: string, keys: Keyring, say: Say): OpenedNote | null {
  let note: SignedNote;
  try {
    note = parseNote(bytes);
  } catch (error) {
    say('signature', `it is not a signed note: ${reason(error)}`, { file });
    return null;
  }
  try {
    const signers = signaturesOf(note, keys.logs).map(({ name }) => name);
    if (signers.length === 0) say('untrusted-key', keys.logs.length === 0 ? 'no trusted key was given' : 'no key that you trust has signed it', { file });
    return { note, signers };
  } catch (error) {
    say('signature', reason(error), { file });
    return { note, signers: [] };
  }
}

/** The same for a checkpoint, whose origin must be one of the log that signed it. */
export function openSignedCheckpoint(bytes: Uint8Array, file: string, keys: Keyring, say: Say): { readonly checkpoint: Checkpoint; readonly opened: OpenedNote } | null {
  const opened = openSigned(bytes, file, keys, say);
  if (opened === null) return null;
  try {
    const checkpoint = parseCheckpoint(opened.note.text);
    if (!isSignersOwn(checkpoint.origin, opened.signers)) say('checkpoint', 'it speaks for another log than the one whose key signed it', { file });
    return { checkpoint, opened };
  } catch (error) {
    say('checkpoint', reason(error), { file });
    return null;
  }
}

/** True too when nobody signed: that is said elsewhere. */
export function isSignersOwn(origin: string, signers: readonly string[]): boolean {
  const log = parseLogOrigin(origin)?.log;
  return log !== undefined && (signers.length === 0 || signers.includes(log));
}

/** Whether so many different witnesses have cosigned. */
export function checkWitnesses(note: SignedNote, file: string, keys: Keyring, needed: number, say: Say): number {
  try {
    const names = new Set(cosignaturesOf(note, keys.witnesses).map(({ name }) => name));
    if (names.size < needed) say('witness', `${names.size} of the witnesses that you trust have cosigned it, ${needed} are asked for`, { file });
    return names.size;
  } catch (error) {
    say('signature', reason(error), { file });
    return 0;
  }
}

function reason(error: unknown): string {
  if (error instanceof NoteError) return error.message;
  throw error;
}
