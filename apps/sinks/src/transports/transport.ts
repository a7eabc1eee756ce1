import type { SignedCheckpoint, StoredEvent } from '@sallyport/engine-siem';

/** One record as it goes out. */
export interface Delivery {
  /** The leaf; of a checkpoint the last leaf that it covers. */
  readonly leaf: number;
  readonly text: string;
}

/** All leaves that a batch stands for, also those that are not for this sink. */
export interface Range {
  readonly first: number;
  /** Less than `first` for a batch of checkpoints alone. */
  readonly last: number;
  /** When its first leaf (or checkpoint) was stored, milliseconds since 1970. */
  readonly at: number;
  /** How often the ledger was found set back: leaves of the same number may be others. */
  readonly turn: number;
  readonly epoch: number;
}

/** Waits until one send is worth it: the first bound that is reached counts. */
export interface Gather {
  readonly records: number;
  readonly bytes: number;
  readonly ageMs: number;
}

/** A way out of the house. One call at a time. */
export interface Transport {
  /** What one `send` takes at most; a single record may be over the bytes. */
  readonly most: { readonly records: number; readonly bytes: number };
  /** Absent: what is there is sent. Otherwise a batch is sent whole, and its range is noted before, so that it is the same again after a crash. */
  readonly gather?: Gather;
  /** Never throws: what cannot be understood becomes a record that says so. */
  render(stored: StoredEvent | SignedCheckpoint): string;
  /**
   * Gives records to the receiver, in order. The same record may come again: at least once is promised, once is not.
   * @returns those that it did not take now and may take later, in order
   * @throws DeliveryError when nobody knows which it took
   */
  send(records: readonly Delivery[], signal: AbortSignal, range: Range): Promise<readonly Delivery[]>;
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
 * | clock | the receiver's clock and ours are too far apart for signed requests |
 * | no-bucket | the bucket is not there, or in another region |
 * | no-lock | the bucket locks no objects, so nothing may be archived there |
 * | conflict | the archive holds other bytes under a name that is written once |
 * | log | the log does not fit its own checkpoint: nothing of it is archived |
 */
export const deliveryCodes = ['unreachable', 'timeout', 'throttled', 'unavailable', 'unauthenticated', 'refused', 'malformed-answer', 'secret', 'disk', 'clock', 'no-bucket', 'no-lock', 'conflict', 'log'] as const;
export type DeliveryCode = (typeof deliveryCodes)[number];

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
