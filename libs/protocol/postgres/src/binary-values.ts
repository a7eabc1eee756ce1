import { isUtf8 } from 'node:buffer';

/** A value in binary format, as far as its type tells how to read it. */
export type BinaryReading =
  | { readonly kind: 'plain'; readonly value: string; readonly type: string }
  | { readonly kind: 'text'; readonly value: Buffer; readonly type: string }
  | { readonly kind: 'bytes'; readonly note: string | null };

/**
 * Reads a value in binary format (the `typsend` functions of the server) by the number of its type in pg_type; type 0 is one that the client
 * left to the server. Of a type that is not known here only the length is known, and what it would be if it were an integer or a text.
 */
export function readBinary(value: Buffer, type: number): BinaryReading {
  switch (type) {
    case 16:
      return value.length === 1 && (value[0] ?? 2) < 2 ? { kind: 'plain', value: value[0] === 1 ? 'true' : 'false', type: 'bool' } : unfit('bool');
    case 17:
      return { kind: 'bytes', note: null };
    case 18: case 19: case 25: case 114: case 705: case 1042: case 1043:
      return textOf(value, texts[type]);
    case 20:
      return value.length === 8 ? { kind: 'plain', value: String(value.readBigInt64BE()), type: 'int8' } : unfit('int8');
    case 21:
      return value.length === 2 ? { kind: 'plain', value: String(value.readInt16BE()), type: 'int2' } : unfit('int2');
    case 23:
      return value.length === 4 ? { kind: 'plain', value: String(value.readInt32BE()), type: 'int4' } : unfit('int4');
    case 26:
      return value.length === 4 ? { kind: 'plain', value: String(value.readUInt32BE()), type: 'oid' } : unfit('oid');
    case 700:
      return value.length === 4 ? { kind: 'plain', value: String(value.readFloatBE()), type: 'float4' } : unfit('float4');
    case 701:
      return value.length === 8 ? { kind: 'plain', value: String(value.readDoubleBE()), type: 'float8' } : unfit('float8');
    case 2950:
      return value.length === 16 ? { kind: 'plain', value: uuid(value.toString('hex')), type: 'uuid' } : unfit('uuid');
    case 3802:
      // jsonb: a version byte, 1, and the text.
      return value[0] === 1 ? textOf(value.subarray(1), 'jsonb') : unfit('jsonb');
    default:
      return { kind: 'bytes', note: guess(value) };
  }
}

const texts = { 18: '"char"', 19: 'name', 25: 'text', 114: 'json', 705: 'unknown', 1042: 'char', 1043: 'varchar' } as const;

const unfit = (type: string): BinaryReading => ({ kind: 'bytes', note: `declared ${type}, which it is not` });
const textOf = (value: Buffer, type: string): BinaryReading => (isUtf8(value) ? { kind: 'text', value, type } : unfit(type));
const uuid = (digits: string) => [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');

/** Longer values are not guessed at. */
const maxGuessed = 64;

/** What an untyped value would be: told beside its digits, not instead of them. */
function guess(value: Buffer): string {
  const guesses = [integer(value), printable(value)].filter((one) => one !== null);
  return guesses.length === 0 ? 'binary' : `binary; ${guesses.join('; ')}`;
}

function integer(value: Buffer): string | null {
  switch (value.length) {
    case 2:
      return `as an integer: ${value.readInt16BE()}`;
    case 4:
      return `as an integer: ${value.readInt32BE()}`;
    case 8:
      return `as an integer: ${value.readBigInt64BE()}`;
    default:
      return null;
  }
}

function printable(value: Buffer): string | null {
  if (value.length === 0 || value.length > maxGuessed || !isUtf8(value)) return null;
  const text = value.toString();
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(text) ? `as text: '${text.replaceAll("'", "''")}'` : null;
}
