export interface CefLine {
  readonly header: readonly string[];
  readonly extension: ReadonlyMap<string, string>;
}

/** A small reader of CEF, written from the format's description, not from our writer. */
export function parseCef(line: string): CefLine {
  const header: string[] = [];
  let part = '';
  let at = 0;
  for (; header.length < 7; at++) {
    const c = line[at];
    if (c === undefined) throw new Error('the header ends early');
    if (c === '\\') part += line[++at] ?? '';
    else if (c === '|') {
      header.push(part);
      part = '';
    } else part += c;
  }
  const extension = new Map<string, string>();
  // A key is what stands before an unescaped `=`, from the last blank before it.
  const body = line.slice(at);
  const keys = [...body.matchAll(/(?:^| )([A-Za-z0-9]+)=/g)].filter((match) => !isEscaped(body, match.index + match[0].length - 1));
  keys.forEach((match, i) => {
    const value = body.slice(match.index + match[0].length, keys[i + 1]?.index ?? body.length);
    extension.set(match[1] ?? '', unescape(value));
  });
  return { header, extension };
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}

function unescape(value: string): string {
  let out = '';
  for (let i = 0; i < value.length; i++) {
    const c = value[i] ?? '';
    if (c === '=' || c === '\n' || c === '\r') throw new Error('an unescaped character in a value');
    if (c !== '\\') out += c;
    else {
      const next = value[++i] ?? '';
      out += next === 'n' ? '\n' : next === 'r' ? '\r' : next;
    }
  }
  return out;
}
