/** One element of DER (X.690): as much as certificates and timestamp tokens need. */
export interface Der {
  readonly tag: number;
  /** All of it, with tag and length. */
  readonly raw: Uint8Array;
  readonly content: Uint8Array;
}

/** The bytes are not what a timestamp token or a certificate is made of. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

export const tags = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, utcTime: 0x17, generalizedTime: 0x18, sequence: 0x30, set: 0x31, zero: 0xa0, three: 0xa3 } as const;

/** Exactly one element. Throws DerError on anything else. */
export function derOf(bytes: Uint8Array): Der {
  const [only, ...more] = elementsOf(bytes);
  if (only === undefined || more.length > 0) throw new DerError('not one element');
  return only;
}

/** What a constructed element is made of, if it has that tag. */
export function partsOf(element: Der | undefined, tag: number): Der[] {
  return elementsOf(expect(element, tag).content);
}

export function expect(element: Der | undefined, tag: number): Der {
  if (element?.tag !== tag) throw new DerError('another element than is expected');
  return element;
}

function elementsOf(bytes: Uint8Array): Der[] {
  const found: Der[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { header, length } = lengthAt(bytes, at);
    const end = at + header + length;
    if (end > bytes.length) throw new DerError('an element ends too late');
    found.push({ tag: bytes[at] ?? 0, raw: bytes.subarray(at, end), content: bytes.subarray(at + header, end) });
    at = end;
  }
  return found;
}

/** Tags of one byte, lengths of up to three. */
function lengthAt(bytes: Uint8Array, at: number): { readonly header: number; readonly length: number } {
  const first = bytes[at + 1];
  if (first === undefined || ((bytes[at] ?? 0) & 0x1f) === 0x1f) throw new DerError('an element that is not understood');
  if (first < 0x80) return { header: 2, length: first };
  const count = first & 0x7f;
  if (count === 0 || count > 3 || at + 2 + count > bytes.length) throw new DerError('a length that is not understood');
  let length = 0;
  for (const byte of bytes.subarray(at + 2, at + 2 + count)) length = length * 256 + byte;
  return { header: 2 + count, length };
}

/** An object identifier as text. */
export function oidOf(element: Der | undefined): string {
  const parts: number[] = [];
  let value = 0;
  for (const byte of expect(element, tags.oid).content) {
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (parts.length === 0) parts.push(Math.min(2, Math.floor(value / 40)), value - Math.min(2, Math.floor(value / 40)) * 40);
    else parts.push(value);
    value = 0;
  }
  return parts.join('.');
}

/** UTCTime or GeneralizedTime in UTC, milliseconds since 1970. */
export function timeOf(element: Der | undefined): number {
  const text = String.fromCharCode(...(element?.content ?? []));
  const full = element?.tag === tags.utcTime ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : element?.tag === tags.generalizedTime ? text : '';
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z$/.exec(full);
  if (parts === null) throw new DerError('not a time');
  const [, year, month, day, hour, minute, second, fraction = ''] = parts;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.slice(0, 4)}Z`);
}
