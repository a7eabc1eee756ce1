/**
 * Errors of the exchange endpoint: RFC 6749 section 5.2, RFC 8693 section 2.2.2 (a token that is not acceptable is `invalid_request`, a target is `invalid_target`), RFC 9449
 * section 5, RFC 8628 section 3.5 (`slow_down`). The closed list.
 */
export type OAuthErrorCode = 'invalid_request' | 'invalid_target' | 'invalid_scope' | 'unsupported_grant_type' | 'invalid_dpop_proof' | 'slow_down' | 'temporarily_unavailable' | 'server_error';

const statuses: Readonly<Record<OAuthErrorCode, number>> = {
  invalid_request: 400, invalid_target: 400, invalid_scope: 400, unsupported_grant_type: 400, invalid_dpop_proof: 400, slow_down: 429, temporarily_unavailable: 503, server_error: 500,
};

/** What the client is told. Written on purpose: no token, no part of one. */
export class OAuthError extends Error {
  readonly code: OAuthErrorCode;
  /** Our own reason, for evidence: `target-unknown`. */
  readonly reason: string;

  constructor(code: OAuthErrorCode, reason: string, say: string) {
    super(say);
    this.name = 'OAuthError';
    this.code = code;
    this.reason = reason;
  }

  get status(): number {
    return statuses[this.code];
  }

  /** `error_description` may hold printable ASCII without quote and backslash. */
  get description(): string {
    return this.message.replaceAll('’', "'").replaceAll('"', "'").replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?').slice(0, 500);
  }
}
