import { createHash } from 'node:crypto';

/** RFC 6962, 2.1, word for word and recursive: what the code is measured against. Shares nothing with it but SHA-256. */
export class NaiveTree {
  readonly #leaves: readonly Uint8Array[];
  /** Each D[from:to] is hashed once: the recursion stays what it is, the tests end sooner. */
  readonly #known = new Map<string, Uint8Array>();

  /** @param leaves leaf hashes */
  constructor(leaves: readonly Uint8Array[]) {
    this.#leaves = leaves;
  }

  /** MTH(D[from:to]). */
  root(from: number, to: number): Uint8Array {
    if (to === from) return digest(Buffer.alloc(0));
    const known = this.#known.get(`${from} ${to}`);
    if (known !== undefined) return known;
    const hash = this.#hash(from, to);
    this.#known.set(`${from} ${to}`, hash);
    return hash;
  }

  /** PATH(m, D[from:to]), m counted from `from`. */
  path(m: number, from: number, to: number): Uint8Array[] {
    if (to - from === 1) return [];
    const k = below(to - from);
    if (m < k) return [...this.path(m, from, from + k), this.root(from + k, to)];
    return [...this.path(m - k, from + k, to), this.root(from, from + k)];
  }

  /** PROOF(m, D[0:n]) for 0 < m <= n. */
  proof(m: number, n: number): Uint8Array[] {
    return this.#subproof(m, 0, n, true);
  }

  #subproof(m: number, from: number, to: number, whole: boolean): Uint8Array[] {
    if (m === to - from) return whole ? [] : [this.root(from, to)];
    const k = below(to - from);
    if (m <= k) return [...this.#subproof(m, from, from + k, whole), this.root(from + k, to)];
    return [...this.#subproof(m - k, from + k, to, false), this.root(from, from + k)];
  }

  #hash(from: number, to: number): Uint8Array {
    const leaf = this.#leaves[from];
    if (leaf === undefined) throw new Error('no such leaf');
    if (to - from === 1) return leaf;
    const k = below(to - from);
    return digest(Buffer.concat([Buffer.of(1), this.root(from, from + k), this.root(from + k, to)]));
  }
}

/** On which sides the siblings of leaf `m` stand in a tree of `n`, from the leaf up: all that an inclusion proof says of the size. */
export function inclusionShape(m: number, n: number): string {
  if (n === 1) return '';
  const k = below(n);
  return m < k ? `${inclusionShape(m, k)}R` : `${inclusionShape(m - k, n - k)}L`;
}

/** The same of a consistency proof from `m` to `n`, after what it begins with: the old root (`*`) or a part of the old tree. */
export function consistencyShape(m: number, n: number, whole = true): string {
  if (m === n) return whole ? '*' : '';
  const k = below(n);
  return m <= k ? `${consistencyShape(m, k, whole)}R` : `${consistencyShape(m - k, n - k, false)}L`;
}

/** Leaf hashes of the numbers from 0 up. */
export function numberedLeaves(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => digest(Buffer.concat([Buffer.of(0), Buffer.from(String(i))])));
}

function digest(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

function below(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}
