import type { Position } from '@sallyport/domain-model';
import type { Log } from '@sallyport/platform-telemetry';

type Done = (error: Error | null) => void;

interface Waiter {
  readonly position: Position;
  readonly deadline: number;
  readonly done: Done;
}

/** Those who wait for a position, in the order of their positions. One look at the front serves each advance; no timer of their own. */
export class Waiters {
  #queue: Waiter[] = [];
  #front = 0;
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  get size(): number {
    return this.#queue.length - this.#front;
  }

  add(position: Position, deadline: number, done: Done): void {
    const waiter = { position, deadline, done };
    let at = this.#queue.length;
    while (at > this.#front && (this.#queue[at - 1]?.position ?? 0) > position) at--;
    if (at === this.#queue.length) this.#queue.push(waiter);
    else this.#queue.splice(at, 0, waiter);
  }

  covered(upTo: Position): void {
    for (let next = this.#queue[this.#front]; next !== undefined && next.position <= upTo; next = this.#queue[this.#front]) {
      this.#front++;
      this.#call(next.done, null);
    }
    if (this.#front === this.#queue.length) {
      this.#queue = [];
      this.#front = 0;
    } else if (this.#front > 1024) {
      this.#queue.splice(0, this.#front);
      this.#front = 0;
    }
  }

  fail(error: Error): void {
    for (const { done } of this.#takeAll()) this.#call(done, error);
  }

  expire(now: number, error: () => Error): void {
    if (this.size === 0) return;
    const all = this.#takeAll();
    this.#queue = all.filter(({ deadline }) => deadline > now);
    for (const { done } of all.filter(({ deadline }) => deadline <= now)) this.#call(done, error());
  }

  #takeAll(): Waiter[] {
    const all = this.#queue.slice(this.#front);
    this.#queue = [];
    this.#front = 0;
    return all;
  }

  /** One who throws must not keep the others waiting. */
  #call(done: Done, error: Error | null): void {
    try {
      done(error);
    } catch (thrown) {
      this.#log.error('somebody who waited for evidence threw', { error: thrown });
    }
  }
}
