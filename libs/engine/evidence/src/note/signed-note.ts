import { verifyEd25519 } from './ed25519.ts';
import { refuse } from './note-error.ts';
import type { SigningKey } from './signing-key.ts';
import { fromBase64, fromUtf8, linesOf, toBase64, utf8 } from './text.ts';
import { hexId, isKeyName, noteType, verifierKey, type VerifierKey } from './verifier-key.ts';

// C2SP signed-note v1.0.0. https://c2sp.org/signed-note

/** One signature line. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  /** What follows the key id: for 0x01 the signature, for 0x04 a time and the signature. */
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** With its last newline: these bytes, in UTF-8, are what is signed. Not to be believed before `verifyNote`. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Signs texts under a name. */
export interface NoteSigner {
  readonly key: VerifierKey;
  sign(text: string): NoteSignature;
}

/** Verifies the signatures that bear its name and key id. */
export interface NoteVerifier {
  readonly name: string;
  readonly keyId: number;
  verify(text: string, signature: Uint8Array): boolean;
}

/** Larger notes are refused unread. Room for a hundred signatures of a post-quantum kind is not promised; for sixteen it is. */
export const longestNote = 256 * 1024;
export const mostSignatures = 100;

/** Takes a note apart; signatures are not looked at. Throws `NoteError` (`ERR_NOTE_MALFORMED`) on anything that `formatNote` would not write. */
export function parseNote(note: Uint8Array | string): SignedNote {
  const whole = textOf(note);
  const split = whole.lastIndexOf('\n\n');
  const lines = split === -1 ? null : linesOf(whole.slice(split + 2));
  if (lines === null) return malformed('the text and the signatures need an empty line between them and a newline at the end');
  if (lines.length > mostSignatures) malformed(`it has more than ${mostSignatures} signatures`);
  return { text: whole.slice(0, split + 1), signatures: lines.map(signatureOf) };
}

/** The note of a text and its signatures, in that order. Throws `NoteError` on what could not be read again. */
export function formatNote({ text, signatures }: SignedNote): string {
  checkText(text);
  const note = `${text}\n${signatures.map(formatSignature).join('')}`;
  parseNote(note);
  return note;
}

/** One signature line with its newline. */
export function formatSignature({ name, keyId, signature }: NoteSignature): string {
  if (!isKeyName(name)) refuse('ERR_NOTE_NAME', 'notes cannot carry a key of that name');
  const bytes = new Uint8Array(4 + signature.length);
  new DataView(bytes.buffer).setUint32(0, keyId);
  bytes.set(signature, 4);
  return `${dash} ${name} ${toBase64(bytes)}\n`;
}

/** One signature line, with or without its newline. Throws `NoteError`. */
export function parseSignature(line: string): NoteSignature {
  return signatureOf(line.endsWith('\n') ? line.slice(0, -1) : line);
}

/** Signs texts with Ed25519, type 0x01. Throws `NoteError` on a bad name. `sign` throws on a text that notes cannot carry. */
export function noteSigner(name: string, key: SigningKey): NoteSigner {
  const known = verifierKey(name, noteType, key.publicKey);
  return {
    key: known,
    sign(text) {
      checkText(text);
      return { name, keyId: known.keyId, signature: key.sign(utf8(text)) };
    },
  };
}

/** Signs a text by each signer and formats the note. */
export function signNote(text: string, ...signers: readonly NoteSigner[]): string {
  return formatNote({ text, signatures: signers.map((signer) => signer.sign(text)) });
}

/** Verifies signatures of type 0x01. Throws `NoteError` for a key of another type. */
export function noteVerifier(key: VerifierKey): NoteVerifier {
  if (key.type !== noteType) refuse('ERR_NOTE_KEY', 'the key is not for plain signatures (type 0x01)');
  return { name: key.name, keyId: key.keyId, verify: (text, signature) => verifyEd25519(key.publicKey, utf8(text), signature) };
}

/**
 * The signatures of trusted keys, all of which hold. Those of unknown keys are left out, even under a known name with another id or the other way round.
 * Throws `NoteError` if one under a trusted name and id does not hold (`ERR_NOTE_SIGNATURE`): such a note is refused as a whole.
 */
export function signaturesOf(note: SignedNote, trusted: readonly NoteVerifier[]): NoteSignature[] {
  return note.signatures.filter((signature) => {
    const verifier = verifierOf(signature, trusted);
    if (verifier === null) return false;
    if (!verifier.verify(note.text, signature.signature)) refuse('ERR_NOTE_SIGNATURE', `the signature of ${signature.name}+${hexId(signature.keyId)} does not hold`);
    return true;
  });
}

/** The note if at least one trusted key has signed it, with those signatures only. Throws `NoteError` otherwise; see `signaturesOf`. */
export function verifyNote(note: Uint8Array | string, trusted: readonly NoteVerifier[]): SignedNote {
  const parsed = parseNote(note);
  const signatures = signaturesOf(parsed, trusted);
  if (signatures.length === 0) refuse('ERR_NOTE_UNVERIFIED', 'nobody who is trusted has signed the note');
  return { text: parsed.text, signatures };
}

/** The em dash that begins a signature line. */
const dash = '\u2014';

function verifierOf({ name, keyId }: NoteSignature, trusted: readonly NoteVerifier[]): NoteVerifier | null {
  const [verifier, another] = trusted.filter((one) => one.name === name && one.keyId === keyId);
  if (another !== undefined) refuse('ERR_NOTE_AMBIGUOUS_KEY', `two keys are known as ${name}+${hexId(keyId)}`);
  return verifier ?? null;
}

function signatureOf(line: string): NoteSignature {
  const [start, name, encoded, ...more] = line.split(' ');
  const bytes = encoded === undefined ? null : fromBase64(encoded);
  if (start !== dash || name === undefined || bytes === null || more.length > 0) return malformed('a signature line is a dash, a key name and base64');
  if (!isKeyName(name)) malformed('a key name has white space, a plus sign or control characters');
  if (bytes.length < 5) malformed('a signature is a key id and more');
  return { name, keyId: new DataView(bytes.buffer).getUint32(0), signature: bytes.subarray(4) };
}

function textOf(note: Uint8Array | string): string {
  if (note.length > longestNote) malformed('it is too long');
  const text = typeof note === 'string' ? note : fromUtf8(note);
  if (text === null || !isPlain(text)) return malformed('it is not UTF-8 or has control characters');
  return text;
}

/** Well-formed and without ASCII control characters but the newline. */
function isPlain(text: string): boolean {
  return text.isWellFormed() && /^[\n\u0020-\u{10ffff}]*$/u.test(text);
}

function checkText(text: string): void {
  if (!text.endsWith('\n') || !isPlain(text) || text.length > longestNote) refuse('ERR_NOTE_TEXT', 'a text to sign ends with a newline and has no other control characters');
}

function malformed(say: string): never {
  return refuse('ERR_NOTE_MALFORMED', `not a signed note: ${say}`);
}
