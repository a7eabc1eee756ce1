import type { ScanToken } from 'libpg-query';
import type { Parser } from './parser.ts';

/** Longer texts are not taken apart for a shape: scanning costs more than parsing. */
const maxScanned = 64 * 1024;
/** Characters of a shape that are kept. */
const maxShape = 4_096;

/** How every literal begins, whatever the scanner calls it: a quote (E, B, X, N, U& before it), a dollar quote, a digit, a point and a digit. */
const literal = /^(?:(?:[ebxn]|u&)?'|\$(?![0-9])|\.?[0-9])/i;
/** The scanner gives comments too; they are left out. */
const comments: ReadonlySet<string> = new Set(['SQL_COMMENT', 'C_COMMENT']);
/** Statements in which a bare word may be a value (`set x to secret`): their text is not kept. */
const wordy: ReadonlySet<string> = new Set(['ALTER SYSTEM', 'ALTER ROLE SET', 'ALTER DATABASE SET']);

/**
 * The text with every literal replaced by `$n` (numbered after the statement's own parameters), comments left out and white space
 * made single. Where the lexer is not certain: the kind of statement and nothing of its text. Names are kept, aliases too.
 */
export function shapeOf(parser: Parser, text: string, kind: string, setting: string | null, key: string | null): string {
  if (setting !== null) return `${kind} ${setting} = $1`;
  if (wordy.has(kind)) return `${kind} …`;
  if (key !== null) return shapeOfTemplate(key);
  if (text.length > maxScanned) return `${kind} …`;
  const tokens = parser.scan(text)?.tokens as readonly Token[] | undefined;
  return tokens ? assemble(tokens) : `${kind} …`;
}

type Token = Pick<ScanToken, 'start' | 'end'> & { readonly text?: string; readonly tokenName?: string };

function assemble(tokens: readonly Token[]): string {
  let next = tokens.reduce((highest, token) => Math.max(highest, token.tokenName === 'PARAM' ? Number((token.text ?? '').slice(1)) || 0 : 0), 0);
  let shape = '';
  let end = 0;
  for (const token of tokens) {
    if (comments.has(token.tokenName ?? '')) continue;
    const gap = shape !== '' && (token.start ?? 0) > end ? ' ' : '';
    shape += gap + (literal.test(token.text ?? '') ? `$${++next}` : (token.text ?? ''));
    end = token.end ?? 0;
    if (shape.length > maxShape) return `${shape.slice(0, maxShape)}…`;
  }
  return shape;
}

/**
 * The shape from a template, which has taken the text apart already: marks become `$n`, and so does what is still a number (after LIMIT).
 * Gives what the scanner's tokens give, at a fortieth of the cost.
 */
function shapeOfTemplate(key: string): string {
  let next = highestParameter(key);
  let shape = '';
  let from = 0;
  let isWord = false;
  for (let i = 0; i < key.length && shape.length + i - from <= maxShape; ) {
    const c = key.charCodeAt(i);
    if (c === 34) {
      i = key.indexOf('"', i + 1) + 1;
      isWord = true;
    } else if (c === 39 || (isDigit(c) && !isWord)) {
      shape += `${key.slice(from, i)}$${++next}`;
      i = c === 39 ? i + 1 : afterDigits(key, i);
      from = i;
    } else {
      isWord = isDigit(c) || (c | 32) >= 97 && (c | 32) <= 122 || c === 95 || c === 36;
      i++;
    }
  }
  shape = (shape + key.slice(from)).trim();
  return shape.length > maxShape ? `${shape.slice(0, maxShape)}…` : shape;
}

function highestParameter(key: string): number {
  let highest = 0;
  for (let i = key.indexOf('$'); i >= 0; i = key.indexOf('$', i + 1)) highest = Math.max(highest, Number.parseInt(key.slice(i + 1, i + 8), 10) || 0);
  return highest;
}

function afterDigits(key: string, from: number): number {
  let i = from;
  while (isDigit(key.charCodeAt(i)) || key.charCodeAt(i) === 46) i++;
  return i;
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}
