import { MalformedMessageError } from './malformed.ts';
import { Body } from './body.ts';

/**
 * The cells of a DataRow (B) 'D': Int16 count; each: Int32 length (-1: NULL) and bytes. One of these is kept for each session and
 * filled for each row: nothing is allocated, nothing is copied.
 */
export class RowCells {
  /** Number of cells in the row read last. */
  count = 0;
  #bounds = new Int32Array(64);

  /** Where cell `i` begins in the bytes that were read, or -1 for NULL. */
  start(i: number): number {
    return this.#bounds[i * 2] ?? -1;
  }

  /** Where cell `i` ends; for NULL, -1. */
  end(i: number): number {
    return this.#bounds[i * 2 + 1] ?? -1;
  }

  /** @throws MalformedMessageError when the cells do not fill the body exactly */
  read(bytes: Buffer, start: number, end: number): void {
    if (end - start < 2) throw new MalformedMessageError('DataRow: no column count');
    const count = bytes.readUInt16BE(start);
    if (count * 2 > this.#bounds.length) this.#bounds = new Int32Array(count * 2);
    const bounds = this.#bounds;
    let at = start + 2;
    for (let i = 0; i < count; i++) {
      if (end - at < 4) throw new MalformedMessageError('DataRow: a length lies outside of the message');
      const length = bytes.readInt32BE(at);
      at += 4;
      if (length === -1) {
        bounds[i * 2] = -1;
        bounds[i * 2 + 1] = -1;
        continue;
      }
      if (length < 0 || length > end - at) throw new MalformedMessageError('DataRow: a cell lies outside of the message');
      bounds[i * 2] = at;
      at += length;
      bounds[i * 2 + 1] = at;
    }
    if (at !== end) throw new MalformedMessageError(`DataRow: ${end - at} bytes too many`);
    this.count = count;
  }
}

/** Cells as text; for small results of our own queries in text format, not for the path of rows. @throws MalformedMessageError */
export function readDataRow(bytes: Buffer, start: number, end: number): (string | null)[] {
  const cells = new RowCells();
  cells.read(bytes, start, end);
  return Array.from({ length: cells.count }, (_, i) => (cells.start(i) === -1 ? null : bytes.toString('utf8', cells.start(i), cells.end(i))));
}

export function writeDataRow(cells: readonly (Uint8Array | null)[]): Buffer {
  const body = new Body().int16(cells.length);
  for (const cell of cells) {
    body.int32(cell === null ? -1 : cell.length);
    if (cell !== null) body.bytes(cell);
  }
  return body.frame('D');
}
