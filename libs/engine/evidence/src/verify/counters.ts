import type { Envelope } from '@sallyport/domain-events';
import { holeText } from '../counter-check.ts';
import type { Say } from './faults.ts';

interface Counter {
  readonly producer: string;
  readonly epoch: string;
  readonly numbers: { readonly pseq: number; readonly wall: string }[];
}

/** The producers' counters among the events that are shown: SPEC.md, section 4, rule 9. */
export class Counters {
  readonly #counters = new Map<string, Counter>();
  readonly #say: Say;

  constructor(say: Say) {
    this.#say = say;
  }

  add({ prod: { id: producer, epoch, pseq }, t: { wall } }: Envelope): void {
    const key = `${producer} ${epoch}`;
    const known = this.#counters.get(key);
    if (known === undefined) this.#counters.set(key, { producer, epoch, numbers: [{ pseq, wall }] });
    else known.numbers.push({ pseq, wall });
  }

  /** @returns how many numbers nobody has. As many as are withheld may be among those; more are holes. */
  finish(fromStart: boolean, withheld: number): number {
    const holes: { counter: Counter; from: number; to: number; since: string | null; until: string }[] = [];
    for (const counter of this.#counters.values()) {
      let before = fromStart ? 0 : null;
      let since: string | null = null;
      for (const { pseq, wall } of counter.numbers.sort((a, b) => a.pseq - b.pseq)) {
        if (pseq === before) this.#say('extra', `two events claim number ${pseq} of their producer`, { producer: counter.producer, epoch: counter.epoch, pseq });
        else if (before !== null && pseq > before + 1) holes.push({ counter, from: before + 1, to: pseq - 1, since, until: wall });
        before = pseq;
        since = wall;
      }
    }
    const missing = holes.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    if (missing <= withheld) return missing;
    for (const { counter, from, to, since, until } of holes) {
      this.#say('gap', holeText(counter.producer, from, to, since, until), { producer: counter.producer, epoch: counter.epoch, pseq: from });
    }
    return missing;
  }
}
