import type { Clock } from '@sallyport/domain-model';

/** A clock that moves only when told. */
export class FakeClock implements Clock {
  #ms: number;

  constructor(start = '2026-11-22T10:00:00Z') {
    this.#ms = Date.parse(start);
  }

  now(): number {
    return this.#ms;
  }

  monoUs(): number {
    return Math.round(this.#ms * 1000);
  }

  pass(ms: number): void {
    this.#ms += ms;
  }
}
