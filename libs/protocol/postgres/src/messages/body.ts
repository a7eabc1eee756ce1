import { MalformedMessageError } from './malformed.ts';

/** Puts a message together. For messages that we write ourselves now and then, not for the path of rows. */
export class Body {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  uint8(value: number): this {
    return this.bytes(Uint8Array.of(value));
  }

  int16(value: number): this {
    const part = Buffer.allocUnsafe(2);
    part.writeUInt16BE(value & 0xffff);
    return this.bytes(part);
  }

  int32(value: number): this {
    const part = Buffer.allocUnsafe(4);
    part.writeInt32BE(value | 0);
    return this.bytes(part);
  }

  /** @throws MalformedMessageError for text with a NUL, which would end it early and let the rest be read as something else */
  text(value: string): this {
    if (value.includes('\0')) throw new MalformedMessageError('a string to be written has a NUL in it');
    return this.bytes(Buffer.from(`${value}\0`, 'utf8'));
  }

  bytes(value: Uint8Array): this {
    this.#parts.push(value);
    this.#length += value.length;
    return this;
  }

  /** The message with its type byte and length. */
  frame(type: string): Buffer {
    const head = Buffer.allocUnsafe(5);
    head[0] = type.charCodeAt(0);
    head.writeUInt32BE(this.#length + 4, 1);
    return Buffer.concat([head, ...this.#parts], this.#length + 5);
  }

  /** One of the untyped messages that open a connection: length and body. */
  untyped(): Buffer {
    const head = Buffer.allocUnsafe(4);
    head.writeUInt32BE(this.#length + 4);
    return Buffer.concat([head, ...this.#parts], this.#length + 4);
  }
}
