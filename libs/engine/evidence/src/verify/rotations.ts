import { openRotation, type KeyRotation } from '../note/key-rotation.ts';
import { NoteError } from '../note/note-error.ts';
import { formatVerifierKey, parseVerifierKey } from '../note/verifier-key.ts';
import type { Say } from './faults.ts';
import { keyring, type Keyring } from './keyring.ts';

/** A statement that a key of the log follows another, and what to call it. */
export interface RotationNote {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The keyring of vkeys, and of the keys that follow them by statements that both keys have signed: SPEC.md 2.3. A statement that one of the two has not signed is not followed, and the note says
 * it; one with a signature that does not hold, or that is none, is a finding. Throws `NoteError` on a vkey that is none.
 */
export function keyringFollowing(vkeys: readonly string[], statements: readonly RotationNote[], say: Say): { readonly keys: Keyring; readonly notes: readonly string[] } {
  const notes: string[] = [];
  const rotations = statements.flatMap((statement) => read(statement, say, notes));
  const trusted = new Set(vkeys.map((vkey) => formatVerifierKey(parseVerifierKey(vkey.trim()))));
  for (let before = -1; before !== trusted.size; ) {
    before = trusted.size;
    for (const { old, next } of rotations) {
      const following = formatVerifierKey(next);
      if (!trusted.has(formatVerifierKey(old)) || trusted.has(following)) continue;
      trusted.add(following);
      notes.push(`a key that you trust is followed by ${following}`);
    }
  }
  return { keys: keyring([...trusted]), notes };
}

function read({ name, bytes }: RotationNote, say: Say, notes: string[]): KeyRotation[] {
  try {
    return [openRotation(bytes)];
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    if (error.code === 'ERR_NOTE_UNVERIFIED') notes.push(`${name}: ${error.message}: it is not followed`);
    else say('signature', error.message, { file: name });
    return [];
  }
}
