import { isUtf8 } from 'node:buffer';
import type { ShownParameter, ShownParameters } from '@sallyport/domain-model';
import { Fields } from './messages/fields.ts';
import { MalformedMessageError } from './messages/malformed.ts';
import { readBinary } from './binary-values.ts';

/** Bytes of one value that are shown. */
const maxValue = 4096;
/** Bytes of all values of one command that are shown, and parameters that are listed. A text and these fit one message of the bus. */
const maxShown = 128 * 1024;
const maxListed = 1000;

/**
 * The parameter block of Bind (docs "Message Formats", as `readBind` delimits it) for people's eyes: Int16 count of format codes (0 text, 1 binary),
 * Int16 each; Int16 count of values, each Int32 length (-1: NULL) and bytes. No format code: all text; one: for all values.
 *
 * Text is shown as text. A binary value is read where Parse declared a type that is known here, else it is hexadecimal digits; types
 * that were left to the server are not known. @param types type numbers of Parse, may be shorter than the list of values
 */
export function showParameters(block: Uint8Array, types: readonly number[] = []): ShownParameters {
  try {
    return show(new Fields('Bind', Buffer.from(block.buffer, block.byteOffset, block.byteLength), 0, block.byteLength), types);
  } catch (error) {
    if (!(error instanceof MalformedMessageError)) throw error;
    return { list: [], missing: `unreadable (${block.byteLength} bytes)` };
  }
}

function show(fields: Fields, types: readonly number[]): ShownParameters {
  const formats = Array.from({ length: fields.uint16('format count') }, () => fields.uint16('format code'));
  const count = fields.uint16('parameter count');
  if (formats.some((code) => code > 1) || (formats.length > 1 && formats.length !== count)) throw fields.wrong('formats that do not fit');
  const list: ShownParameter[] = [];
  let room = maxShown;
  let more = { count: 0, bytes: 0 };
  for (let i = 0; i < count; i++) {
    const length = fields.int32('parameter length');
    const from = length === -1 ? fields.at : fields.skip(length, 'parameter');
    if (list.length >= maxListed || room <= 0) {
      more = { count: more.count + 1, bytes: more.bytes + Math.max(length, 0) };
      continue;
    }
    const value = length === -1 ? null : fields.bytes.subarray(from, fields.at);
    list.push({ name: `$${i + 1}`, ...one(value, formats[formats.length === 1 ? 0 : i] ?? 0, types[i] ?? 0) });
    // What a line costs besides its value is counted too.
    room -= 16 + Math.min(Math.max(length, 0), maxValue);
  }
  fields.done();
  return { list, missing: more.count === 0 ? null : `${more.count} more, ${more.bytes} bytes, are not shown` };
}

type Shown = Omit<ShownParameter, 'name'>;

function one(value: Buffer | null, format: number, type: number): Shown {
  if (value === null) return { kind: 'null', value: '', leftOut: 0, note: null };
  if (format === 0) return isUtf8(value) ? text(value, null) : hex(value, 'text that is not UTF-8');
  const read = readBinary(value, type);
  switch (read.kind) {
    case 'plain':
      return { kind: 'plain', value: read.value, leftOut: 0, note: read.type };
    case 'text':
      return text(read.value, read.type);
    case 'bytes':
      return hex(value, read.note);
    default:
      return hex(value, unknownReading(read));
  }
}

function text(value: Buffer, note: string | null): Shown {
  const end = value.length <= maxValue ? value.length : wholeCharacters(value, maxValue);
  return { kind: 'text', value: value.toString('utf8', 0, end), leftOut: value.length - end, note };
}

/** The end of the last whole character before `end`: a continuation byte (10xxxxxx) there belongs to one that is cut. */
function wholeCharacters(value: Buffer, end: number): number {
  let at = end;
  while (at > 0 && ((value[at] ?? 0) & 0xc0) === 0x80) at--;
  return at;
}

/** Half as many bytes: each takes two digits. */
function hex(value: Buffer, note: string | null): Shown {
  const end = Math.min(value.length, maxValue / 2);
  return { kind: 'bytes', value: value.toString('hex', 0, end), leftOut: value.length - end, note };
}

function unknownReading(_read: never): string {
  return 'binary';
}
