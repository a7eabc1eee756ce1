import { CompactRange, HashSource, leafHash, noteSigner, proveConsistency, formatAddCheckpoint, signCheckpoint, signingKeyOf, tileWidth, type Checkpoint, type NoteSigner } from '@sallyport/engine-evidence';

/** A log in memory, of up to 256 leaves. `fork` gives leaves another content from some index on. */
export class TestLog {
  readonly name: string;
  readonly signer: NoteSigner;

  constructor(name = 'log.test/one', seed = 1) {
    this.name = name;
    this.signer = noteSigner(name, signingKeyOf(new Uint8Array(32).fill(seed)));
  }

  checkpoint(size: number, { fork = Infinity, origin = `${this.name}/1` } = {}): Checkpoint {
    const range = new CompactRange();
    range.appendAll(leaves(size, fork));
    return { origin, size, root: range.root() };
  }

  note(size: number, options: { fork?: number; origin?: string } = {}): string {
    return signCheckpoint(this.checkpoint(size, options), this.signer);
  }

  /** The body of a request to cosign `to`, after `from`. */
  async request(from: number, to: number, options: { fork?: number; origin?: string } = {}): Promise<string> {
    if (to > tileWidth) throw new RangeError('this log ends at 256 leaves');
    const source = new HashSource(to, () => Buffer.concat(leaves(to, options.fork ?? Infinity)));
    return formatAddCheckpoint({ oldSize: from, proof: from > to ? [] : await proveConsistency(source, from), checkpoint: this.note(to, options) });
  }
}

function leaves(size: number, fork: number): Uint8Array[] {
  return Array.from({ length: size }, (_, i) => leafHash(Buffer.from(i < fork ? `leaf ${i}` : `other ${i}`)));
}
