import { MalformedMessageError } from '../messages/malformed.ts';

/** How a COPY row is written (PostgreSQL documentation, COPY, "File Formats"). All single bytes but `nullText`. */
export interface CopyFormat {
  readonly kind: 'text' | 'csv';
  readonly delimiter: string;
  readonly nullText: string;
  readonly quote: string;
  readonly escape: string;
}

const newline = 0x0a;
const backslash = 0x5c;

/** Splits one row, with its end of line, into unescaped fields; null for SQL NULL. */
export function splitFields(bytes: Buffer, start: number, end: number, format: CopyFormat): (Buffer | null)[] {
  let stop = end;
  if (stop === start || bytes[stop - 1] !== newline) throw new MalformedMessageError('a COPY message is not one whole row');
  stop--;
  if (stop > start && bytes[stop - 1] === 0x0d) stop--;
  return format.kind === 'text' ? splitText(bytes, start, stop, format) : splitCsv(bytes, start, stop, format);
}

export function joinFields(fields: readonly (Buffer | null)[], format: CopyFormat): Buffer {
  const parts: Buffer[] = [];
  const delimiter = Buffer.from(format.delimiter);
  fields.forEach((field, i) => {
    if (i > 0) parts.push(delimiter);
    if (field === null) parts.push(Buffer.from(format.nullText));
    else parts.push(format.kind === 'text' ? escapeText(field, format) : quoteCsv(field, format));
  });
  parts.push(Buffer.from('\n'));
  return Buffer.concat(parts);
}

function splitText(bytes: Buffer, start: number, end: number, format: CopyFormat): (Buffer | null)[] {
  const delimiter = format.delimiter.charCodeAt(0);
  const fields: (Buffer | null)[] = [];
  let from = start;
  let escaped = false;
  for (let i = start; ; i++) {
    if (i < end && bytes[i] === backslash) {
      escaped = true;
      i++;
      continue;
    }
    if (i < end && bytes[i] !== delimiter) continue;
    const raw = bytes.subarray(from, Math.min(i, end));
    fields.push(raw.toString('latin1') === format.nullText ? null : escaped ? unescapeText(raw) : raw);
    escaped = false;
    from = i + 1;
    if (i >= end) return fields;
  }
}

const named: ReadonlyMap<number, number> = new Map([[0x62, 8], [0x66, 12], [0x6e, 10], [0x72, 13], [0x74, 9], [0x76, 11]]);
const back: ReadonlyMap<number, string> = new Map([[8, '\\b'], [12, '\\f'], [10, '\\n'], [13, '\\r'], [9, '\\t'], [11, '\\v'], [backslash, '\\\\']]);

function unescapeText(raw: Buffer): Buffer {
  const out = Buffer.allocUnsafe(raw.length);
  let to = 0;
  for (let i = 0; i < raw.length; i++) {
    const byte = raw[i] ?? 0;
    if (byte !== backslash) {
      out[to++] = byte;
      continue;
    }
    // COPY TO writes the named escapes and a backslash before any other byte; octal and hex forms are read by COPY FROM only.
    const next = raw[++i] ?? backslash;
    out[to++] = named.get(next) ?? next;
  }
  return out.subarray(0, to);
}

function escapeText(field: Buffer, format: CopyFormat): Buffer {
  const delimiter = format.delimiter.charCodeAt(0);
  const out: number[] = [];
  for (const byte of field) {
    const escape = back.get(byte);
    if (escape !== undefined) out.push(...Buffer.from(escape));
    else if (byte === delimiter) out.push(backslash, byte);
    else out.push(byte);
  }
  return Buffer.from(out);
}

function splitCsv(bytes: Buffer, start: number, end: number, format: CopyFormat): (Buffer | null)[] {
  const delimiter = format.delimiter.charCodeAt(0);
  const quote = format.quote.charCodeAt(0);
  const escape = format.escape.charCodeAt(0);
  const fields: (Buffer | null)[] = [];
  let at = start;
  for (;;) {
    const out: number[] = [];
    let quoted = false;
    let inside = false;
    for (; at < end && (inside || bytes[at] !== delimiter); at++) {
      const byte = bytes[at] ?? 0;
      if (inside && byte === escape && at + 1 < end && (bytes[at + 1] === quote || bytes[at + 1] === escape)) out.push(bytes[++at] ?? 0);
      else if (byte === quote) {
        inside = !inside;
        quoted = true;
      } else out.push(byte);
    }
    if (inside) throw new MalformedMessageError('a csv row ends within quotes');
    const field = Buffer.from(out);
    fields.push(!quoted && field.toString('latin1') === format.nullText ? null : field);
    if (at >= end) return fields;
    at++;
  }
}

function quoteCsv(field: Buffer, format: CopyFormat): Buffer {
  const text = field.toString('latin1');
  const plain = text !== format.nullText && text !== '' && !text.includes(format.delimiter) && !text.includes(format.quote) && !/[\r\n\\]/.test(text);
  if (plain) return field;
  const escaped = text.split(format.escape).join(format.escape + format.escape);
  const full = format.escape === format.quote ? escaped : escaped.split(format.quote).join(format.escape + format.quote);
  return Buffer.from(`${format.quote}${full}${format.quote}`, 'latin1');
}
