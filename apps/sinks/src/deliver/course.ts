import type { Counts, Cursor, Moved } from '../store/cursors.ts';

/** What a worker lends to the course of its sink. */
export interface Turn {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly cursor: Cursor;
  /** How many leaves the ledger has, and when the oldest one was stored that was not delivered yet (null: none). */
  seen(size: number, oldest: number | null): void;
  /** Again and again, with pauses, until it does not throw DeliveryError; any other error is thrown on. Ends with one when the worker is stopped. */
  attempt(work: () => Promise<void>): Promise<void>;
  /** Notes a batch before it is sent. @returns the last leaf of the one that stands */
  intend(last: number): Promise<number>;
  /** The receiver has everything before `to.next`. `records`: what it was given, for the metrics. */
  moved(to: Moved, counts: Counts, records: number): Promise<void>;
  /** Leaves that the receiver has, the newest first, each with its hash. */
  marks(): Promise<readonly { readonly leaf: number; readonly sha256: string }[]>;
  /** The ledger is another one from leaf `to` on, or is to be given from there again. `epoch`: only checkpoints of that epoch and later ones count from now on. */
  setBack(to: number, epoch?: number): Promise<void>;
}

/** How one sink is fed: leaf by leaf, in batches, or as a copy of the log. */
export interface Course {
  /** One piece of work. Throws DeliveryError, SourceError, StoreError: it is tried again. @returns whether there may be more at once */
  round(turn: Turn): Promise<boolean>;
  close(): Promise<void>;
}
