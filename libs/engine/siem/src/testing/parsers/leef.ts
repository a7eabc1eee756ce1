export interface LeefLine {
  readonly header: readonly string[];
  readonly attributes: ReadonlyMap<string, string>;
}

/** A small reader of LEEF 2.0, written from the format's description, not from our writer. */
export function parseLeef(line: string): LeefLine {
  if (/[\r\n]/.test(line)) throw new Error('more than one line');
  const parts = line.split('|');
  const header = parts.slice(0, 6);
  const delimiter = header[5] ?? '';
  const separator = /^0?x[0-9a-f]{2}$/i.test(delimiter) ? String.fromCharCode(parseInt(delimiter.slice(-2), 16)) : delimiter;
  const attributes = new Map<string, string>();
  for (const pair of parts.slice(6).join('|').split(separator)) {
    const at = pair.indexOf('=');
    if (at < 1) throw new Error('an attribute without key');
    if (attributes.has(pair.slice(0, at))) throw new Error('a key twice');
    attributes.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return { header, attributes };
}
