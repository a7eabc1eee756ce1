/**
 * Bytes as SSH writes them (RFC 4251 section 5): `uint32`, `uint64`, and `string`, which is a length and its bytes. Reading is bounded by the bytes that
 * there are: nothing is reserved on a length's word alone.
 */
export class SshBytesError extends Error {
  readonly code = 'ERR_SSH_BYTES';
}

export class SshReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How far it has been read. */
  get at(): number {
    return this.#at;
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE(0);
  }

  uint64(): bigint {
    return this.#take(8).readBigUInt64BE(0);
  }

  /** A view into the bytes, not a copy. */
  string(): Buffer {
    return this.#take(this.uint32());
  }

  /** A string of UTF-8 without NUL. */
  text(): string {
    const bytes = this.string();
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
      if (!text.includes('\0')) return text;
    } catch {
      // Told below, like the NUL.
    }
    throw new SshBytesError('a text is not UTF-8');
  }

  /** A positive `mpint` without leading zeros, as its bytes. */
  positive(): Buffer {
    const bytes = this.string();
    const [first = 0x80, second = 0] = bytes;
    if (first >= 0x80 || (first === 0 && second < 0x80)) throw new SshBytesError('a number is not positive, or not in its shortest form');
    return first === 0 ? bytes.subarray(1) : bytes;
  }

  end(): void {
    if (!this.ended) throw new SshBytesError('bytes stand behind the end');
  }

  #take(length: number): Buffer {
    const to = this.#at + length;
    if (to > this.#bytes.length) throw new SshBytesError('the bytes end too early');
    const taken = this.#bytes.subarray(this.#at, to);
    this.#at = to;
    return taken;
  }
}

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
