/**
 * Why a target could not be logged in to. `target-unreachable`: no connection, or no answer in time. `target-tls`: no encryption,
 * or its certificate does not verify. `target-auth`: our credential was not accepted, or the target failed to prove that it knows it.
 * `target-refused`: anything else that the target answered.
 */
export type UpstreamErrorCode = 'target-unreachable' | 'target-tls' | 'target-auth' | 'target-refused';

/** For the operator's log and, as a refusal of its code, for the client. Its text holds no credential and nothing that the target said. */
export class UpstreamError extends Error {
  readonly code: UpstreamErrorCode;
  /** What the target answered with, or null when it did not get that far. */
  readonly sqlstate: string | null;

  constructor(code: UpstreamErrorCode, message: string, rest: { readonly sqlstate?: string; readonly cause?: unknown } = {}) {
    super(message, { cause: rest.cause });
    this.name = 'UpstreamError';
    this.code = code;
    this.sqlstate = rest.sqlstate ?? null;
  }
}
