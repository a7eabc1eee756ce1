import type { CellMask, ColumnRef, MaskAction } from '@sallyport/domain-model';
import { foldHex, foldOctal, Window } from './detect/fold.ts';
import type { Tokens } from './token.ts';

const masked = Buffer.from('[masked]', 'latin1');
const maskedJson = Buffer.from('"[masked]"', 'latin1');
const maskedHex = Buffer.from(`\\x${masked.toString('hex')}`, 'latin1');
const maskedJsonb = withVersion(maskedJson);
const stars = '************';
/** A shorter value shows nothing: four of seven characters would be most of it. */
const shortestForLastFour = 8;

/**
 * What a rule does to cells of this type, as it will be counted: what cannot carry a text becomes the absent value, and a document or
 * bytes have no last four characters.
 */
export function effective(type: ColumnRef['type'], action: MaskAction): MaskAction {
  switch (type) {
    case 'text':
      return action;
    case 'json':
    case 'bytes':
      return action === 'last4' ? 'redact' : action;
    case 'number':
    case 'temporal':
    case 'boolean':
    case 'uuid':
    case 'other':
      return 'null';
    default:
      return 'null';
  }
}

/** The mask of a column that has a rule: every cell is hidden, whatever is in it. `tokens` is null when the plan has no token rule. */
export function cover(column: Pick<ColumnRef, 'type' | 'format'>, tag: string, action: MaskAction, tokens: Tokens | null, count: { cells: number }): CellMask {
  const hide = covering(column, tag, effective(column.type, action), tokens);
  return (bytes, start, end) => {
    count.cells++;
    return hide(bytes, start, end);
  };
}

type Hide = (bytes: Uint8Array, start: number, end: number) => Uint8Array | null;
const absent: Hide = () => null;

function covering({ type, format }: Pick<ColumnRef, 'type' | 'format'>, tag: string, action: MaskAction, tokens: Tokens | null): Hide {
  if (action === 'null') return absent;
  const token = action === 'token' ? tokens : null;
  switch (type) {
    case 'text':
      if (token !== null) return (bytes, start, end) => token.of(tag, bytes, start, end);
      return action === 'last4' ? lastFour : () => masked;
    case 'json':
      return (bytes, start, end) => json(token, tag, format === 'binary' && bytes[start] === 1 && end > start, bytes, start, end);
    case 'bytes':
      if (token === null) return format === 'binary' ? () => masked : () => maskedHex;
      return format === 'binary' ? (bytes, start, end) => token.of(tag, bytes, start, end) : (bytes, start, end) => hexToken(token, tag, bytes, start, end);
    default:
      return absent;
  }
}

/** The last four characters (not bytes), trailing blanks of `char(n)` left out. */
function lastFour(bytes: Uint8Array, start: number, end: number): Uint8Array {
  while (end > start && bytes[end - 1] === 0x20) end--;
  let from = end;
  let characters = 0;
  let shown = end;
  while (from > start && characters < shortestForLastFour) {
    from--;
    if (((bytes[from] ?? 0) & 0xc0) === 0x80) continue;
    if (++characters === 4) shown = from;
  }
  if (characters < shortestForLastFour) return masked;
  const result = Buffer.allocUnsafe(stars.length + end - shown);
  result.write(stars, 0, 'latin1');
  for (let i = shown; i < end; i++) result[stars.length + i - shown] = bytes[i] ?? 0;
  return result;
}

/** A JSON string. `jsonb` has a version byte in front of its text when sent in binary. */
function json(token: Tokens | null, tag: string, versioned: boolean, bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (token === null) return versioned ? maskedJsonb : maskedJson;
  const quoted = Buffer.concat([quote, token.of(tag, bytes, versioned ? start + 1 : start, end), quote]);
  return versioned ? withVersion(quoted) : quoted;
}

/** The token of the bytes themselves, so that text and binary form give the same one. */
function hexToken(token: Tokens, tag: string, bytes: Uint8Array, start: number, end: number): Uint8Array {
  const value = decodeBytes(bytes, start, end);
  const of = token.of(tag, value, 0, value.length);
  return Buffer.from(`\\x${Buffer.from(of.buffer, of.byteOffset, of.byteLength).toString('hex')}`, 'latin1');
}

function decodeBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const hex = bytes[start] === 0x5c && bytes[start + 1] === 0x78;
  const window = new Window();
  const parts: Uint8Array[] = [];
  for (let at = hex ? start + 2 : start; at < end; at = window.next) {
    window.length = 0;
    (hex ? foldHex : foldOctal)(bytes, at, end, window);
    parts.push(Buffer.from(window.bytes.subarray(0, window.length)));
  }
  return Buffer.concat(parts);
}

const quote = Uint8Array.of(0x22);

function withVersion(json: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(1), json]);
}
