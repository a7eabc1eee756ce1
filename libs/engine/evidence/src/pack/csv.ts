/** RFC 4180, with quotes only where they are needed and CRLF as it asks. Numbers in decimal, null as an empty field. */
export function csv(header: readonly string[], rows: Iterable<readonly (string | number | null)[]>): string {
  let text = line(header);
  for (const row of rows) text += line(row);
  return text;
}

function line(fields: readonly (string | number | null)[]): string {
  return `${fields.map(field).join(',')}\r\n`;
}

function field(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  // A spreadsheet takes these for formulas: an apostrophe keeps them what they are.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
