import { nowhere, type Finding, type Where } from './findings.ts';

/** The dense counter of one start of one producer: 1, 2, 3 … each once. A hole is a whole event that nobody has, of whatever session. */
export class CounterCheck {
  #next = 1;
  readonly #ahead = new Set<number>();
  readonly #of: { readonly producer: string; readonly epoch: string };
  readonly #report: (finding: Finding) => void;

  constructor(of: { readonly producer: string; readonly epoch: string }, report: (finding: Finding) => void) {
    this.#of = of;
    this.#report = report;
  }

  add(pseq: number, where: Where): void {
    if (pseq < this.#next || this.#ahead.has(pseq)) return this.#report({ kind: 'extra', where, say: `a second event claims number ${pseq} of its producer` });
    this.#ahead.add(pseq);
    while (this.#ahead.delete(this.#next)) this.#next++;
  }

  finish(): void {
    for (const pseq of [...this.#ahead].sort((a, b) => a - b)) {
      if (pseq > this.#next) this.#hole(this.#next, pseq - 1);
      this.#next = pseq + 1;
    }
  }

  #hole(from: number, to: number): void {
    const where = { ...nowhere, producer: this.#of.producer, epoch: this.#of.epoch, pseq: from };
    this.#report({ kind: 'gap', where, say: from === to ? `number ${from} of producer ${this.#of.producer} is nowhere` : `numbers ${from} to ${to} of producer ${this.#of.producer} are nowhere` });
  }
}
