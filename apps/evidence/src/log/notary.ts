import { readFileSync, statSync } from 'node:fs';
import { formatVerifierKey, isEpochOf, noteSigner, noteVerifier, openCheckpoint, packVersion, signCheckpoint, signNote, signingKeyFromPem, type Checkpoint, type NoteSigner, type SigningKey } from '@sallyport/engine-evidence';

/** Signs checkpoints of one log, and reads them again. */
export class Notary {
  readonly #log: string;
  readonly #signer: NoteSigner;

  /** @param log the log's name, which is the name of its key too */
  constructor(log: string, key: SigningKey) {
    this.#log = log;
    this.#signer = noteSigner(log, key);
  }

  /** What a verifier needs to know of the key: one line of text, not secret. */
  get verifierKey(): string {
    return formatVerifierKey(this.#signer.key);
  }

  sign(checkpoint: Checkpoint): string {
    return signCheckpoint(checkpoint, this.#signer);
  }

  /** For an examiner pack whose manifest has this hash (hex). The text is made here, so that nothing else gets signed by this way. */
  signPack(origin: string, manifest: string): string {
    return signNote(`${packVersion}\n${origin}\n${manifest}\n`, this.#signer);
  }

  /** One of our own. Throws NoteError on any other. */
  read(note: string): Checkpoint {
    return openCheckpoint(note, [noteVerifier(this.#signer.key)], isEpochOf(this.#log)).checkpoint;
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
