import { subjects, type Bus } from '@sallyport/platform-bus';
import type { Appended } from '../store/ledger.ts';

interface Mark {
  readonly producer: string;
  readonly epoch: string;
  pseq: number;
  at: number;
}

/** A producer that was silent for this long is told no more. */
const activeMs = 600_000;

/** Tells producers how far the ledger is with them: after each commit, and again and again, since a message on the bus may reach nobody. */
export class Watermarks {
  readonly #bus: Bus;
  readonly #marks = new Map<string, Mark>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  committed(producers: Appended['producers'], now = Date.now()): void {
    for (const { producer, epoch, contiguous } of producers) {
      const mark: Mark = { producer, epoch, pseq: contiguous, at: now };
      this.#marks.set(`${producer} ${epoch}`, mark);
      this.#tell(mark);
    }
  }

  again(now = Date.now()): void {
    for (const [key, mark] of this.#marks) {
      if (now - mark.at > activeMs) this.#marks.delete(key);
      else this.#tell(mark);
    }
  }

  #tell({ producer, epoch, pseq }: Mark): void {
    if (this.#bus.connected && pseq > 0) this.#bus.publish(subjects.watermark(producer), { epoch, pseq });
  }
}
