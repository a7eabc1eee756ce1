/** Null when ready, else what it waits for, in a few words: shown by `/readyz`. */
export type Check = () => string | null;

/** What a service needs before it should be given work. */
export class Readiness {
  readonly #checks = new Map<string, Check>();
  readonly #notes = new Map<string, Check>();

  /** A later check of the same name replaces the earlier. Called at each look: it must be cheap and must not wait. */
  add(name: string, check: Check): void {
    this.#checks.set(name, check);
  }

  /** Something that an operator should know and that keeps nobody from being served: shown beside, null when there is nothing to say. */
  note(name: string, check: Check): void {
    this.#notes.set(name, check);
  }

  remove(name: string): void {
    this.#checks.delete(name);
  }

  /** What is waited for, by name; empty when ready. A check that throws counts as waiting. */
  waiting(): Record<string, string> {
    return said(this.#checks);
  }

  /** What is noted, by name. */
  notes(): Record<string, string> {
    return said(this.#notes);
  }
}

function said(checks: ReadonlyMap<string, Check>): Record<string, string> {
  return Object.fromEntries([...checks].flatMap(([name, check]) => {
    const why = ask(check);
    return why === null ? [] : [[name, why]];
  }));
}

function ask(check: Check): string | null {
  try {
    return check();
  } catch {
    return 'the check failed';
  }
}
