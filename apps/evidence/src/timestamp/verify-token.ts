import type { X509Certificate } from 'node:crypto';
import type { SignerInfo } from '@peculiar/asn1-cms';
import { isForTimestamps, leadsTo } from './certificate-chain.ts';
import { sha256Oid } from './request.ts';
import { namesCertificate, signingCertificateV1, signingCertificateV2 } from './signing-certificate.ts';
import { refuse, TimestampError } from './timestamp-error.ts';
import { parseToken, type Token } from './token.ts';
import { attributeOf, verifySignature } from './verify-signature.ts';

export interface TimestampClaim {
  /** DER. */
  readonly token: Uint8Array;
  /** SHA-256 of what was there at that time. */
  readonly imprint: Uint8Array;
  /** Of the request, for a token that has just come; null for one that was kept. */
  readonly nonce: Uint8Array | null;
  /** Certificates that end a chain. */
  readonly trusted: readonly X509Certificate[];
}

export interface Timestamp {
  /** When it was made, by the authority's clock. */
  readonly time: Date;
  /** Subject of the signer's certificate. */
  readonly signer: string;
}

/**
 * That a trusted authority has seen the imprint at a time (RFC 3161). Returns, or throws TimestampError. Only SHA-256 imprints; RSA (PKCS #1) and
 * ECDSA signatures with SHA-2; revocation is not looked at.
 */
export function verifyTimestamp({ token: der, imprint, nonce, trusted }: TimestampClaim): Timestamp {
  const token = parseToken(der);
  const { messageImprint, nonce: own, genTime } = token.info;
  if (messageImprint.hashAlgorithm.algorithm !== sha256Oid || !same(messageImprint.hashedMessage.buffer, imprint)) refuse('ERR_TIMESTAMP_IMPRINT', 'it is of something else');
  if (nonce !== null && (own === undefined || !same(own, nonce))) refuse('ERR_TIMESTAMP_NONCE', 'it answers another request');
  const signer = signerOf(token);
  verifySignature(token, signer.publicKey);
  if (!leadsTo(trusted, signer, token.certificates, genTime)) refuse('ERR_TIMESTAMP_CHAIN', 'its signer is not of a trusted authority');
  return { time: genTime, signer: signer.subject.replaceAll('\n', ', ') };
}

/** The certificate that the signer has signed for, which leaves no choice between several of one key. */
function signerOf({ signer, certificates }: Token): X509Certificate {
  const found = certificates.find((certificate) => isNamed(signer, certificate));
  if (found === undefined) return refuse('ERR_TIMESTAMP_SIGNER', 'the certificate of its signer is not in it');
  if (!isForTimestamps(found)) return refuse('ERR_TIMESTAMP_SIGNER', 'the certificate of its signer is not for timestamps alone');
  return found;
}

function isNamed(signer: SignerInfo, certificate: X509Certificate): boolean {
  const type = attributeOf(signer, signingCertificateV2) === null ? signingCertificateV1 : signingCertificateV2;
  const value = attributeOf(signer, type);
  try {
    return value !== null && namesCertificate(type, value, certificate);
  } catch {
    throw new TimestampError('ERR_TIMESTAMP_MALFORMED', 'its signing certificate is named in no known form');
  }
}

function same(a: ArrayBuffer, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b);
}
