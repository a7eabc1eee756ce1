/** Tells whether a place of a JSON text is inside a string. Goes over each byte once, and only in cells that have a hit. */
export class JsonPlace {
  #at = 0;
  #inString = false;
  /** The end of the number that `token` found. */
  tokenEnd = 0;

  begin(start: number): void {
    this.#at = start;
    this.#inString = false;
  }

  /** Places must be asked in rising order. */
  inString(bytes: Uint8Array, at: number): boolean {
    let i = this.#at;
    for (; i < at; i++) {
      const byte = bytes[i] ?? 0;
      if (byte === 0x22) this.#inString = !this.#inString;
      else if (byte === 0x5c && this.#inString) i++;
    }
    this.#at = i;
    return this.#inString;
  }

  /** The start of the number that [from, to) is part of, not before `least`; its end is `tokenEnd`. Outside of strings only. */
  token(bytes: Uint8Array, least: number, from: number, to: number, end: number): number {
    while (from > least && isNumeric(bytes[from - 1] ?? 0)) from--;
    while (to < end && isNumeric(bytes[to] ?? 0)) to++;
    this.tokenEnd = to;
    return from;
  }
}

/** Characters of a JSON number: digits, sign, point, exponent. */
function isNumeric(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x2e || (byte | 0x20) === 0x65;
}
