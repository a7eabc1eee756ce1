/**
 * A name as PostgreSQL reads it from a string (`'Ledger."Entries"'` given to regclass): folded to lower case unless quoted.
 * Null for anything that is not one to three plain parts, numbers (oids) included.
 */
export function identifiers(text: string): readonly string[] | null {
  const parts: string[] = [];
  const one = /\s*(?:"((?:[^"]|"")+)"|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*))\s*(\.|$)/y;
  for (;;) {
    const match = one.exec(text);
    if (!match) return null;
    parts.push(match[1] !== undefined ? match[1].replaceAll('""', '"') : fold(match[2] ?? ''));
    if (match[3] === '') return parts.length <= 3 ? parts : null;
  }
}

/** Only ASCII letters: what the server does with others depends on its encoding. */
function fold(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
