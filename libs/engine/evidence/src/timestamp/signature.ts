import { DerError, oidOf, partsOf, tags, type Der } from './der.ts';

// WebCrypto: the same in Node and in a browser.

const digests: Readonly<Record<string, string>> = { '1.3.14.3.2.26': 'SHA-1', '2.16.840.1.101.3.4.2.1': 'SHA-256', '2.16.840.1.101.3.4.2.2': 'SHA-384', '2.16.840.1.101.3.4.2.3': 'SHA-512' };
/** Kinds of signatures. `digest` null: what the signer says beside it. */
const kinds: Readonly<Record<string, { readonly key: 'RSA' | 'EC'; readonly digest: string | null }>> = {
  '1.2.840.113549.1.1.1': { key: 'RSA', digest: null },
  '1.2.840.113549.1.1.11': { key: 'RSA', digest: 'SHA-256' },
  '1.2.840.113549.1.1.12': { key: 'RSA', digest: 'SHA-384' },
  '1.2.840.113549.1.1.13': { key: 'RSA', digest: 'SHA-512' },
  '1.2.840.10045.4.3.2': { key: 'EC', digest: 'SHA-256' },
  '1.2.840.10045.4.3.3': { key: 'EC', digest: 'SHA-384' },
  '1.2.840.10045.4.3.4': { key: 'EC', digest: 'SHA-512' },
};
const curves: Readonly<Record<string, { readonly name: string; readonly bytes: number }>> = { '1.2.840.10045.3.1.7': { name: 'P-256', bytes: 32 }, '1.3.132.0.34': { name: 'P-384', bytes: 48 }, '1.3.132.0.35': { name: 'P-521', bytes: 66 } };

/** A digest by its object identifier. Throws DerError on one that is not known. */
export async function digest(oid: string, bytes: Uint8Array): Promise<Uint8Array> {
  const name = digests[oid];
  if (name === undefined) throw new DerError('a digest that is not known');
  return new Uint8Array(await crypto.subtle.digest(name, bytes.slice()));
}

export interface Signed {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
  /** Object identifiers of the signature's kind, and of the digest where that kind does not say it. */
  readonly kind: string;
  readonly digest: string | null;
  /** SubjectPublicKeyInfo. */
  readonly key: Der;
}

/** Whether a signature holds: RSA (PKCS #1) and ECDSA with SHA-2. False for kinds that are not understood. */
export async function holds({ bytes, signature, kind: oid, digest: said, key }: Signed): Promise<boolean> {
  const kind = kinds[oid];
  const hash = kind?.digest ?? digests[said ?? ''];
  if (kind === undefined || hash === undefined || hash === 'SHA-1') return false;
  const [algorithm] = partsOf(key, tags.sequence);
  const [type, curve] = partsOf(algorithm, tags.sequence);
  const spki = key.raw.slice();
  if (kind.key === 'RSA') {
    if (oidOf(type) !== '1.2.840.113549.1.1.1') return false;
    const imported = await crypto.subtle.importKey('spki', spki, { name: 'RSASSA-PKCS1-v1_5', hash }, false, ['verify']);
    return crypto.subtle.verify('RSASSA-PKCS1-v1_5', imported, signature.slice(), bytes.slice());
  }
  const on = oidOf(type) === '1.2.840.10045.2.1' ? curves[oidOf(curve)] : undefined;
  if (on === undefined) return false;
  const imported = await crypto.subtle.importKey('spki', spki, { name: 'ECDSA', namedCurve: on.name }, false, ['verify']);
  return crypto.subtle.verify({ name: 'ECDSA', hash }, imported, rawPoint(signature, on.bytes), bytes.slice());
}

/** r and s side by side, as WebCrypto wants them, instead of in DER. */
function rawPoint(signature: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const [whole] = partsOfBytes(signature);
  const out = new Uint8Array(bytes * 2);
  const numbers = partsOf(whole, tags.sequence);
  if (numbers.length !== 2) throw new DerError('not a signature');
  numbers.forEach((number, i) => {
    const value = number.content[0] === 0 ? number.content.subarray(1) : number.content;
    if (number.tag !== tags.integer || value.length > bytes) throw new DerError('not a signature');
    out.set(value, bytes * (i + 1) - value.length);
  });
  return out;
}

function partsOfBytes(bytes: Uint8Array): Der[] {
  return partsOf({ tag: tags.sequence, raw: bytes, content: bytes }, tags.sequence);
}
