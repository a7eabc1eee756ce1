import { formatVerifierKey, noteSigner, packVersion, parseCheckpoint, parseLogOrigin, parseRotation, type NoteSigner, type SigningKey } from '@sallyport/engine-evidence';
import { readIfThere, writeDurably } from './durable.ts';

/** What is asked for is not signed. The message says why, in plain ASCII. */
export class RefusedToSign extends Error {
  readonly code = 'ERR_REFUSED_TO_SIGN';
}

interface Signed {
  readonly epoch: number;
  readonly size: number;
  readonly root: string;
}

export interface KeeperOptions {
  /** Name of the log. */
  readonly log: string;
  readonly key: SigningKey;
  /** File that says what was signed last. */
  readonly state: string;
  /** vkey that may follow this key, by the word of whoever runs the signer. */
  readonly next: string | null;
}

/**
 * What a key of the log is used for, and nothing else: checkpoints of its log, each over at least as much as the last and never two roots for one size, packs, and that a named key follows it. What it signed
 * last has reached the disk before the signature leaves. So whoever takes over the ledger's service can neither take the key away nor have the log's past signed anew, nor name a key of his own.
 * It does not see the tree: that one root continues another it cannot know, witnesses do.
 */
export class KeyKeeper {
  readonly vkey: string;
  readonly #of: KeeperOptions;
  readonly #signer: NoteSigner;
  #last: Signed | null;

  constructor(of: KeeperOptions) {
    this.#of = of;
    this.#signer = noteSigner(of.log, of.key);
    this.vkey = formatVerifierKey(this.#signer.key);
    this.#last = read(of.state);
  }

  /** The signature, 64 bytes. Throws RefusedToSign. */
  sign(message: Uint8Array): Uint8Array {
    const text = Buffer.from(message).toString('utf8');
    if (!Buffer.from(text).equals(message)) throw new RefusedToSign('not a text');
    const [first = ''] = text.split('\n');
    if (first === packVersion) this.#pack(text);
    else if (first === 'sallyport.dev/key-rotation/v1') this.#rotation(text);
    else this.#checkpoint(text);
    return this.#signer.sign(text).signature;
  }

  #checkpoint(text: string): void {
    const { origin, size, root } = understood(() => parseCheckpoint(text), 'neither a checkpoint nor anything else that this key signs');
    const now = { epoch: this.#epochOf(origin), size, root: Buffer.from(root).toString('base64') };
    const last = this.#last;
    if (last !== null && now.epoch < last.epoch) throw new RefusedToSign('a checkpoint of a later epoch was signed');
    if (last !== null && now.epoch === last.epoch && now.size < last.size) throw new RefusedToSign(`a checkpoint of ${last.size} leaves was signed, this one has ${now.size}`);
    if (last !== null && now.epoch === last.epoch && now.size === last.size) {
      if (now.root !== last.root) throw new RefusedToSign(`another root for ${now.size} leaves was signed`);
      return;
    }
    writeDurably(this.#of.state, `${JSON.stringify(now)}\n`);
    this.#last = now;
  }

  #pack(text: string): void {
    const [, origin = '', manifest = '', end, ...more] = text.split('\n');
    if (end !== '' || more.length > 0 || !/^[0-9a-f]{64}$/.test(manifest)) throw new RefusedToSign('not the text of a pack');
    this.#epochOf(origin);
  }

  /** As the new key, it says nothing but that it is there; as the old one, it gives trust away. */
  #rotation(text: string): void {
    const { old, next } = understood(() => parseRotation(text), 'not a statement that a key follows another');
    const [from, to] = [formatVerifierKey(old), formatVerifierKey(next)];
    if (to === this.vkey) return;
    if (from !== this.vkey) throw new RefusedToSign('a statement about other keys');
    if (to !== this.#of.next) throw new RefusedToSign('nobody has said here that this key may follow: start the signer with --next');
  }

  #epochOf(origin: string): number {
    const parsed = parseLogOrigin(origin);
    if (parsed?.log !== this.#of.log) throw new RefusedToSign('of another log');
    return parsed.epoch;
  }
}

function understood<T>(parse: () => T, say: string): T {
  try {
    return parse();
  } catch {
    throw new RefusedToSign(say);
  }
}

/** Throws where the file is there and says nothing: to sign without knowing what was signed would be to forget it. */
function read(path: string): Signed | null {
  const text = readIfThere(path);
  if (text === null) return null;
  const value: unknown = parsed(text);
  if (typeof value === 'object' && value !== null && 'epoch' in value && 'size' in value && 'root' in value) {
    const { epoch, size, root } = value;
    if (typeof epoch === 'number' && typeof size === 'number' && typeof root === 'string') return { epoch, size, root };
  }
  throw new Error(`${path} does not say what was signed last`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
