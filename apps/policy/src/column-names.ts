/** More words than a statement of people has: what is beyond is not assumed to be a column, and so not proven to be none that is classified. */
const maxWords = 1_000;

// An identifier has 63 bytes at most. Without that bound many quotation marks in a row would take quadratic time.
const word = String.raw`(?:[\p{L}_][\p{L}\p{N}_$]*|"(?:[^"]|""){1,63}")`;
const words = new RegExp(word, 'gu');
/** `customers c`, `ledger.customers as c`, `) c`: the whole row has such a name, which is no column. */
const aliases = new RegExp(String.raw`(?:\b(?:from|join|using|into|update|only)\s+(?:${word}\s*\.\s*)?${word}|,\s*(?:${word}\s*\.\s*)?${word}|\))\s+(?:as\s+)?(${word})`, 'giu');
/** Begins where a word begins: else a long word would be tried from each of its characters. */
const qualifiers = new RegExp(String.raw`(?<![\p{L}\p{N}_$])(${word})\s*\.`, 'gu');

/** Words of a text that can name columns. Those that may name a whole row are left out: what they stand for is then not known. */
export function columnNames(text: string, tables: ReadonlySet<string>): readonly string[] {
  const rows = new Set([...capturesOf(aliases, text), ...capturesOf(qualifiers, text), ...tables]);
  const found = new Set<string>();
  for (const [each] of text.matchAll(words)) {
    const name = folded(each);
    if (!rows.has(name)) found.add(name);
    if (found.size >= maxWords) break;
  }
  return [...found];
}

function* capturesOf(pattern: RegExp, text: string): Generator<string> {
  for (const [, name] of text.matchAll(pattern)) if (name !== undefined) yield folded(name);
}

/** As the server folds identifiers: lower case unless quoted. */
function folded(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
}
