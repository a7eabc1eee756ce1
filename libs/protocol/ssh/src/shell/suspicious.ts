import { limits } from './limits.ts';

/** True for a text that would take the parser much longer than its length. It is not parsed. */
export function costly(text: string): boolean {
  return count(text, /<</g) > limits.hereDocuments || count(text, /[$<>][({]|`/g) > limits.openings;
}

function count(text: string, what: RegExp): number {
  return text.match(what)?.length ?? 0;
}

/**
 * True for spellings of a text that shells take differently, or that our parser was seen to take differently from them. Their effects are
 * still looked for; the whole is opaque.
 */
export function suspicious(text: string): boolean {
  // The end of a line taken away within a word: `r\⏎m`, `$\⏎(rm)`.
  if (/[^\s]\\\n/.test(text)) return true;
  // Lines joined in a here-document, whose end then is elsewhere.
  if (text.includes('<<') && text.includes('\\\n')) return true;
  // Arithmetic of old.
  return text.includes('$[');
}
