import { fail, type Reply } from '@sallyport/platform-bus';

/** What every refused or failed request answers, with this status. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, say: string) {
    super(say);
    this.code = code;
    this.status = statusOf(code);
  }
}

/** The value of another service's reply. Throws its error as an ApiError: codes and sentences of the contracts are made for people. */
export function valueOf<T>(reply: Reply<T>): T {
  if (reply.ok) return reply.value;
  throw new ApiError(reply.error.code, reply.error.say);
}

export const replyOf = (error: unknown): Reply<never> => (error instanceof ApiError ? fail(error.code, error.message) : fail('internal', 'failed'));

/** Codes that are not listed are a service's refusal of a request that was well-formed: 422. */
function statusOf(code: string): number {
  return Object.hasOwn(statuses, code) ? (statuses[code] ?? 422) : 422;
}

const statuses: Readonly<Record<string, number>> = {
  invalid: 400,
  unauthenticated: 401,
  'session-revoked': 401,
  unauthorized: 403,
  forbidden: 403,
  denied: 403,
  'self-approval': 403,
  'machine-not-active': 409,
  'not-an-approver': 403,
  'not-found': 404,
  'not-pending': 409,
  'already-voted': 409,
  expired: 409,
  ended: 409,
  reviewed: 409,
  'own-request': 403,
  'already-asked': 409,
  'already-entitled': 409,
  'change-required': 409,
  'base-moved': 409,
  'not-approved': 409,
  'not-open': 409,
  'not-activated': 409,
  'already-rolled-back': 409,
  'machine-retired': 409,
  'nothing-asked': 409,
  'not-accepted': 409,
  'owner-left': 409,
  'contract-over': 409,
  'document-says-left': 409,
  'self-review': 403,
  assigned: 409,
  decided: 409,
  closed: 409,
  waiting: 409,
  'too-large': 413,
  'rate-limited': 429,
  internal: 500,
  unavailable: 503,
};
