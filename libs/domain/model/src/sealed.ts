const inspect = Symbol.for('nodejs.util.inspect.custom');

/**
 * A value that must not be printed: statement text, parameters, credentials. Every ordinary way of turning it into
 * text (`String`, template literals, JSON, `console.log`, `util.inspect`) gives `[sealed]`. Not encryption:
 * `open` returns the value to any caller, and its argument is there so that each opening can be found by reading the code.
 */
export class Sealed<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** @param reason why the value is needed, in words; not recorded at run time. */
  open(reason: string): T {
    void reason;
    return this.#value;
  }

  toString(): string {
    return '[sealed]';
  }

  toJSON(): string {
    return '[sealed]';
  }

  [inspect](): string {
    return '[sealed]';
  }
}
