import { nowhere, type Finding, type Where } from './findings.ts';

/** The dense counter of one start of one producer: 1, 2, 3 … each once. A hole is a whole event that nobody has, of whatever session. */
export class CounterCheck {
  /** Numbers that are nowhere, once it is finished. */
  missing = 0;
  #next = 1;
  /** Wall time of the last before the first hole. */
  #since: string | null = null;
  /** Numbers behind the first hole, with their wall times. */
  readonly #ahead = new Map<number, string>();
  readonly #of: { readonly producer: string; readonly epoch: string };
  readonly #report: (finding: Finding) => void;

  constructor(of: { readonly producer: string; readonly epoch: string }, report: (finding: Finding) => void) {
    this.#of = of;
    this.#report = report;
  }

  add(pseq: number, wall: string, where: Where): void {
    if (pseq < this.#next || this.#ahead.has(pseq)) return this.#report({ kind: 'extra', where, say: `a second event claims number ${pseq} of its producer` });
    if (pseq > this.#next) {
      this.#ahead.set(pseq, wall);
      return;
    }
    this.#since = wall;
    this.#next++;
    for (let next = this.#ahead.get(this.#next); next !== undefined; next = this.#ahead.get(this.#next)) {
      this.#ahead.delete(this.#next++);
      this.#since = next;
    }
  }

  finish(): void {
    for (const [pseq, wall] of [...this.#ahead].sort(([a], [b]) => a - b)) {
      if (pseq > this.#next) this.#hole(this.#next, pseq - 1, wall);
      this.#next = pseq + 1;
      this.#since = wall;
    }
  }

  #hole(from: number, to: number, until: string): void {
    this.missing += to - from + 1;
    const where = { ...nowhere, producer: this.#of.producer, epoch: this.#of.epoch, pseq: from };
    this.#report({ kind: 'gap', where, say: holeText(this.#of.producer, from, to, this.#since, until) });
  }
}

/** A hole in a producer's numbers, with the wall times of the events at both sides of it. */
export function holeText(producer: string, from: number, to: number, since: string | null, until: string): string {
  const what = from === to ? `number ${from} of producer ${producer} is nowhere` : `numbers ${from} to ${to} of producer ${producer} are nowhere`;
  return `${what}: ${since === null ? 'written' : `written after ${since} and`} before ${until}`;
}
