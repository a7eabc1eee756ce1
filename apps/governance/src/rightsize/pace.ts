import { setImmediate } from 'node:timers/promises';
import { RightsizeError } from './errors.ts';

/** Longest that one question may take, in milliseconds: whoever asked waits half a minute. */
const mostMs = 25_000;
const sliceMs = 20;

/** Work of many steps lets others have the event loop between them, and ends in `too-much` when it takes too long. */
export class Pace {
  readonly #from = performance.now();
  #since = this.#from;

  async step(): Promise<void> {
    const at = performance.now();
    if (at - this.#since < sliceMs) return;
    if (at - this.#from > mostMs) throw new RightsizeError('too-much', 'this takes too long: ask for one machine, or for fewer days');
    await setImmediate();
    this.#since = performance.now();
  }
}
