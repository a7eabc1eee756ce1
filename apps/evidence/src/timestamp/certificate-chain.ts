import type { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate, id_ce_extKeyUsage } from '@peculiar/asn1-x509';

const timeStamping = '1.3.6.1.5.5.7.3.8';
/** Certificates from the signer to the trusted one, both counted. */
const mostSteps = 6;

/** RFC 3161, 2.3: its key is for timestamps and nothing else, and it says so as critical. */
export function isForTimestamps(certificate: X509Certificate): boolean {
  const { keyUsage } = certificate;
  const { extensions } = AsnConvert.parse(certificate.raw, Certificate).tbsCertificate;
  return keyUsage?.length === 1 && keyUsage[0] === timeStamping && extensions?.some(({ extnID, critical }) => extnID === id_ce_extKeyUsage && critical) === true;
}

/**
 * Whether there is a way from a certificate to a trusted one: each is issued and signed by the next, the next is an authority, and all were valid at that
 * time. Names, key usage, signatures and times are looked at; path lengths, name constraints, policies and revocation are not.
 */
export function leadsTo(trusted: readonly X509Certificate[], from: X509Certificate, others: readonly X509Certificate[], at: Date, steps = mostSteps): boolean {
  if (steps === 0 || !wasValid(from, at)) return false;
  if (trusted.some((one) => one.raw.equals(from.raw))) return true;
  return [...trusted, ...others].some((issuer) => issuer.ca && from.checkIssued(issuer) && !issuer.raw.equals(from.raw) && from.verify(issuer.publicKey) && leadsTo(trusted, issuer, others, at, steps - 1));
}

function wasValid({ validFromDate, validToDate }: X509Certificate, at: Date): boolean {
  return validFromDate <= at && at <= validToDate;
}
