import type { Envelope } from '@sallyport/domain-events';
import type { Say } from './faults.ts';

interface Counter {
  readonly producer: string;
  readonly epoch: string;
  readonly numbers: number[];
}

/** The producers' counters among the events that are shown: SPEC.md, section 4, rule 9. */
export class Counters {
  readonly #counters = new Map<string, Counter>();
  readonly #say: Say;

  constructor(say: Say) {
    this.#say = say;
  }

  add({ prod: { id: producer, epoch, pseq } }: Envelope): void {
    const key = `${producer} ${epoch}`;
    const known = this.#counters.get(key);
    if (known === undefined) this.#counters.set(key, { producer, epoch, numbers: [pseq] });
    else known.numbers.push(pseq);
  }

  /** @returns how many numbers nobody has. As many as are withheld may be among those; more are holes. */
  finish(fromStart: boolean, withheld: number): number {
    const holes: { counter: Counter; from: number; to: number }[] = [];
    for (const counter of this.#counters.values()) {
      let before = fromStart ? 0 : null;
      for (const pseq of counter.numbers.sort((a, b) => a - b)) {
        if (pseq === before) this.#say('extra', `two events claim number ${pseq} of their producer`, { producer: counter.producer, epoch: counter.epoch, pseq });
        else if (before !== null && pseq > before + 1) holes.push({ counter, from: before + 1, to: pseq - 1 });
        before = pseq;
      }
    }
    const missing = holes.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    if (missing <= withheld) return missing;
    for (const { counter, from, to } of holes) {
      const say = from === to ? `number ${from} of producer ${counter.producer} is nowhere` : `numbers ${from} to ${to} of producer ${counter.producer} are nowhere`;
      this.#say('gap', say, { producer: counter.producer, epoch: counter.epoch, pseq: from });
    }
    return missing;
  }
}
