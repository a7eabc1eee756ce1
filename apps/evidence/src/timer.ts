import type { Log } from '@sallyport/platform-telemetry';

/** Runs `round` again and again, `everyMs` after the last one ended; an error is logged and does not end it. `stop` waits for the running round. */
export class Timer {
  readonly #everyMs: number;
  readonly #round: () => Promise<unknown>;
  readonly #log: Log;
  #next: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(everyMs: number, round: () => Promise<unknown>, log: Log) {
    this.#everyMs = everyMs;
    this.#round = round;
    this.#log = log;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#next !== null) clearTimeout(this.#next);
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      await this.#round();
    } catch (error) {
      // The next round tries again: nothing is decided by a round that failed.
      this.#log.error('a round failed', { error });
    }
    if (!this.#stopped) this.#next = setTimeout(() => this.start(), this.#everyMs);
  }
}
