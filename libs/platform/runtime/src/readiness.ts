/** Null when ready, else what it waits for, in a few words: shown by `/readyz`. */
export type Check = () => string | null;

/** What a service needs before it should be given work. */
export class Readiness {
  readonly #checks = new Map<string, Check>();

  /** A later check of the same name replaces the earlier. Called at each look: it must be cheap and must not wait. */
  add(name: string, check: Check): void {
    this.#checks.set(name, check);
  }

  remove(name: string): void {
    this.#checks.delete(name);
  }

  /** What is waited for, by name; empty when ready. A check that throws counts as waiting. */
  waiting(): Record<string, string> {
    const waiting: Record<string, string> = {};
    for (const [name, check] of this.#checks) {
      const why = ask(check);
      if (why !== null) waiting[name] = why;
    }
    return waiting;
  }
}

function ask(check: Check): string | null {
  try {
    return check();
  } catch {
    return 'the check failed';
  }
}
