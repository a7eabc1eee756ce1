/**
 * PostgreSQL's lexer reads a run of operator characters again from each of its characters: 100 000 of `+` or of `/*` in a row cost
 * it seconds to minutes. This bounds that before the text is given to it. Runs inside strings and comments cost the lexer
 * nothing but are counted here too, since telling them apart would be a lexer of our own; the bound leaves room for them.
 */
export function lexingCost(text: string): number {
  let cost = 0;
  let run = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 128 && operator[code] === 1) run++;
    else if (run > 0) {
      cost += run * run;
      run = 0;
    }
  }
  return cost + run * run;
}

/** About 25 ms of lexing: one run of 6 000 characters, or a thousand of 200. */
export const maxLexingCost = 40_000_000;

const operator = new Uint8Array(128);
for (const char of '~!@#^&|`?+-*/%<>=') operator[char.charCodeAt(0)] = 1;
