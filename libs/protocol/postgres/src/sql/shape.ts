import type { ScanToken } from 'libpg-query';
import type { Parser } from './parser.ts';

/** Longer texts are not taken apart for a shape: scanning costs more than parsing. */
const maxScanned = 64 * 1024;
/** Characters of a shape that are kept. */
const maxShape = 4_096;

/** Tokens whose text is a value. The scanner gives comments too; they are left out. */
const literals: ReadonlySet<string> = new Set(['SCONST', 'USCONST', 'BCONST', 'XCONST', 'ICONST', 'FCONST']);
const comments: ReadonlySet<string> = new Set(['SQL_COMMENT', 'C_COMMENT']);
/** Statements in which a bare word may be a value (`set x to secret`): their text is not kept. */
const wordy: ReadonlySet<string> = new Set(['ALTER SYSTEM', 'ALTER ROLE SET', 'ALTER DATABASE SET']);

/**
 * The text with every literal replaced by `$n` (numbered after the statement's own parameters), comments left out and white space
 * made single. Where the lexer is not certain: the kind of statement and nothing of its text. Names are kept, aliases too.
 */
export function shapeOf(parser: Parser, text: string, kind: string, setting: string | null): string {
  if (setting !== null) return `${kind} ${setting} = $1`;
  if (text.length > maxScanned || wordy.has(kind)) return `${kind} …`;
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
    shape += gap + (literals.has(token.tokenName ?? '') ? `$${++next}` : (token.text ?? ''));
    end = token.end ?? 0;
    if (shape.length > maxShape) return `${shape.slice(0, maxShape)}…`;
  }
  return shape;
}
