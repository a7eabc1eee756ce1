/** The longest entry of a bundle: its length is written in two bytes. */
export const longestEntry = 65_535;

/**
 * An entry bundle of C2SP tlog-tiles: each entry behind its length in two bytes, the higher first. What cannot stand there (longer than 65,535 bytes, or gone) is an entry of length 0,
 * which no event has: the bytes of a long one are an object of their own, of one that is gone there is the leaf hash in the tile.
 */
export function bundleOf(entries: readonly (Uint8Array | null)[]): Buffer {
  return Buffer.concat(entries.flatMap((entry) => {
    const bytes = entry === null || entry.byteLength > longestEntry ? new Uint8Array() : entry;
    return [Uint8Array.of(bytes.byteLength >> 8, bytes.byteLength & 0xff), bytes];
  }));
}
