/**
 * Makes text that came from elsewhere safe to print: a machine's statement must not move the cursor, hide part of itself or turn the
 * reading direction on an approver's terminal. Control characters, bidirectional controls, zero-width and other invisible
 * characters show as `\u{…}`; line breaks and tabs stay, and a carriage return shows.
 */
export function visible(text: string): string {
  return text.replace(unsafe, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same on one line. */
export function visibleLine(text: string): string {
  return visible(text).replaceAll('\n', '\\n').replaceAll('\t', ' ');
}

// Cc without tab and newline, Cf (bidi controls, zero-width, tags), Zl, Zp, unpaired surrogates, private use.
const unsafe = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;
