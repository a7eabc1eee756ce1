import type { Envelope } from '@sallyport/domain-events';
import { factOf, type Fact } from './fact.ts';

/** Texts and lists longer than this are not shared: they hardly ever repeat, in characters. */
const longest = 512;

/**
 * Reads many events as facts. What repeats from event to event (who, on what, under which policy, statement shapes) is kept once: a session's events are then a few hundred
 * bytes each instead of a kilobyte and a half. Facts are never changed, so sharing is not seen.
 */
export class FactReader {
  readonly #texts = new Map<string, string>();
  readonly #parts = new Map<string, object>();

  read(leaf: number, hash: string, event: Envelope): Fact {
    const fact = factOf(leaf, hash, event);
    return {
      ...fact,
      type: this.#text(fact.type),
      sid: this.#text(fact.sid),
      producer: this.#text(fact.producer),
      epoch: this.#text(fact.epoch),
      who: this.#part(fact.who),
      on: this.#part(fact.on),
      auth: this.#part(fact.auth),
      d: this.#data(fact.d),
    };
  }

  #data(d: object): object {
    for (const [name, value] of Object.entries(d)) {
      if (typeof value === 'string' && !unique.test(value)) Reflect.set(d, name, this.#text(value));
      else if (Array.isArray(value)) Reflect.set(d, name, this.#part(value));
    }
    return d;
  }

  #text(text: string): string {
    if (text.length > longest) return text;
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }

  #part<T extends object | null>(part: T): T {
    if (part === null) return part;
    const key = JSON.stringify(part);
    if (key.length > longest) return part;
    const known = this.#parts.get(key);
    // The same JSON is the same value: it came from JSON.
    if (known !== undefined) return known as T;
    this.#parts.set(key, part);
    return part;
  }
}

/** Hashes, and ids of single things. */
const unique = /^[0-9a-f]{64}$|^[0-9a-f]{8}-[0-9a-f]{4}-/;
