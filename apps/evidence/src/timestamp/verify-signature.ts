import { createHash, verify, type KeyObject } from 'node:crypto';
import type { SignerInfo } from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { refuse } from './timestamp-error.ts';
import type { Token } from './token.ts';

// RFC 5652, 5.4 and 11.

const digests: Readonly<Record<string, string>> = { '2.16.840.1.101.3.4.2.1': 'sha256', '2.16.840.1.101.3.4.2.2': 'sha384', '2.16.840.1.101.3.4.2.3': 'sha512' };

/** Kinds of signatures by object identifier. `digest` null: whatever the signer says. */
const kinds: Readonly<Record<string, { readonly key: string; readonly digest: string | null }>> = {
  '1.2.840.113549.1.1.1': { key: 'rsa', digest: null },
  '1.2.840.113549.1.1.11': { key: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { key: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { key: 'rsa', digest: 'sha512' },
  '1.2.840.10045.4.3.2': { key: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { key: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { key: 'ec', digest: 'sha512' },
};

const contentType = '1.2.840.113549.1.9.3';
const messageDigest = '1.2.840.113549.1.9.4';
/** id-ct-TSTInfo as DER. */
const tstInfo = Buffer.from('060b2a864886f70d0109100104', 'hex');

/** The value of a signed attribute that is there once, with one value; null otherwise. */
export function attributeOf(signer: SignerInfo, type: string): ArrayBuffer | null {
  const [attribute, again] = (signer.signedAttrs ?? []).filter(({ attrType }) => attrType === type);
  return again === undefined && attribute?.attrValues.length === 1 ? (attribute.attrValues[0] ?? null) : null;
}

/** That the signer signed for this content, by its signed attributes. Throws TimestampError (`ERR_TIMESTAMP_SIGNATURE`). */
export function verifySignature({ signer, content, signedAttributes }: Token, key: KeyObject): void {
  const digest = digests[signer.digestAlgorithm.algorithm];
  const kind = kinds[signer.signatureAlgorithm.algorithm];
  if (digest === undefined || kind === undefined || kind.key !== key.asymmetricKeyType || (kind.digest ?? digest) !== digest) return refuse('ERR_TIMESTAMP_SIGNATURE', 'it is signed in a way that is not understood');
  const [type, hash] = [attributeOf(signer, contentType), attributeOf(signer, messageDigest)];
  if (type === null || !tstInfo.equals(Buffer.from(type))) return refuse('ERR_TIMESTAMP_SIGNATURE', 'it is signed as something else than a time');
  if (hash === null || !createHash(digest).update(content).digest().equals(Buffer.from(AsnConvert.parse(hash, OctetString).buffer))) return refuse('ERR_TIMESTAMP_SIGNATURE', 'the signature is of something else');
  if (!verify(digest, signedBytes(signedAttributes), key, Buffer.from(signer.signature.buffer))) refuse('ERR_TIMESTAMP_SIGNATURE', 'the signature does not hold');
}

/** The signed attributes as they came, under the tag of a SET instead of `[0]`. */
function signedBytes(attributes: Uint8Array | null): Uint8Array {
  if (attributes === null) return refuse('ERR_TIMESTAMP_SIGNATURE', 'it has no signed attributes');
  const bytes = Uint8Array.from(attributes);
  if (bytes[0] !== 0xa0) return refuse('ERR_TIMESTAMP_SIGNATURE', 'its signed attributes are not in DER');
  bytes[0] = 0x31;
  return bytes;
}
