import type { SshCertificate } from './certificate.ts';
import { verifySignature } from './keys.ts';

/** Why a certificate is not taken: for the log. Names no value of it. */
export type CertificateFault =
  | 'not signed by an authority that is configured'
  | 'its signature does not verify'
  | 'of the other kind'
  | 'not valid yet'
  | 'expired'
  | 'without principals'
  | 'not for this name'
  | 'with a critical option';

export interface CertificateTerms {
  /** Public keys of the authorities, as on the wire. */
  readonly authorities: readonly Uint8Array[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Must be a principal, exactly; an empty list of principals is never "everybody". */
  readonly principal: string;
}

/**
 * Null when a target's host certificate may be taken. Possession of its key is another question, which key exchange answers. Host certificates
 * have no critical options, so that any is refused. (Clients' certificates are judged by identity, which issued them.)
 */
export function judgeHostCertificate(certificate: SshCertificate, terms: CertificateTerms): CertificateFault | null {
  const { authority, signed, signature, kind, principals, critical } = certificate;
  if (!terms.authorities.some((known) => authority.blob.equals(known))) return 'not signed by an authority that is configured';
  if (!verifySignature(authority, signed, signature)) return 'its signature does not verify';
  if (kind !== 'host') return 'of the other kind';
  const now = BigInt(Math.floor(terms.now / 1000));
  if (now < certificate.after) return 'not valid yet';
  if (now >= certificate.before) return 'expired';
  if (principals.length === 0) return 'without principals';
  if (!principals.includes(terms.principal)) return 'not for this name';
  return critical.size > 0 ? 'with a critical option' : null;
}
