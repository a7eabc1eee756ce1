import type { Delivery, Transport } from '../transports/transport.ts';

/** How many of the first records go together: at least one, else within the bounds. */
export function cut(records: readonly Delivery[], { records: most, bytes }: Transport['most']): number {
  let size = 0;
  let count = 0;
  for (const { text } of records) {
    size += Buffer.byteLength(text);
    if (count === most || (count > 0 && size > bytes)) break;
    count++;
  }
  return count;
}
