import type { EventData, EventType } from './types.ts';

/**
 * One evidence event, version 1. The stored UTF-8 bytes are the truth: they are hashed, sent, stored and exported as they were
 * first written, and nobody serialises them again. Integers only, within ±2^53; durations in microseconds.
 */
export interface Envelope<T extends EventType = EventType> {
  readonly v: 1;
  /** UUIDv7. */
  readonly id: string;
  readonly type: T;
  readonly tenant: string;
  /** The chain that this event belongs to: a session id, or the producer's epoch for events outside of sessions. */
  readonly sid: string;
  /** 0, 1, 2 … without gaps within `sid`. */
  readonly seq: number;
  /** SHA-256 (hex) of the stored bytes of event `seq - 1` of the same `sid`; 64 zeros for the first. */
  readonly prev: string;
  /** Dense counter over everything that one start of one producer wrote, from 1. */
  readonly prod: { readonly id: string; readonly epoch: string; readonly pseq: number };
  /** RFC 3339 wall clock with six digits, and microseconds since the producer's start, which never step back. */
  readonly t: { readonly wall: string; readonly mono_us: number };
  readonly who: Who | null;
  readonly on: On | null;
  /** The authority under which it happened. */
  readonly auth: Authority | null;
  readonly d: EventData[T];
  /** Encrypted parts, by the hash of their ciphertext. */
  readonly blobs: readonly BlobRef[];
}

export interface Who {
  /** `machine:nightly-ledger`, `person:alice`, `service:evidence`. */
  readonly id: string;
  readonly npid: string | null;
  readonly iss: string | null;
  /** SHA-256 (hex) of the token. */
  readonly tok: string | null;
  readonly jti: string | null;
  readonly owner: string | null;
}

export interface On {
  readonly target: string;
  readonly kind: string;
  readonly env: string;
}

export interface Authority {
  /** Version of the policy set. */
  readonly policy: number | null;
  /** Digest of the slice. */
  readonly slice: string | null;
  readonly lease: string | null;
  readonly approval: string | null;
}

/**
 * `off` and `len` place the ciphertext in the session's key stream (AES-256-CTR under the session's key, which is used for
 * one session only and never for two bytes at the same offset). Integrity is `ct_sha256`, inside the hashed event. An `opening` (what the event commits
 * to, see `disclosure.ts`) is not in that stream: it is a box of its own, sealed to the evidence reader, with `off` 0.
 */
export interface BlobRef {
  readonly role: 'text' | 'params' | 'comment' | 'claims' | 'opening' | 'recording';
  readonly ct_sha256: string;
  readonly off: number;
  readonly len: number;
}
