const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const values = new Uint8Array(256).fill(255);
for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i;
const pad = 0x3d;

/** The bytes of base64 that stands in a file as bytes: for texts too long for strings. Strict as `fromBase64`; null otherwise. */
export function decodeBase64(source: Uint8Array): Uint8Array | null {
  const { length } = source;
  if (length % 4 !== 0) return null;
  if (length === 0) return new Uint8Array();
  const pads = source[length - 1] !== pad ? 0 : source[length - 2] !== pad ? 1 : 2;
  const out = new Uint8Array((length / 4) * 3 - pads);
  let at = 0;
  for (let i = 0; i < length; i += 4) {
    const last = i + 4 === length ? pads : 0;
    const a = value(source[i]);
    const b = value(source[i + 1]);
    const c = last === 2 ? 0 : value(source[i + 2]);
    const d = last > 0 ? 0 : value(source[i + 3]);
    if ((a | b | c | d) > 63) return null;
    if ((last === 2 && (b & 15) !== 0) || (last === 1 && (c & 3) !== 0)) return null;
    out[at++] = (a << 2) | (b >> 4);
    if (last < 2) out[at++] = ((b & 15) << 4) | (c >> 2);
    if (last < 1) out[at++] = ((c & 3) << 6) | d;
  }
  return out;
}

function value(byte: number | undefined): number {
  return values[byte ?? 0] ?? 255;
}
