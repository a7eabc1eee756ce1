import { sha256 } from './sha256.ts';
import { TreeError } from './tree-error.ts';

/** Length of every hash in the tree, in bytes. */
export const hashLength = 32;

/** RFC 6962, 2.1: SHA-256(0x00 ‖ data). The data is one event's stored bytes, never a re-encoding of them. */
export function leafHash(data: Uint8Array): Uint8Array {
  return sha256(leafPrefix, data);
}

/** RFC 6962, 2.1: SHA-256(0x01 ‖ left ‖ right). The prefixes keep a node from being passed off as a leaf. Throws `TreeError` unless both are 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  checkHash(left);
  checkHash(right);
  return sha256(nodePrefix, left, right);
}

/** The root of the tree without leaves: SHA-256 of nothing. */
export function emptyRoot(): Uint8Array {
  return sha256();
}

/** Whether two hashes are the same bytes. Not in constant time: hashes here are public. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Throws `TreeError` (`ERR_TREE_HASH`) unless it is 32 bytes long. */
export function checkHash(bytes: Uint8Array): void {
  if (bytes.length !== hashLength) throw new TreeError('ERR_TREE_HASH', `a hash has ${hashLength} bytes, not ${bytes.length}`);
}

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);
