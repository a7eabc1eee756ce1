/** Shorter stretches are not worth a look. */
const worth = 1024;

/**
 * Bytes of a text that make reading it take long: all but long literals and comments, over which lexer and parser pass in one go. (Drivers that
 * put parameters into the text make such literals.) Where this does not lex as PostgreSQL does (prefixed literals, backslashes, comments in
 * comments), the whole text counts: the answer may be too large, and it is a bound on work only, nothing is decided by it.
 */
export function weight(text: string): number {
  const bytes = Buffer.byteLength(text);
  if (bytes <= worth) return bytes;
  let light = 0;
  const begins = /['"$]|--|\/\*/g;
  for (let found = begins.exec(text); found !== null; found = begins.exec(text)) {
    const from = begins.lastIndex;
    const end = endOf(text, found[0], from);
    if (end === null) return bytes;
    begins.lastIndex = end.next;
    if (end.passes && end.inner - from >= worth) light += Buffer.byteLength(text.slice(from, end.inner));
  }
  return bytes - light;
}

interface End {
  /** Where the stretch ends, and where what follows begins. */
  readonly inner: number;
  readonly next: number;
  /** False for what is parsed again later, or is a name. */
  readonly passes: boolean;
}

/** Null where it is not told for certain. */
function endOf(text: string, opener: string, from: number): End | null {
  switch (opener) {
    case "'":
      return /[\w&$]/.test(text.charAt(from - 2)) ? null : endOfString(text, from);
    case '"':
      return until(text, '"', from, false);
    case '--':
      return until(text, '\n', from, true) ?? { inner: text.length, next: text.length, passes: true };
    case '/*': {
      const end = until(text, '*/', from, true);
      return end === null || text.slice(from, end.inner).includes('/*') ? null : end;
    }
    default: {
      const tag = /^[A-Za-z_]?\w*\$/.exec(text.slice(from, from + 64))?.[0];
      if (tag === undefined || /[\w$]/.test(text.charAt(from - 2))) return { inner: from, next: from, passes: false };
      return until(text, `$${tag}`, from + tag.length, false);
    }
  }
}

function endOfString(text: string, from: number): End | null {
  for (let at = text.indexOf("'", from); at >= 0; at = text.indexOf("'", at + 2)) {
    if (text.charAt(at + 1) === "'") continue;
    return text.slice(from, at).includes('\\') ? null : { inner: at, next: at + 1, passes: true };
  }
  return null;
}

function until(text: string, closer: string, from: number, passes: boolean): End | null {
  const at = text.indexOf(closer, from);
  return at < 0 ? null : { inner: at, next: at + closer.length, passes };
}
