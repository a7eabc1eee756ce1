import { createHash } from 'node:crypto';

/**
 * Hash names by the DER bytes of the signature algorithm's OID. RFC 5929 section 4.1: the hash of the certificate's signature, with SHA-256 in place
 * of MD5 and SHA-1. Algorithms without one hash (Ed25519) have no binding.
 */
const hashes: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d010104', 'sha256'], // md5WithRSAEncryption
  ['2a864886f70d010105', 'sha256'], // sha1WithRSAEncryption
  ['2a864886f70d01010e', 'sha224'],
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d0401', 'sha256'], // ecdsa-with-SHA1
  ['2a8648ce3d040301', 'sha224'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
]);

/**
 * Channel binding data of type tls-server-end-point.
 * @param certificate the server's own, in DER
 * @returns null when its signature algorithm gives none (RSASSA-PSS is not read either: no binding is then offered)
 */
export function serverEndPoint(certificate: Uint8Array): Buffer | null {
  const oid = signatureAlgorithm(certificate);
  const hash = oid === null ? undefined : hashes.get(oid);
  return hash === undefined ? null : createHash(hash).update(certificate).digest();
}

/** Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { OID, … }, … } (RFC 5280 section 4.1). Hex of the OID's content. */
function signatureAlgorithm(der: Uint8Array): string | null {
  const certificate = element(der, 0);
  const tbs = certificate && element(der, certificate.from);
  const algorithm = tbs && element(der, tbs.to);
  const oid = algorithm && element(der, algorithm.from);
  if (!oid || certificate.tag !== 0x30 || tbs.tag !== 0x30 || algorithm.tag !== 0x30 || oid.tag !== 0x06) return null;
  return Buffer.from(der.subarray(oid.from, oid.to)).toString('hex');
}

/** One DER element at `at`: its tag and where its content lies. Null when it does not lie inside. */
function element(der: Uint8Array, at: number): { readonly tag: number; readonly from: number; readonly to: number } | null {
  const tag = der[at];
  const first = der[at + 1];
  if (tag === undefined || first === undefined) return null;
  const more = first < 0x80 ? 0 : first & 0x7f;
  if (more > 3) return null;
  let length = more === 0 ? first : 0;
  for (let i = 0; i < more; i++) length = length * 256 + (der[at + 2 + i] ?? 0);
  const from = at + 2 + more;
  return from + length <= der.length ? { tag, from, to: from + length } : null;
}
