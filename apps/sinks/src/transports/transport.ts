import type { StoredEvent } from '@sallyport/engine-siem';

/** One record as it goes out. */
export interface Delivery {
  readonly leaf: number;
  readonly text: string;
}

/** A way out of the house. One call at a time. */
export interface Transport {
  /** What one `send` takes at most; a single record may be over the bytes. */
  readonly most: { readonly records: number; readonly bytes: number };
  /** Never throws: what cannot be understood becomes a record that says so. */
  render(stored: StoredEvent): string;
  /**
   * Gives records to the receiver, in order. The same record may come again: at least once is promised, once is not.
   * @returns those that it did not take now and may take later, in order
   * @throws DeliveryError when nobody knows which it took
   */
  send(records: readonly Delivery[], signal: AbortSignal): Promise<readonly Delivery[]>;
  close(): Promise<void>;
}

/**
 * | code | meaning |
 * |---|---|
 * | unreachable | no connection, or one that broke |
 * | timeout | no whole answer in time |
 * | throttled | 429: the receiver wants less |
 * | unavailable | 5xx |
 * | unauthenticated | 401 or 403 |
 * | refused | the receiver does not take a record or the request, and will not when it comes again |
 * | malformed-answer | an answer that does not say what was taken |
 * | secret | the secret that the sink names cannot be had |
 * | disk | the file cannot be written |
 */
export type DeliveryCode = 'unreachable' | 'timeout' | 'throttled' | 'unavailable' | 'unauthenticated' | 'refused' | 'malformed-answer' | 'secret' | 'disk';

/** The message says what the receiver said, bounded, and never holds a secret or a record. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  readonly code: DeliveryCode;
  /** How long the receiver wants to be left alone. */
  readonly retryAfterMs: number | null;

  constructor(code: DeliveryCode, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** An object format as one line of JSON, a text format as it is. */
export const asText = (record: string | object): string => (typeof record === 'string' ? record : JSON.stringify(record));
