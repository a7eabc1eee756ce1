import { verify } from 'node:crypto';
import { readCertificate, type Certificate } from './certificate.ts';
import { SshKeyRefusedError, type SshPublicKey } from './public-key.ts';
import { inRanges, readRanges } from './source-address.ts';
import { SshBytesError, SshReader } from './wire.ts';

/** Why a presented certificate was refused. The closed list, in the order of the checks; those after `certificate-principal-wrong` are known to the store alone. */
export const certificateRefusals = [
  'certificate-malformed', 'certificate-ca-unknown', 'certificate-signature-wrong', 'certificate-kind-wrong', 'certificate-not-yet-valid', 'certificate-expired',
  'certificate-option-unknown', 'certificate-option-malformed', 'certificate-source-wrong', 'certificate-principal-wrong',
  'certificate-unknown', 'certificate-revoked', 'certificate-used-up', 'certificate-unsupported',
] as const;
export type CertificateRefusal = (typeof certificateRefusals)[number];

/** Holds nothing of the certificate that was not checked. */
export class CertificateRefusedError extends Error {
  readonly code: CertificateRefusal;

  constructor(code: CertificateRefusal, say: string) {
    super(say);
    this.name = 'CertificateRefusedError';
    this.code = code;
  }
}

export interface CertificateTerms {
  /** Who may have signed it. */
  readonly authorities: readonly SshPublicKey[];
  /** Milliseconds since 1970. No skew is allowed: the certificate is ours, and so is the clock. */
  readonly now: number;
  /** Address of the client, as the socket says. */
  readonly source: string;
  /** The user name that the client asks for: `[role@]target`. */
  readonly principal: string;
}

/**
 * Checks a user certificate as sshd does, and more strictly: no principals means nobody, and the only critical option that is known is `source-address`; every other
 * one is refused (PROTOCOL.certkeys demands that for unknown ones). That the client holds the certified key is for the caller to have
 * verified. Throws CertificateRefusedError.
 */
export function verifyUserCertificate(blob: Uint8Array, { authorities, now, source, principal }: CertificateTerms): Certificate {
  const certificate = takeApart(blob);
  const authority = authorities.find((one) => one.blob.equals(certificate.signatureKey));
  if (authority === undefined) throw new CertificateRefusedError('certificate-ca-unknown', 'the certificate was signed by no authority of ours');
  if (!isSigned(certificate, authority)) throw new CertificateRefusedError('certificate-signature-wrong', 'the signature of the certificate is wrong');
  if (certificate.kind !== 'user') throw new CertificateRefusedError('certificate-kind-wrong', 'a host certificate is nobody’s login');
  const seconds = BigInt(Math.floor(now / 1000));
  if (seconds < certificate.validAfter) throw new CertificateRefusedError('certificate-not-yet-valid', 'the certificate is not valid yet');
  if (seconds >= certificate.validBefore) throw new CertificateRefusedError('certificate-expired', 'the certificate has expired: exchange a token for a new one');
  checkOptions(certificate, source);
  if (!certificate.principals.includes(principal)) throw new CertificateRefusedError('certificate-principal-wrong', 'the certificate was not granted for this user name: exchange with audience=[role@]target of this very target and role');
  return certificate;
}

function takeApart(blob: Uint8Array): Certificate {
  try {
    return readCertificate(blob);
  } catch (error) {
    if (error instanceof SshBytesError || error instanceof SshKeyRefusedError) throw new CertificateRefusedError('certificate-malformed', `not an OpenSSH certificate: ${error.message}`);
    throw error;
  }
}

function isSigned({ signed, signature }: Certificate, authority: SshPublicKey): boolean {
  try {
    const reader = new SshReader(signature);
    const algorithm = reader.text();
    const bytes = reader.string();
    reader.end();
    // Authorities are Ed25519 keys: no algorithm to choose, nothing to confuse.
    return authority.type === 'ssh-ed25519' && algorithm === 'ssh-ed25519' && verify(null, signed, authority.key, bytes);
  } catch (error) {
    if (error instanceof SshBytesError) return false;
    throw error;
  }
}

function checkOptions({ criticalOptions }: Certificate, source: string): void {
  for (const name of criticalOptions.keys()) {
    if (name !== 'source-address') throw new CertificateRefusedError('certificate-option-unknown', 'the certificate has a critical option that is not supported here');
  }
  const list = criticalOptions.get('source-address');
  if (list === undefined) return;
  const ranges = readRanges(list);
  if (ranges === null) throw new CertificateRefusedError('certificate-option-malformed', 'the certificate has a source-address that cannot be read');
  if (!inRanges(source, ranges)) throw new CertificateRefusedError('certificate-source-wrong', 'the certificate is for other addresses than the one that you come from');
}
