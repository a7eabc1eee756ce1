import { PackError } from './pack-error.ts';
import type { PackLeaf } from './leaves.ts';

/** Collects the lines of `leaves.jsonl` without a string of all of them. Throws `PackError` (`ERR_PACK_LEAVES`) unless indexes rise by one. */
export class LeafFile {
  readonly #chunks: Buffer[] = [];
  #pending = '';
  #next: number;

  constructor(from: number) {
    this.#next = from;
  }

  /** The index that is expected next. */
  get next(): number {
    return this.#next;
  }

  add(leaf: PackLeaf): void {
    if (leaf.index !== this.#next) throw new PackError('ERR_PACK_LEAVES', `leaf ${this.#next} is expected, not ${leaf.index}`);
    this.#next++;
    this.#pending += 'event' in leaf ? `{"i":${leaf.index},"event":"${base64(leaf.event)}"}\n` : `{"i":${leaf.index},"hash":"${base64(leaf.hash)}"}\n`;
    if (this.#pending.length > 256 * 1024) this.#flush();
  }

  bytes(): Uint8Array {
    this.#flush();
    return Buffer.concat(this.#chunks);
  }

  #flush(): void {
    this.#chunks.push(Buffer.from(this.#pending, 'latin1'));
    this.#pending = '';
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
