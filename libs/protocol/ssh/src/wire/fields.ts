/** Data types of RFC 4251 section 5. A reader that runs out throws, so that what is cut off is never half understood. */
export class MalformedFieldsError extends Error {
  readonly code = 'ERR_SSH_FIELDS';
}

/** Reads one structure from its beginning to its end. What it returns are views, no copies. */
export class FieldReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at;
  }

  uint8(): number {
    return this.raw(1)[0] ?? 0;
  }

  uint32(): number {
    return this.raw(4).readUInt32BE(0);
  }

  uint64(): bigint {
    return this.raw(8).readBigUInt64BE(0);
  }

  string(): Buffer {
    return this.raw(this.uint32());
  }

  /** A string that must be UTF-8. */
  text(): string {
    try {
      return utf8.decode(this.string());
    } catch {
      throw new MalformedFieldsError('a text is not UTF-8');
    }
  }

  raw(count: number): Buffer {
    if (count > this.left) throw new MalformedFieldsError('the structure ends early');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** Throws when anything is left over. */
  end(): void {
    if (this.left > 0) throw new MalformedFieldsError('the structure has trailing bytes');
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const uint8 = (value: number): Buffer => Buffer.from([value]);

export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function uint64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

export function string(value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** An integer without its sign bit: a zero byte in front when the first bit is set. */
export function mpint(value: Uint8Array): Buffer {
  let from = 0;
  while (from < value.length && value[from] === 0) from++;
  const bytes = value.subarray(from);
  return string((bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}
