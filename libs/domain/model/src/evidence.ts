/**
 * A place in the producer's event order. Later events have higher positions; `durable` covers all positions up to it.
 * It is the event's dense producer counter (`pseq`).
 */
export type Position = number;

/** Ciphertext that belongs to an event. The event names it by the hash of `bytes`. */
export interface SealedBlob {
  readonly bytes: Uint8Array;
}

/** No event can be taken now: what wanted to record it must not happen. The message says why, for operators; it holds no values. */
export class EvidenceUnavailableError extends Error {
  readonly code = 'ERR_EVIDENCE_UNAVAILABLE';
}

/**
 * Where a producer's events go: local journal, then bus, then ledger. One writer: callers on one event loop.
 * Positions are dense: each `append` must carry the event made for `next()`.
 */
export interface EvidenceLog {
  readonly producer: { readonly id: string; readonly epoch: string };
  /** The position that the next appended event must carry. */
  next(): Position;
  /**
   * Queues stored bytes for the next group commit. Throws EvidenceUnavailableError when nothing more can be taken: that comes later than
   * `refusing`, so that what has begun can be told to its end.
   */
  append(event: Uint8Array, blobs: readonly SealedBlob[]): Position;
  /** Every event up to here is durable: `local` in the fsynced journal, `acked` there and acknowledged by the bus; `acked` never exceeds `local`. */
  readonly local: Position;
  readonly acked: Position;
  /** Calls once when `local` (or `acked`) covers the position, at once if it already does; `error` when that cannot happen in time. */
  whenDurable(position: Position, how: 'local' | 'acked', done: (error: Error | null) => void): void;
  /** Null while new work may begin; else why not, for refusals and readiness. Whoever begins something asks first. */
  readonly refusing: string | null;
}
