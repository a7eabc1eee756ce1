/**
 * What one moment of a recording shows. `out` and `err` are bytes as they were given to the client (masked), `size` is the terminal after a change
 * (two u16: columns, rows).
 */
export interface RecordedPiece {
  /** Microseconds since the start of the recording. */
  readonly at: number;
  readonly kind: 'out' | 'err' | 'size';
  readonly bytes: Uint8Array;
}

/** Bytes of a segment, at most: an event with its blobs must stay below the limit of a message. */
export const maxSegmentBytes = 256 * 1024;
const kinds = ['out', 'err', 'size'] as const;
const header = 13;

/** Bytes that a piece takes in a segment. */
export const pieceSize = (piece: RecordedPiece): number => header + piece.bytes.byteLength;

/**
 * A segment, version 1: byte 1, then for each piece: u8 kind (0 out, 1 err, 2 size), u64 microseconds, u32 length, bytes. All integers
 * big-endian.
 */
export function encodePieces(pieces: readonly RecordedPiece[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + pieceSize(piece), 1));
  const view = new DataView(bytes.buffer);
  bytes[0] = 1;
  let at = 1;
  for (const piece of pieces) {
    bytes[at] = kinds.indexOf(piece.kind);
    view.setBigUint64(at + 1, BigInt(piece.at));
    view.setUint32(at + 9, piece.bytes.byteLength);
    bytes.set(piece.bytes, at + header);
    at += pieceSize(piece);
  }
  return bytes;
}

export class MalformedRecordingError extends Error {
  readonly code = 'ERR_MALFORMED_RECORDING';
}

/** Views into `bytes`. @throws MalformedRecordingError */
export function decodePieces(bytes: Uint8Array): readonly RecordedPiece[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] !== 1) throw new MalformedRecordingError('a segment of a recording has a version that is not known');
  const pieces: RecordedPiece[] = [];
  for (let at = 1; at < bytes.byteLength; ) {
    if (at + header > bytes.byteLength) throw new MalformedRecordingError('a segment of a recording ends early');
    const kind = kinds[bytes[at] ?? 255];
    const length = view.getUint32(at + 9);
    const end = at + header + length;
    if (kind === undefined || end > bytes.byteLength) throw new MalformedRecordingError('a segment of a recording is damaged');
    pieces.push({ kind, at: Number(view.getBigUint64(at + 1)), bytes: bytes.subarray(at + header, end) });
    at = end;
  }
  return pieces;
}
