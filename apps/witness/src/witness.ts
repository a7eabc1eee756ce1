import {
  cosigner, formatNote, isEpochOf, NoteError, noteVerifier, parseAddCheckpoint, parseCheckpoint, parseNote, ProofError, sameHash, verifyConsistency, verifyNote,
  formatSignature, formatVerifierKey, type AddCheckpoint, type Checkpoint, type Cosigner, type NoteSignature, type SignedNote, type SigningKey, type VerifierKey,
} from '@sallyport/engine-evidence';
import type { Cosigned, State } from './state.ts';

/** What is answered: a status of HTTP, and for 200 the cosignature's line, for 409 the size that was cosigned last. */
export type Answer =
  | { readonly status: 200; readonly line: string; readonly checkpoint: Checkpoint }
  | { readonly status: 409; readonly size: number; readonly conflict: boolean }
  | { readonly status: 400 | 403 | 404 | 422; readonly say: string };

export interface WitnessOptions {
  readonly name: string;
  readonly key: SigningKey;
  readonly logs: readonly VerifierKey[];
  readonly state: State;
  /** Seconds since 1970. */
  readonly now?: () => number;
}

/**
 * Cosigns what continues the last that it cosigned of a log, and nothing else (C2SP tlog-witness). A log's key stands for the origin that is its name
 * and for that name with an epoch number. A size is cosigned once: who asks again is given the same cosignature, with the time that it had.
 * `add` runs to its end before another begins: it waits for nothing, and the files that it writes are on the disk when it returns.
 */
export class Witness {
  readonly #of: WitnessOptions;
  readonly #cosigner: Cosigner;
  readonly #now: () => number;

  constructor(of: WitnessOptions) {
    this.#of = of;
    this.#cosigner = cosigner(of.name, of.key);
    this.#now = of.now ?? (() => Math.floor(Date.now() / 1000));
  }

  /** What those who trust this witness are configured with. */
  get verifierKey(): string {
    return formatVerifierKey(this.#cosigner.key);
  }

  /** Throws what the file system says: then nothing may be answered but that it failed. */
  add(body: Uint8Array): Answer {
    const read = readRequest(body);
    if (read === null) return { status: 400, say: 'not a request to add a checkpoint' };
    const { request, checkpoint } = read;
    const keys = this.#of.logs.filter(({ name }) => checkpoint.origin === name || isEpochOf(name)(checkpoint.origin));
    if (keys.length === 0) return { status: 404, say: 'this log is not known here' };
    const note = signedNote(request.checkpoint, keys);
    if (note === null) return { status: 403, say: 'no key of this log has signed the checkpoint' };
    if (request.oldSize > checkpoint.size) return { status: 400, say: 'the old size is larger than the new' };
    const last = this.#of.state.read(checkpoint.origin);
    const size = last?.checkpoint.size ?? 0;
    if (request.oldSize !== size) return { status: 409, size, conflict: false };
    if (last !== null && checkpoint.size === size && !sameHash(checkpoint.root, last.checkpoint.root)) return { status: 409, size, conflict: true };
    if (!isContinued(request, checkpoint, last)) return { status: 422, say: 'the proof does not lead from the last checkpoint to this one' };
    return { status: 200, line: this.#cosign(note, checkpoint, last), checkpoint };
  }

  #cosign(note: SignedNote, checkpoint: Checkpoint, last: Cosigned | null): string {
    const signature = (last?.checkpoint.size === checkpoint.size ? this.#own(last) : null) ?? this.#cosigner.cosign(note.text, this.#now());
    // Also when it was cosigned before: the write before this one may have failed half-way.
    this.#of.state.write(checkpoint.origin, formatNote({ text: note.text, signatures: [...note.signatures, signature] }));
    return formatSignature(signature);
  }

  #own({ note }: Cosigned): NoteSignature | null {
    const { name, keyId } = this.#cosigner.key;
    return note.signatures.find((signature) => signature.name === name && signature.keyId === keyId) ?? null;
  }
}

interface Read {
  readonly request: AddCheckpoint;
  readonly checkpoint: Checkpoint;
}

function readRequest(body: Uint8Array): Read | null {
  return orNull(NoteError, () => {
    const request = parseAddCheckpoint(body);
    return { request, checkpoint: parseCheckpoint(parseNote(request.checkpoint).text) };
  });
}

/** The note with those signatures only that are the log's. */
function signedNote(note: string, keys: readonly VerifierKey[]): SignedNote | null {
  return orNull(NoteError, () => verifyNote(note, keys.map(noteVerifier)));
}

function isContinued({ oldSize, proof }: AddCheckpoint, { size, root }: Checkpoint, last: Cosigned | null): boolean {
  // Of a log that was never seen there is nothing to compare with; the proof is empty then.
  if (last === null) return proof.length === 0;
  return orNull(ProofError, () => {
    verifyConsistency({ from: oldSize, to: size, oldRoot: last.checkpoint.root, newRoot: root, proof });
    return true;
  }) !== null;
}

/** What it gives, or null if it throws that error. */
function orNull<T>(expected: new (...args: never[]) => Error, work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof expected) return null;
    throw error;
  }
}
