/** What the journal needs from the bus. */
export interface JournalBus {
  /** False while messages would go nowhere. */
  readonly connected: boolean;
  /** Largest message that the bus takes, in bytes. */
  readonly maxMessageBytes: number;
  /**
   * Sends a lot without waiting; the bus may keep a reference to `bytes`, which nobody changes. `lot` comes back with the
   * acknowledgement, which may never come.
   */
  send(lot: Lot, bytes: Uint8Array): void;
  /** Called once, before anything is sent. */
  listen(to: BusListener): void;
  close(): void;
}

/** Messages of one lane that go together: counters from `first` to `last`. */
export interface Lot {
  readonly lane: number;
  readonly first: number;
  readonly last: number;
}

export interface BusListener {
  /** The stream has taken the lot: not a promise that it is on a disk. */
  acknowledged(lot: Lot): void;
  /** The stream says that it takes nothing: it is full, for one. */
  refused(lot: Lot, why: string): void;
  /** Nobody listens where the stream should be. */
  nobodyThere(lot: Lot): void;
  /** The ledger has committed everything of this epoch up to `pseq`. */
  committed(epoch: string, pseq: number): void;
  /** The connection is back: what was on its way may be lost. */
  back(): void;
}
