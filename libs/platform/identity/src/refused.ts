/**
 * Why a token was refused. The closed list; each is a sentence's worth of reason for the client and one code for evidence.
 * Codes from `audience-wrong` down to `issuer-ambiguous` are known before the signature is checked; every `token-expired` … and `claims-*` after it.
 */
export const tokenRefusals = [
  'token-missing', 'token-too-large', 'token-malformed', 'issuer-unknown', 'audience-wrong', 'issuer-ambiguous', 'algorithm-refused',
  'issuer-unreachable', 'key-unknown', 'signature-wrong',
  'token-expired', 'token-not-yet-valid', 'token-too-old', 'token-revoked', 'certificate-refused', 'assertion-refused',
  'claims-missing', 'claims-malformed', 'claims-legacy', 'claims-user-token', 'claims-app-token', 'claims-groups-overage', 'claims-default-account', 'claims-outsider-event',
  'claims-unmatched', 'claims-ambiguous', 'person-unknown',
] as const;
export type TokenRefusal = (typeof tokenRefusals)[number];

/** Never holds the token, a part of it, or a claim's value that was not checked against configuration. */
export class TokenRefusedError extends Error {
  readonly code: TokenRefusal;

  constructor(code: TokenRefusal, say: string) {
    super(say);
    this.name = 'TokenRefusedError';
    this.code = code;
  }
}

export function refuse(code: TokenRefusal, say: string): never {
  throw new TokenRefusedError(code, say);
}
