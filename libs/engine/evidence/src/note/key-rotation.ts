import { refuse } from './note-error.ts';
import { formatNote, noteVerifier, parseNote, signaturesOf, type NoteSignature } from './signed-note.ts';
import { linesOf } from './text.ts';
import { formatVerifierKey, noteType, parseVerifierKey, type VerifierKey } from './verifier-key.ts';

/** That one key of a log follows another: SPEC.md 2.3. */
export interface KeyRotation {
  readonly old: VerifierKey;
  readonly next: VerifierKey;
}

const version = 'sallyport.dev/key-rotation/v1';

/** The text that both keys sign. Its second line is no number: it is never taken for a checkpoint. Throws `NoteError` for keys of two logs, of another kind, or one key twice. */
export function formatRotation(rotation: KeyRotation): string {
  check(rotation);
  return `${version}\n${formatVerifierKey(rotation.old)}\n${formatVerifierKey(rotation.next)}\n`;
}

/** Takes such a text apart. Throws `NoteError` (`ERR_NOTE_KEY`). */
export function parseRotation(text: string): KeyRotation {
  const [first, old, next, ...more] = linesOf(text) ?? [];
  if (first !== version || old === undefined || next === undefined || more.length > 0) return refuse('ERR_NOTE_KEY', 'not a statement that a key follows another: three lines, with a vkey on the second and third');
  const rotation = { old: parseVerifierKey(old), next: parseVerifierKey(next) };
  check(rotation);
  return rotation;
}

/** The signed statement. Throws `NoteError` unless both have signed. */
export function formatSignedRotation(rotation: KeyRotation, signatures: readonly NoteSignature[]): string {
  const note = formatNote({ text: formatRotation(rotation), signatures });
  openRotation(note);
  return note;
}

/**
 * Reads a statement and verifies that both keys of it have signed: that says nothing of whether the old one is to be trusted. Throws `NoteError`: `ERR_NOTE_UNVERIFIED` where
 * one of them has not signed, `ERR_NOTE_SIGNATURE` where a signature does not hold.
 */
export function openRotation(note: Uint8Array | string): KeyRotation {
  const parsed = parseNote(note);
  const rotation = parseRotation(parsed.text);
  for (const key of [rotation.old, rotation.next]) {
    if (signaturesOf(parsed, [noteVerifier(key)]).length === 0) refuse('ERR_NOTE_UNVERIFIED', `${key === rotation.old ? 'the old key' : 'the new key'} has not signed that one follows the other`);
  }
  return rotation;
}

function check({ old, next }: KeyRotation): void {
  if (old.name !== next.name || old.type !== noteType || next.type !== noteType) refuse('ERR_NOTE_KEY', 'a key is followed by one of the same log and kind');
  if (old.keyId === next.keyId) refuse('ERR_NOTE_KEY', 'a key does not follow itself');
}
