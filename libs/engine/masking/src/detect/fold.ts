/**
 * Reads a cell the way a reader of its value would: escapes resolved, full-width forms as ASCII, hex as bytes. Cells are folded window
 * by window, so that memory stays bounded whatever the cell's size; windows overlap, so that a number on the seam is seen whole.
 */
export type Fold = (bytes: Uint8Array, at: number, end: number, into: Window) => void;

const size = 16 * 1024;
/** Nothing that a detector looks for is longer; an email address of more than this is found in two pieces. */
export const overlap = 1024;
/** Most bytes that one unit of the source becomes. */
const room = 4;

/** One window of folded bytes; `from[i]` is where in the cell byte i's unit begins. One for the process. */
export class Window {
  readonly bytes = Buffer.alloc(size);
  readonly from = new Uint32Array(size + 1);
  length = 0;
  /** Where in the cell the first unit begins that was not taken. */
  next = 0;

  get full(): boolean {
    return this.length > size - room;
  }

  push(byte: number, from: number): void {
    this.bytes[this.length] = byte;
    this.from[this.length] = from;
    this.length++;
  }

  /** One code unit of UTF-16 as UTF-8; a lone half of a pair becomes three bytes that no detector stops at. */
  pushUnit(unit: number, from: number): void {
    if (unit >= 0xff01 && unit <= 0xff5e) unit -= 0xfee0;
    if (unit < 0x80) {
      this.push(unit, from);
    } else if (unit < 0x800) {
      this.push(0xc0 | (unit >>> 6), from);
      this.push(0x80 | (unit & 0x3f), from);
    } else {
      this.push(0xe0 | (unit >>> 12), from);
      this.push(0x80 | ((unit >>> 6) & 0x3f), from);
      this.push(0x80 | (unit & 0x3f), from);
    }
  }

  /** The place in the cell where folded byte i begins; for the end of the window, where its last unit ends. */
  source(i: number): number {
    return i < this.length ? (this.from[i] ?? 0) : this.next;
  }
}

/** Full-width forms to ASCII, everything else as it is. */
export const foldText: Fold = (bytes, at, end, into) => {
  while (at < end && !into.full) at = plain(bytes, at, end, into);
  into.next = at;
};

/** JSON text: the escapes of RFC 8259 section 7, and full-width forms. An escape that is none stands for itself. */
export const foldJson: Fold = (bytes, at, end, into) => {
  while (at < end && !into.full) at = bytes[at] === 0x5c && at + 1 < end ? escape(bytes, at, end, into) : plain(bytes, at, end, into);
  into.next = at;
};

/** PostgreSQL's `\x…` form of bytes, `at` being after the `\x`. Characters that are no hex digits are passed over. */
export const foldHex: Fold = (bytes, at, end, into) => {
  while (at + 1 < end && !into.full) {
    const high = hexDigit(bytes[at] ?? 0);
    const low = hexDigit(bytes[at + 1] ?? 0);
    if (high < 0 || low < 0) {
      at++;
      continue;
    }
    into.push((high << 4) | low, at);
    at += 2;
  }
  into.next = at + 1 >= end ? end : at;
};

/** PostgreSQL's `escape` form of bytes: `\\` and `\ooo`. */
export const foldOctal: Fold = (bytes, at, end, into) => {
  while (at < end && !into.full) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x5c && bytes[at + 1] === 0x5c && at + 1 < end) {
      into.push(0x5c, at);
      at += 2;
    } else if (byte === 0x5c && at + 3 < end) {
      into.push((((bytes[at + 1] ?? 0) - 0x30) << 6) | (((bytes[at + 2] ?? 0) - 0x30) << 3) | ((bytes[at + 3] ?? 0) - 0x30), at);
      at += 4;
    } else {
      into.push(byte, at++);
    }
  }
  into.next = at;
};

/**
 * The binary form of arrays, composites and ranges: texts with four bytes of length before each. The last bytes of a length must not be
 * read as digits (0x34 is "4"): left out is what follows a zero byte, and the last byte of a length from 256 to 65535.
 */
export const foldLengths: Fold = (bytes, at, end, into) => {
  while (at < end && !into.full) {
    if (bytes[at - 1] === 0 || (bytes[at - 2] === 0 && bytes[at - 3] === 0 && bytes[at - 4] !== 0)) into.push(0, at++);
    else at = plain(bytes, at, end, into);
  }
  into.next = at;
};

function plain(bytes: Uint8Array, at: number, end: number, into: Window): number {
  const byte = bytes[at] ?? 0;
  if (byte === 0xef && at + 2 < end) {
    const unit = 0xf000 | (((bytes[at + 1] ?? 0) & 0x3f) << 6) | ((bytes[at + 2] ?? 0) & 0x3f);
    if (unit >= 0xff01 && unit <= 0xff5e) {
      into.push(unit - 0xfee0, at);
      return at + 3;
    }
  }
  into.push(byte, at);
  return at + 1;
}

const short = new Map([[0x62, 0x08], [0x66, 0x0c], [0x6e, 0x0a], [0x72, 0x0d], [0x74, 0x09]]);

function escape(bytes: Uint8Array, at: number, end: number, into: Window): number {
  const kind = bytes[at + 1] ?? 0;
  if (kind !== 0x75) {
    into.push(short.get(kind) ?? kind, at);
    return at + 2;
  }
  let unit = 0;
  for (let i = 2; i < 6; i++) {
    const digit = at + i < end ? hexDigit(bytes[at + i] ?? 0) : -1;
    if (digit < 0) {
      into.push(0x5c, at);
      return at + 1;
    }
    unit = (unit << 4) | digit;
  }
  into.pushUnit(unit, at);
  return at + 6;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}
