/** One rule as written, from its first word to its semicolon. `at` is the offset of `text` in the file, in UTF-16 units. */
export interface RuleText {
  readonly text: string;
  readonly at: number;
}

export type Split = { readonly ok: true; readonly rules: readonly RuleText[] } | { readonly ok: false; readonly say: string; readonly at: number };

/** Deepest nesting of brackets in a rule. Cedar's parser traps somewhere above 100. */
export const maxNesting = 32;
/** Most operator characters in a rule: a chain of operators is as deep as it is long, and evaluation traps somewhere above 300 links. */
export const maxOperators = 250;
/** Longest rule, in UTF-16 units. */
export const maxRuleLength = 16_384;

const opening = '([{';
const closing = ')]}';
const operators = '+-*.&|!<>=';

/**
 * Cuts a file of Cedar into rules and refuses what would nest too deep for the parser. Knows Cedar's strings (`"…"` with
 * backslash escapes) and comments (`//` to the end of the line), and that a semicolon outside of them ends a rule.
 */
export function splitRules(file: string): Split {
  if (!file.isWellFormed()) return { ok: false, say: 'this file is not well-formed Unicode', at: 0 };
  const rules: RuleText[] = [];
  let start = -1;
  let depth = 0;
  let joints = 0;
  for (let i = 0; i < file.length; i++) {
    const char = file.charAt(i);
    if (char === '/' && file.charAt(i + 1) === '/') {
      const end = file.indexOf('\n', i);
      i = end === -1 ? file.length : end;
      continue;
    }
    if (/\s/.test(char)) continue;
    if (start === -1) start = i;
    if (char === '"') {
      const end = stringEnd(file, i);
      if (end === -1) return { ok: false, say: 'this string does not end', at: i };
      i = end;
    } else if (opening.includes(char)) {
      if (++depth > maxNesting) return { ok: false, say: `a rule may nest brackets ${maxNesting} deep at most`, at: i };
    } else if (closing.includes(char)) {
      depth--;
    } else if (operators.includes(char) || isWord(file, i, 'if')) {
      if (++joints > maxOperators) return { ok: false, say: `a rule may have ${maxOperators} operator characters at most: write several rules`, at: i };
    } else if (char === ';') {
      rules.push({ text: file.slice(start, i + 1), at: start });
      if (i + 1 - start > maxRuleLength) return { ok: false, say: `a rule may have ${maxRuleLength} characters at most`, at: start };
      start = -1;
      depth = 0;
      joints = 0;
    }
  }
  return start === -1 ? { ok: true, rules } : { ok: false, say: 'this rule does not end with a semicolon', at: start };
}

function stringEnd(file: string, quote: number): number {
  for (let i = quote + 1; i < file.length; i++) {
    const char = file.charAt(i);
    if (char === '\\') i++;
    else if (char === '"') return i;
  }
  return -1;
}

const wordChar = /[A-Za-z0-9_]/;

function isWord(file: string, at: number, word: string): boolean {
  return file.startsWith(word, at) && !wordChar.test(file.charAt(at + word.length)) && !(at > 0 && wordChar.test(file.charAt(at - 1)));
}
