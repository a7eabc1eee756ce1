/** What the journal needs from the bus. */
export interface JournalBus {
  /** False while messages would go nowhere. */
  readonly connected: boolean;
  /** Largest message that the bus takes, in bytes. */
  readonly maxMessageBytes: number;
  /**
   * Sends without waiting; the bus may keep a reference to `message`, which nobody changes. `lane` and `pseq` come back with the
   * acknowledgement, which may never come.
   */
  send(lane: number, pseq: number, message: Uint8Array): void;
  /** Called once, before anything is sent. */
  listen(to: BusListener): void;
  close(): void;
}

export interface BusListener {
  /** The stream has taken the message: not a promise that it is on a disk. */
  acknowledged(lane: number, pseq: number): void;
  /** The stream says that it takes nothing: it is full, for one. */
  refused(lane: number, pseq: number, why: string): void;
  /** Nobody listens where the stream should be. */
  nobodyThere(lane: number, pseq: number): void;
  /** The ledger has committed everything of this epoch up to `pseq`. */
  committed(epoch: string, pseq: number): void;
  /** The connection is back: what was on its way may be lost. */
  back(): void;
}
