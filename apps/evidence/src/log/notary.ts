import { readFileSync, statSync } from 'node:fs';
import {
  formatCheckpoint, formatNote, formatRotation, formatSignedRotation, formatVerifierKey, isEpochOf, noteType, noteVerifier, openCheckpoint, packVersion, signingKeyFromPem, verifierKey, verifyNote,
  type Checkpoint, type NoteSignature, type SigningKey, type VerifierKey,
} from '@sallyport/engine-evidence';
import type { Signer } from './signer.ts';

/** Its key, under the log's name. */
interface Hand {
  readonly key: VerifierKey;
  readonly signer: Signer;
}

/** Signs checkpoints of one log, and reads them again. For as long as it is given two keys it signs with both: the older one first. */
export class Notary {
  readonly #log: string;
  readonly #hands: readonly Hand[];

  /** @param log the log's name, which is the name of its keys too. @param next the key that follows, for a time of change */
  constructor(log: string, signer: Signer, next: Signer | null = null) {
    this.#log = log;
    this.#hands = [signer, ...(next === null ? [] : [next])].map((one) => ({ signer: one, key: verifierKey(log, noteType, one.publicKey) }));
  }

  /** What a verifier needs to know of the key: one line of text, not secret. The newest. */
  get verifierKey(): string {
    const newest = this.#hands.at(-1);
    return newest === undefined ? '' : formatVerifierKey(newest.key);
  }

  sign(checkpoint: Checkpoint): Promise<string> {
    return this.#signed(formatCheckpoint(checkpoint));
  }

  /** For an examiner pack whose manifest has this hash (hex). The text is made here, so that nothing else gets signed by this way. */
  signPack(origin: string, manifest: string): Promise<string> {
    return this.#signed(`${packVersion}\n${origin}\n${manifest}\n`);
  }

  /** The statement that the second key follows the first, by both; null where there is one key. */
  async rotation(): Promise<{ readonly old: string; readonly next: string; readonly note: string } | null> {
    const [old, next] = this.#hands;
    if (old === undefined || next === undefined) return null;
    const rotation = { old: old.key, next: next.key };
    return { old: formatVerifierKey(old.key), next: formatVerifierKey(next.key), note: formatSignedRotation(rotation, await this.#signatures(formatRotation(rotation))) };
  }

  /** One of our own. Throws NoteError on any other. */
  read(note: string): Checkpoint {
    return openCheckpoint(note, this.#hands.map(({ key }) => noteVerifier(key)), isEpochOf(this.#log)).checkpoint;
  }

  /** Verified before it is given away: what signs is another process, or another company's. */
  async #signed(text: string): Promise<string> {
    const note = formatNote({ text, signatures: await this.#signatures(text) });
    for (const { key } of this.#hands) verifyNote(note, [noteVerifier(key)]);
    return note;
  }

  async #signatures(text: string): Promise<NoteSignature[]> {
    const signatures: NoteSignature[] = [];
    for (const { key, signer } of this.#hands) signatures.push({ name: key.name, keyId: key.keyId, signature: await signer.sign(Buffer.from(text)) });
    return signatures;
  }
}

/** The verifier key as a text. */
export class VerifierKeyText {
  constructor(readonly text: string) {}
}

/** Reads an Ed25519 private key (PEM, PKCS #8) that only its owner may read. Throws with the path, never with content. */
export function readLogKey(path: string): SigningKey {
  if ((statSync(path).mode & 0o077) !== 0) throw new Error(`${path} can be read by others than its owner: chmod 600`);
  try {
    return signingKeyFromPem(readFileSync(path, 'utf8'));
  } catch {
    throw new Error(`${path} is not a PEM file with an Ed25519 private key`);
  }
}
