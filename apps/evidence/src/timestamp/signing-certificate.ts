import { createHash, type X509Certificate } from 'node:crypto';
import { AsnConvert, AsnProp, AsnPropTypes, AsnType, AsnTypeTypes, OctetString } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';

// ESS: RFC 2634, 5.4 (SHA-1) and RFC 5035 (any hash, SHA-256 if none is said).

@AsnType({ type: AsnTypeTypes.Sequence })
class EssCertId {
  @AsnProp({ type: AlgorithmIdentifier, optional: true })
  hashAlgorithm?: AlgorithmIdentifier;

  @AsnProp({ type: OctetString })
  certHash: OctetString = new OctetString();

  @AsnProp({ type: AsnPropTypes.Any, optional: true })
  issuerSerial?: ArrayBuffer;
}

@AsnType({ type: AsnTypeTypes.Sequence })
class SigningCertificate {
  @AsnProp({ type: EssCertId, repeated: 'sequence' })
  certs: EssCertId[] = [];

  @AsnProp({ type: AsnPropTypes.Any, optional: true })
  policies?: ArrayBuffer;
}

/** Types of the attribute, with the hash that stands where none is said. */
export const signingCertificateV1 = '1.2.840.113549.1.9.16.2.12';
export const signingCertificateV2 = '1.2.840.113549.1.9.16.2.47';

const hashes: Readonly<Record<string, string>> = { '2.16.840.1.101.3.4.2.1': 'sha256', '2.16.840.1.101.3.4.2.2': 'sha384', '2.16.840.1.101.3.4.2.3': 'sha512' };

/** Whether that attribute (its type and value) names this certificate as the signer's. False for what is not understood. Throws what is no DER. */
export function namesCertificate(type: string, value: ArrayBuffer, certificate: X509Certificate): boolean {
  const [first] = AsnConvert.parse(value, SigningCertificate).certs;
  if (first === undefined) return false;
  const said = first.hashAlgorithm === undefined ? 'sha256' : hashes[first.hashAlgorithm.algorithm];
  const hash = type === signingCertificateV1 ? 'sha1' : said;
  return hash !== undefined && createHash(hash).update(certificate.raw).digest().equals(Buffer.from(first.certHash.buffer));
}
