/** Every bound of a journal. Times in milliseconds. */
export interface JournalLimits {
  /** Bytes of segments that are not yet in the ledger; past it no new work may begin. How work that runs has ended may take one segment more. */
  readonly maxBytes: number;
  /** Size that a segment file is made with, and at which the next is begun. Trimming removes whole segments. */
  readonly segmentBytes: number;
  /** How long somebody waits for his event to become durable before he is told that it cannot. */
  readonly waitMs: number;
  /** Without any progress for this long, what the bus has not acknowledged is sent again. */
  readonly resendMs: number;
  /** The ledger's watermark standing still for this long below what the bus acknowledged means that the bus lost it: sent again. */
  readonly stallMs: number;
  /** How often a failed write is tried again. */
  readonly probeMs: number;
  /** Events and bytes that travel as one message of the bus; a single event may be larger. */
  readonly lotEvents: number;
  readonly lotBytes: number;
  /** Lots and bytes on their way to the bus without an acknowledgement. */
  readonly window: number;
  readonly windowBytes: number;
  /** Bytes of unacknowledged messages kept in memory, so that sending again rarely reads the disk. */
  readonly memoryBytes: number;
}

export const defaultLimits: JournalLimits = {
  maxBytes: 1024 ** 3,
  segmentBytes: 16 * 1024 ** 2,
  waitMs: 5000,
  resendMs: 2000,
  stallMs: 30_000,
  probeMs: 500,
  lotEvents: 128,
  lotBytes: 128 * 1024,
  window: 256,
  windowBytes: 16 * 1024 ** 2,
  memoryBytes: 32 * 1024 ** 2,
};
