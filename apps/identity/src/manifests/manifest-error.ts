/** Errors of `/v1/manifests`. The closed list; statements that would not run are `refused`, with the list of them. */
export type ManifestErrorCode = 'invalid_request' | 'invalid_token' | 'denied' | 'not_found' | 'unanswerable' | 'slow_down' | 'temporarily_unavailable';

const statuses: Readonly<Record<ManifestErrorCode, number>> = { invalid_request: 400, invalid_token: 401, denied: 403, not_found: 404, unanswerable: 422, slow_down: 429, temporarily_unavailable: 503 };

/** What the client is told. Written on purpose. */
export class ManifestError extends Error {
  readonly code: ManifestErrorCode;

  constructor(code: ManifestErrorCode, say: string) {
    super(say);
    this.name = 'ManifestError';
    this.code = code;
  }

  get status(): number {
    return statuses[this.code];
  }
}

const codes: Readonly<Record<string, ManifestErrorCode>> = { unanswerable: 'unanswerable', 'rate-limited': 'slow_down', unavailable: 'temporarily_unavailable', internal: 'temporarily_unavailable', 'not-found': 'denied', invalid: 'invalid_request', 'machine-not-active': 'denied' };

/** An error of a contract as this door tells it. */
export const manifestError = ({ code, say }: { readonly code: string; readonly say: string }): ManifestError => new ManifestError(codes[code] ?? 'denied', say);
