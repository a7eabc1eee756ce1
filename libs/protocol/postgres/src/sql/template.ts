/** Longer texts are left to the parser. */
const maxText = 65_536;

const out = Buffer.allocUnsafeSlow(maxText + 16);

/**
 * The text with string and number literals replaced by a mark and white space made single, as a cache key for texts that differ
 * in literals only. Null wherever lexing depends on settings or needs more care than this: backslashes, dollar quotes, comments,
 * prefixed literals (E'', U&'', B''), non-ASCII, several statements. The number after LIMIT is kept, since policies ask for it.
 * A key must never stand for two texts that differ in more than literals: when in doubt, null.
 */
export function template(text: string): string | null {
  if (text.length > maxText) return null;
  let o = 0;
  let i = 0;
  let isWord = false;
  while (i < text.length) {
    const c = text.charCodeAt(i);
    if (c === quote) {
      if (isWord || text.charCodeAt(i - 1) === ampersand) return null;
      i = afterString(text, i + 1);
      if (i < 0 || isWordChar(text.charCodeAt(i)) || text.charCodeAt(i) === doubleQuote) return null;
      out[o++] = quote;
    } else if (c === doubleQuote) {
      if (isWord || text.charCodeAt(i - 1) === ampersand) return null;
      const end = text.indexOf('"', i + 1);
      if (end < 0) return null;
      for (; i <= end; i++) {
        const inside = text.charCodeAt(i);
        if (inside > 126 || inside < 32) return null;
        out[o++] = inside;
      }
      isWord = true;
    } else if (isDigit(c) && !isWord) {
      const end = afterNumber(text, i);
      if (end < 0) return null;
      if (followsLimit(o)) for (; i < end; i++) out[o++] = text.charCodeAt(i);
      else out[o++] = zero;
      i = end;
    } else if (c === space || c === newline || c === tab || c === carriage) {
      if (out[o - 1] !== space || o === 0) out[o++] = space;
      isWord = false;
      i++;
    } else {
      if (!isPlain(text, i, c, isWord)) return null;
      if (c === dollar) {
        // A parameter: its number is part of the form.
        out[o++] = c;
        i++;
        const end = afterNumber(text, i);
        if (end < 0) return null;
        for (; i < end; i++) out[o++] = text.charCodeAt(i);
        continue;
      }
      if (c === semicolon) return endsHere(text, i) ? out.toString('latin1', 0, o) : null;
      out[o++] = c;
      isWord = isWordChar(c);
      i++;
    }
  }
  return out.toString('latin1', 0, o);
}

const quote = 39;
const doubleQuote = 34;
const ampersand = 38;
const dollar = 36;
const semicolon = 59;
const space = 32;
const newline = 10;
const tab = 9;
const carriage = 13;
const zero = 48;

/** What may stand outside of literals and identifiers in quotes. */
function isPlain(text: string, at: number, c: number, isWord: boolean): boolean {
  if (c === 92 || c > 126 || c < 32) return false;
  const next = text.charCodeAt(at + 1);
  if ((c === 45 && next === 45) || (c === 47 && next === 42)) return false;
  return c !== dollar || (!isWord && isDigit(next));
}

/** Past the closing quote, -1 for an open string, a backslash or what is not plain ASCII. */
function afterString(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 92 || c > 126 || c === 0) return -1;
    if (c !== quote) continue;
    if (text.charCodeAt(i + 1) !== quote) return i + 1;
    i++;
  }
  return -1;
}

/** Past digits and one fraction; -1 when a letter, a quote or another point follows (exponents, 0x, 1_000, junk). */
function afterNumber(text: string, from: number): number {
  let i = from;
  while (isDigit(text.charCodeAt(i))) i++;
  if (text.charCodeAt(i) === 46) {
    i++;
    while (isDigit(text.charCodeAt(i))) i++;
  }
  const c = text.charCodeAt(i);
  return isWordChar(c) || c === quote || c === doubleQuote || c === 46 ? -1 : i;
}

/** The key so far ends in the word LIMIT and a space. */
function followsLimit(o: number): boolean {
  if (o < 7 || out[o - 1] !== space || isWordChar(out[o - 7] ?? 0) || out[o - 7] === doubleQuote) return false;
  for (let at = 0; at < 5; at++) if (((out[o - 6 + at] ?? 0) | 32) !== 'limit'.charCodeAt(at)) return false;
  return true;
}

/** The same rule on the text itself, for the reader: was the number at this place kept in the key? */
export function keepsNumber(text: string, at: number): boolean {
  return /(?:^|[^A-Za-z0-9_$"])limit[ \n\t\r]+$/i.test(text.slice(Math.max(0, at - 64), at)) && /^\d+(?![\w.'"])/.test(text.slice(at, at + 24));
}

function endsHere(text: string, at: number): boolean {
  for (let i = at + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c !== space && c !== newline && c !== tab && c !== carriage) return false;
  }
  return true;
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

function isWordChar(c: number): boolean {
  return (c >= 48 && c <= 57) || ((c | 32) >= 97 && (c | 32) <= 122) || c === 95 || c === 36;
}
