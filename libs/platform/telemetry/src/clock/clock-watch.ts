import { askTimeService, type TimeService } from './time-service.ts';

/** The data of `clock.status`. */
export interface ClockStatus {
  readonly source: string;
  readonly synchronised: boolean | null;
  readonly offset_us: number | null;
  readonly error_us: number | null;
  readonly step_us: number;
}

export interface ClockWatchOptions {
  /** The host's wall clock, milliseconds. Not that of events, which does not follow a clock that is set. */
  readonly wall?: () => number;
  /** A clock that does not step, milliseconds. */
  readonly mono?: () => number;
  readonly ask?: () => Promise<TimeService>;
}

/** A wall clock that moved by more than this was set, not slewed. Milliseconds. */
const stepMs = 500;
/** A status is due after this long. Milliseconds. */
const everyMs = 60_000;

/** Watches the host's clock: a status is due every minute, and at once when the clock was set. Look every ten seconds or so. */
export class ClockWatch {
  readonly #wall: () => number;
  readonly #mono: () => number;
  readonly #ask: () => Promise<TimeService>;
  #ahead: number;
  #at: number;

  constructor({ wall = () => Date.now(), mono = () => performance.now(), ask = () => askTimeService() }: ClockWatchOptions = {}) {
    this.#wall = wall;
    this.#mono = mono;
    this.#ask = ask;
    this.#ahead = wall() - mono();
    // The first is due at the first look.
    this.#at = mono() - everyMs;
  }

  /** The status that is due, or null. What was moved since the last one is in it. */
  async look(): Promise<ClockStatus | null> {
    const moved = this.#wall() - this.#mono() - this.#ahead;
    if (Math.abs(moved) < stepMs && this.#mono() - this.#at < everyMs) return null;
    this.#ahead += moved;
    this.#at = this.#mono();
    const { source, synchronised, offsetUs, errorUs } = await this.#ask();
    return { source, synchronised, offset_us: offsetUs, error_us: errorUs, step_us: Math.round(moved * 1000) };
  }
}
