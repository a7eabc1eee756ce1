import { cosignatureVerifier } from '../note/cosignature.ts';
import { noteVerifier, type NoteVerifier } from '../note/signed-note.ts';
import { formatVerifierKey, noteType, parseVerifierKey } from '../note/verifier-key.ts';

/** Keys that an examiner trusts, which they have from elsewhere than from what is verified. */
export interface Keyring {
  readonly logs: readonly NoteVerifier[];
  readonly witnesses: readonly NoteVerifier[];
}

/** The keyring of vkeys: type 0x01 are logs, 0x04 witnesses. Throws `NoteError` on a text that is no vkey. */
export function keyring(vkeys: readonly string[]): Keyring {
  const keys = [...new Map(vkeys.map((vkey) => parseVerifierKey(vkey.trim())).map((key) => [formatVerifierKey(key), key])).values()];
  return {
    logs: keys.filter(({ type }) => type === noteType).map(noteVerifier),
    witnesses: keys.filter(({ type }) => type !== noteType).map(cosignatureVerifier),
  };
}
