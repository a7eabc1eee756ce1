import { TreeError } from './tree-error.ts';

// Arithmetic on sizes past 2^32, where JavaScript's shifts and masks do not reach. All arguments are whole numbers from 0 to 2^53 - 1.

/** Whether a number can be the size of a tree or the index of a leaf: whole, from 0 to 2^53 - 1. */
export function isSize(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}

/** Throws `TreeError` (`ERR_TREE_SIZE`) unless it `isSize`. */
export function checkSize(n: number, what = 'a tree size'): void {
  if (!isSize(n)) throw new TreeError('ERR_TREE_SIZE', `${what} is a whole number from 0 to 2^53 - 1`);
}

export function isOdd(n: number): boolean {
  return n % 2 === 1;
}

export function half(n: number): number {
  return Math.floor(n / 2);
}

/** How many binary digits it has; 0 has none. `Math.log2` rounds near powers of two, this does not. */
export function bitLength(n: number): number {
  const high = Math.floor(n / 2 ** 32);
  return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(n >>> 0);
}

/** How many of its binary digits are 1. */
export function onesIn(n: number): number {
  let ones = 0;
  for (let rest = n; rest > 0; rest = half(rest)) if (isOdd(rest)) ones++;
  return ones;
}

/** The largest power of two below `n`; `n` is at least 2. RFC 6962 splits a tree there. */
export function splitOf(n: number): number {
  return 2 ** (bitLength(n - 1) - 1);
}

export function isPowerOfTwo(n: number): boolean {
  return n > 0 && 2 ** (bitLength(n) - 1) === n;
}

/** Levels of the perfect subtrees that `length` leaves are made of, the largest first: its binary digits. */
export function peakLevels(length: number): number[] {
  const levels: number[] = [];
  let rest = length;
  while (rest > 0) {
    const level = bitLength(rest) - 1;
    levels.push(level);
    rest -= 2 ** level;
  }
  return levels;
}
