import type { CellMask } from '@sallyport/domain-model';
import { MalformedMessageError } from '../messages/malformed.ts';

/**
 * Masks one DataRow (protocol 55.7): int16 number of columns, then for each int32 length (-1 is NULL) and that many bytes.
 * `start` and `end` enclose the body. Returns null when nothing changed, else the whole new frame.
 */
export function maskRow(bytes: Buffer, start: number, end: number, masks: readonly (CellMask | null)[]): Buffer | null {
  const count = bytes.readUInt16BE(start);
  if (count !== masks.length) throw new MalformedMessageError('a row has another number of cells than its description');
  let changed: (Uint8Array | null | undefined)[] | null = null;
  let size = 6;
  let at = start + 2;
  for (let i = 0; i < count; i++) {
    if (at + 4 > end) throw new MalformedMessageError('a row ends within a cell');
    const length = bytes.readInt32BE(at);
    at += 4;
    size += 4;
    if (length < 0) continue;
    if (at + length > end) throw new MalformedMessageError('a cell is longer than its row');
    const mask = masks[i];
    const put = mask ? mask(bytes, at, at + length) : undefined;
    if (put === undefined) size += length;
    else {
      changed ??= new Array<Uint8Array | null | undefined>(count).fill(undefined);
      changed[i] = put;
      if (put !== null) size += put.byteLength;
    }
    at += length;
  }
  if (at !== end) throw new MalformedMessageError('a row has trailing bytes');
  return changed === null ? null : rewrite(bytes, start, changed, size);
}

function rewrite(bytes: Buffer, start: number, changed: readonly (Uint8Array | null | undefined)[], size: number): Buffer {
  const out = Buffer.allocUnsafe(size + 1);
  out[0] = 0x44;
  out.writeInt32BE(size, 1);
  out.writeUInt16BE(changed.length, 5);
  let at = start + 2;
  let to = 7;
  for (const put of changed) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (put === undefined) {
      out.writeInt32BE(length, to);
      to += 4;
      if (length > 0) {
        bytes.copy(out, to, at, at + length);
        to += length;
      }
    } else if (put === null) {
      out.writeInt32BE(-1, to);
      to += 4;
    } else {
      out.writeInt32BE(put.byteLength, to);
      out.set(put, to + 4);
      to += 4 + put.byteLength;
    }
    if (length > 0) at += length;
  }
  return out;
}
