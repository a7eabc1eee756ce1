import { hashLength, nodeHash, emptyRoot } from '../merkle/hash.ts';
import type { HashSource } from '../merkle/hash-source.ts';
import { checkSize, isSize, onesIn, peakLevels } from '../merkle/sizes.ts';
import { fromBase64, fromDecimal, fromUtf8, linesOf, toBase64 } from '../note/text.ts';
import { PackError } from './pack-error.ts';

/** That leaves [from, to) stand in the tree of `size`: the perfect subtrees before them and behind them. SPEC.md 2.2. */
export interface RangeProof {
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly left: readonly Uint8Array[];
  readonly right: readonly Uint8Array[];
}

/** Makes the proof out of the tree's hashes. Throws `TreeError` where the range is not in the tree. */
export async function proveRange(source: HashSource, from: number, to: number, size = source.size): Promise<RangeProof> {
  for (const [n, limit] of [[from, to], [to, size], [size, source.size]] as const) checkSize(n > limit ? -1 : n, 'a range');
  const hashes = (nodes: readonly Subtree[]) => Promise.all(nodes.map(({ at, level }) => source.node(level, at / 2 ** level)));
  const [left, right] = await Promise.all([hashes(before(from)), hashes(behind(to, size))]);
  return { from, to, size, left, right };
}

interface Subtree {
  readonly at: number;
  readonly level: number;
}

function before(from: number): Subtree[] {
  let at = 0;
  return peakLevels(from).map((level) => {
    const node = { at, level };
    at += 2 ** level;
    return node;
  });
}

function behind(to: number, size: number): Subtree[] {
  const nodes: Subtree[] = [];
  for (let at = to; at < size; ) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= size) level++;
    nodes.push({ at, level });
    at += 2 ** level;
  }
  return nodes;
}

/** Works out the root of a range proof's tree while leaves are handed in, in order. */
export class RangeRoot {
  readonly #proof: RangeProof;
  readonly #stack: { at: number; length: number; hash: Uint8Array }[] = [];
  #next: number;

  /** Throws `PackError` (`ERR_PACK_PROOF`) when the proof has more or fewer hashes than its numbers ask for. */
  constructor(proof: RangeProof) {
    const { from, to, size, left, right } = proof;
    if (!isSize(from) || !isSize(to) || !isSize(size) || from > to || to > size) malformed('its numbers do not rise');
    if (left.length !== onesIn(from) || right.length !== behind(to, size).length) malformed('it has more or fewer hashes than its numbers ask for');
    this.#proof = proof;
    this.#next = from;
    for (const [i, { at, level }] of before(from).entries()) this.#push(at, 2 ** level, left[i] ?? malformed('a hash is missing'));
  }

  /** The next leaf that is expected. */
  get next(): number {
    return this.#next;
  }

  add(leaf: Uint8Array): void {
    this.#push(this.#next++, 1, leaf);
  }

  /** The root of the tree as far as it goes now: of `next` leaves. */
  rootSoFar(): Uint8Array {
    let root: Uint8Array | null = null;
    for (const { hash } of this.#stack.toReversed()) root = root === null ? hash : nodeHash(hash, root);
    return root ?? emptyRoot();
  }

  /** The root of the whole tree, or null when not all leaves of the range were handed in. */
  finish(): Uint8Array | null {
    const { to, size, right } = this.#proof;
    if (this.#next !== to) return null;
    for (const [i, { at, level }] of behind(to, size).entries()) this.#push(at, 2 ** level, right[i] ?? malformed('a hash is missing'));
    return this.rootSoFar();
  }

  #push(at: number, length: number, hash: Uint8Array): void {
    const stack = this.#stack;
    let top = { at, length, hash };
    for (let under = stack.at(-1); under !== undefined && under.length === top.length && under.at % (2 * top.length) === 0; under = stack.at(-1)) {
      stack.pop();
      top = { at: under.at, length: 2 * top.length, hash: nodeHash(under.hash, top.hash) };
    }
    stack.push(top);
  }
}

const firstLine = 'sallyport.dev/range-proof@v1';

export function formatRangeProof({ from, to, size, left, right }: RangeProof): string {
  return [firstLine, `${from} ${to} ${size}`, ...left.map((hash) => `left ${toBase64(hash)}`), ...right.map((hash) => `right ${toBase64(hash)}`), ''].join('\n');
}

/** Throws `PackError` (`ERR_PACK_PROOF`) on anything that `formatRangeProof` would not write. */
export function parseRangeProof(bytes: Uint8Array): RangeProof {
  const text = bytes.length > 16 * 1024 ? null : fromUtf8(bytes);
  const [first, numbers, ...hashes] = (text === null ? null : linesOf(text)) ?? [];
  const [from, to, size] = (numbers ?? '').split(' ').map(fromDecimal);
  if (first !== firstLine || typeof from !== 'number' || typeof to !== 'number' || typeof size !== 'number') return malformed('its first lines are not in their one form');
  const of = (side: string) => hashes.filter((line) => line.startsWith(`${side} `)).map((line) => hashOf(line.slice(side.length + 1)));
  const proof = { from, to, size, left: of('left'), right: of('right') };
  if (formatRangeProof(proof) !== text) malformed('it is not in its one form');
  return proof;
}

/** A consistency proof as a file: one base64 hash a line. */
export function formatHashes(hashes: readonly Uint8Array[]): string {
  return hashes.map((hash) => `${toBase64(hash)}\n`).join('');
}

/** Throws `PackError` (`ERR_PACK_PROOF`) on anything that `formatHashes` would not write. */
export function parseHashes(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length === 0) return [];
  const text = bytes.length > 16 * 1024 ? null : fromUtf8(bytes);
  return (text === null ? null : linesOf(text))?.map(hashOf) ?? malformed('it is not lines of base64');
}

function hashOf(line: string): Uint8Array {
  const hash = fromBase64(line);
  return hash?.length === hashLength ? hash : malformed('a line is not a hash');
}

function malformed(say: string): never {
  throw new PackError('ERR_PACK_PROOF', `not a proof: ${say}`);
}
