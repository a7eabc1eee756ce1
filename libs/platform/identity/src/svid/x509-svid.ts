import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { id, type Digest } from '@sallyport/domain-model';
import { seconds, type IssuerDocument } from '@sallyport/platform-config';
import { refuse } from '../refused.ts';
import type { VerifiedToken } from '../token-verifier.ts';
import { spiffeId, trustDomainOf } from './spiffe-id.ts';

/** Certificates of a path, the workload's and its authority's among them. */
const longestPath = 5;

/**
 * The workload that has proven, in a TLS handshake, to hold the key of an X.509-SVID (SPIFFE X509-SVID sections 2 to 5): one SPIFFE ID as its only URI name, no
 * authority itself, signed by way of certificates that the client brought to an authority of its trust domain, all of them valid now. It comes with every audience of
 * its issuer: that it is meant for us is what the handshake says. Throws TokenRefusedError.
 * @param chain DER, the workload's certificate first
 * @param now milliseconds since 1970
 */
export function verifyX509Svid(chain: readonly Uint8Array[], issuers: readonly IssuerDocument[], now: number): VerifiedToken {
  if (chain.length === 0) return refuse('token-missing', 'no client certificate was shown: an X.509-SVID is shown in the TLS handshake');
  if (chain.length > longestPath) return refuse('certificate-refused', `more than ${longestPath} certificates were shown`);
  const [leaf, ...between] = chain.map(readCertificate);
  if (leaf === undefined) return refuse('token-missing', 'no client certificate was shown');
  const subject = subjectOf(leaf);
  const domain = trustDomainOf(subject);
  const issuer = issuers.find(({ spec }) => spec.provider === 'spiffe' && spec.issuer === domain && 'certificates' in spec.keys) ?? refuse('issuer-unknown', 'the certificate is of a trust domain that is not trusted here');
  if (leaf.ca) return refuse('certificate-refused', 'an authority is no workload');
  const skew = seconds(issuer.spec.clockSkew) * 1000;
  const path = pathOf(leaf, between, authoritiesOf(issuer), subject);
  for (const one of path) {
    if (now < one.validFromDate.getTime() - skew) return refuse('token-not-yet-valid', `a certificate is valid from ${one.validFromDate.toISOString()} on`);
    if (now >= one.validToDate.getTime() + skew) return refuse('token-expired', `a certificate expired at ${one.validToDate.toISOString()}`);
  }
  if (now - leaf.validFromDate.getTime() > seconds(issuer.spec.maxTokenAge) * 1000 + skew) return refuse('token-too-old', `the certificate was issued at ${leaf.validFromDate.toISOString()}, longer than ${issuer.spec.maxTokenAge} ago`);
  return {
    issuer, claims: { sub: subject }, audiences: issuer.spec.audiences, jti: null,
    hash: id<Digest>(createHash('sha256').update(leaf.raw).digest('hex')),
    expires: Math.min(...path.map(({ validToDate }) => validToDate.getTime())),
  };
}

function readCertificate(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch {
    return refuse('certificate-refused', 'that is no certificate that can be read');
  }
}

/** The one URI name. Node quotes names with commas and the like, which no SPIFFE ID has. */
function subjectOf({ subjectAltName }: X509Certificate): string {
  const names = (subjectAltName ?? '').split(', ').filter((name) => name.startsWith('URI:'));
  const [name = ''] = names;
  if (names.length !== 1 || !spiffeId.test(name.slice(4))) return refuse('certificate-refused', 'the certificate has not exactly one SPIFFE ID as its URI name');
  return name.slice(4);
}

/** From the workload to an authority of its trust domain, both included. */
function pathOf(leaf: X509Certificate, between: readonly X509Certificate[], authorities: readonly X509Certificate[], subject: string): readonly X509Certificate[] {
  const path = [leaf];
  for (let at = leaf; path.length <= longestPath; ) {
    const root = authorities.find((one) => signed(one, at));
    if (root !== undefined) return [...path, root];
    const next = between.find((one) => !path.includes(one) && signed(one, at) && sameDomain(one, subject));
    if (next === undefined) break;
    path.push(next);
    at = next;
  }
  return refuse('signature-wrong', 'the certificate is not signed by an authority of its trust domain');
}

function signed(by: X509Certificate, of: X509Certificate): boolean {
  return by.ca && of.checkIssued(by) && of.verify(by.publicKey);
}

/** X509-SVID section 3: an authority that names a trust domain signs for that one alone. */
function sameDomain({ subjectAltName }: X509Certificate, subject: string): boolean {
  const names = (subjectAltName ?? '').split(', ').filter((name) => name.startsWith('URI:'));
  return names.every((name) => name.slice(4) === trustDomainOf(subject));
}

function authoritiesOf({ spec, metadata }: IssuerDocument): readonly X509Certificate[] {
  const texts = 'certificates' in spec.keys ? spec.keys.certificates : [];
  try {
    return texts.flatMap((text) => (text.startsWith('file:') ? readFileSync(text.slice('file:'.length), 'utf8') : text).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((pem) => new X509Certificate(pem));
  } catch {
    return refuse('issuer-unreachable', `the certificates of issuer ${metadata.name} cannot be read`);
  }
}
