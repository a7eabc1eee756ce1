import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SAML } from '@node-saml/node-saml';
import { z } from 'zod';
import { id, type Digest } from '@sallyport/domain-model';
import { seconds, type IssuerDocument } from '@sallyport/platform-config';
import { TokenRefusedError, type Claims, type VerifiedToken } from '@sallyport/platform-identity';

/** Bytes of an assertion; the exchange's body is not larger. */
const maxBytes = 48 * 1024;
const maxAttributes = 100;
/** Signatures and digests over SHA-1, and secrets that both sides hold. */
const weak = /xmldsig#(?:sha1|rsa-sha1|dsa-sha1|hmac)|xmldsig-more#(?:hmac|md5|rsa-md5)/i;

const profile = z.looseObject({ issuer: z.string(), nameID: z.string().min(1).max(1000), attributes: z.record(z.string(), z.unknown()).optional(), getAssertionXml: z.custom<() => string>((value) => typeof value === 'function') });

/**
 * A SAML 2.0 assertion (RFC 8693 section 3, `saml2`: base64url of the XML) of an identity provider that is trusted here: signed itself, for one of the issuer's audiences, valid now.
 * Claims are `sub` (its NameID) and its attributes by their names. Throws TokenRefusedError.
 * @param encoded as it came
 * @param now milliseconds since 1970: the library has a clock of its own, which this one may only make stricter
 */
export async function verifyAssertion(encoded: string, issuers: readonly IssuerDocument[], now: number): Promise<VerifiedToken> {
  const xml = readXml(encoded);
  const candidates = issuers.filter(({ spec }) => spec.provider === 'saml');
  if (candidates.length === 0) refuse('issuer-unknown', 'no SAML identity provider is trusted here');
  for (const issuer of candidates) {
    for (const audience of issuer.spec.audiences) {
      const found = await verified(xml, issuer, audience);
      if (found !== null) return tokenOf(found, xml, issuer, audience, now);
    }
  }
  return refuse('assertion-refused', 'the assertion is not signed by a trusted identity provider for one of its audiences, or it is not valid now');
}

/** What could be read in two ways is not read: document types, comments, CDATA and character references. */
function readXml(encoded: string): string {
  if (!/^[A-Za-z0-9_+/-]+={0,2}$/.test(encoded) || encoded.length > maxBytes * 1.4) refuse('token-malformed', 'an assertion is base64url');
  const xml = Buffer.from(encoded, 'base64').toString('utf8').replace(/^\uFEFF?\s*<\?xml[^>]*\?>\s*/, '').trim();
  if (xml.length > maxBytes) refuse('token-too-large', `the assertion is larger than ${maxBytes} bytes`);
  if (!/^<(?:[\w-]+:)?Assertion[\s>]/.test(xml)) refuse('token-malformed', 'the root is no Assertion');
  if (/<!|<\?|&#/.test(xml)) refuse('assertion-refused', 'document types, comments, processing instructions and character references are not read');
  if (weak.test(xml)) refuse('algorithm-refused', 'the assertion is signed over SHA-1 or by a shared secret');
  return xml;
}

/** The library takes responses: the assertion, which must be signed itself, is put into one. */
async function verified(xml: string, { spec }: IssuerDocument, audience: string): Promise<z.output<typeof profile> | null> {
  const certificates = 'certificates' in spec.keys ? spec.keys.certificates.map(pemOf) : [];
  const saml = new SAML({
    idpCert: certificates, issuer: audience, audience, callbackUrl: 'https://sallyport.invalid/', wantAssertionsSigned: true, wantAuthnResponseSigned: false,
    acceptedClockSkewMs: seconds(spec.clockSkew) * 1000, maxAssertionAgeMs: seconds(spec.maxTokenAge) * 1000,
  });
  const response = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>${xml}</samlp:Response>`;
  try {
    const { profile: found } = await saml.validatePostResponseAsync({ SAMLResponse: Buffer.from(response).toString('base64') });
    const read = profile.parse(found);
    // The library looks at it for logouts alone.
    return read.issuer === spec.issuer ? read : null;
  } catch {
    return null;
  }
}

function tokenOf(found: z.output<typeof profile>, xml: string, issuer: IssuerDocument, audience: string, now: number): VerifiedToken {
  const verified = found.getAssertionXml();
  const name = /^<[^>]*\sID="([^"]{1,256})"/.exec(verified)?.[1] ?? refuse('claims-missing', 'the assertion has no ID');
  const conditions = /<(?:[\w-]+:)?Conditions\s[^>]*?NotOnOrAfter="([^"]+)"/.exec(verified);
  const until = Date.parse(conditions?.[1] ?? '');
  if (Number.isNaN(until)) refuse('claims-missing', 'the assertion never expires (no Conditions with NotOnOrAfter)');
  if (now >= until + seconds(issuer.spec.clockSkew) * 1000) refuse('token-expired', `the assertion expired at ${new Date(until).toISOString()}`);
  const attributes = Object.entries(found.attributes ?? {});
  if (attributes.length > maxAttributes) refuse('claims-malformed', `more than ${maxAttributes} attributes`);
  const claims: Claims = Object.fromEntries([...attributes.filter(([, value]) => typeof value === 'string' || (Array.isArray(value) && value.every((one) => typeof one === 'string'))), ['sub', found.nameID], ['iss', found.issuer]]);
  return { issuer, claims, audiences: [audience], hash: id<Digest>(createHash('sha256').update(xml).digest('hex')), jti: name, expires: until };
}

const pemOf = (text: string) => (text.startsWith('file:') ? readFileSync(text.slice('file:'.length), 'utf8') : text);

function refuse(code: ConstructorParameters<typeof TokenRefusedError>[0], say: string): never {
  throw new TokenRefusedError(code, say);
}
