/** Errors of `/v1/access`. The closed list. */
export type AccessErrorCode = 'invalid_request' | 'invalid_token' | 'denied' | 'not_found' | 'conflict' | 'unanswerable' | 'slow_down' | 'temporarily_unavailable';

const statuses: Readonly<Record<AccessErrorCode, number>> = {
  invalid_request: 400, invalid_token: 401, denied: 403, not_found: 404, conflict: 409, unanswerable: 422, slow_down: 429, temporarily_unavailable: 503,
};

/** What the client is told. Written on purpose. */
export class AccessError extends Error {
  readonly code: AccessErrorCode;
  /** Seconds; null where waiting does not help. */
  readonly retryAfter: number | null;

  constructor(code: AccessErrorCode, say: string, retryAfter: number | null = null) {
    super(say);
    this.name = 'AccessError';
    this.code = code;
    this.retryAfter = retryAfter;
  }

  get status(): number {
    return statuses[this.code];
  }
}

const codes: Readonly<Record<string, AccessErrorCode>> = {
  'rate-limited': 'slow_down', 'already-asked': 'conflict', 'already-entitled': 'conflict', unanswerable: 'unanswerable', unavailable: 'temporarily_unavailable', 'too-long': 'invalid_request', 'too-many-uses': 'invalid_request',
};

/** An error of a contract as this door tells it. */
export const accessError = ({ code, say }: { readonly code: string; readonly say: string }): AccessError => {
  const known = codes[code] ?? 'denied';
  return new AccessError(known, `${say} (${code})`, known === 'slow_down' ? 300 : known === 'temporarily_unavailable' ? 5 : null);
};
