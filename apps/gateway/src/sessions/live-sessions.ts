import type { Refusal } from '@sallyport/domain-model';

/** The sessions of this gateway: to end one, or all, and to find the one that a cancel request means. */
export class LiveSessions {
  readonly #sessions = new Map<string, AbortController>();
  readonly #cancels = new Map<string, () => void>();

  get size(): number {
    return this.#sessions.size;
  }

  add(session: string): AbortController {
    const closing = new AbortController();
    this.#sessions.set(session, closing);
    return closing;
  }

  remove(session: string): void {
    this.#sessions.delete(session);
  }

  /** Ends a session with a refusal that its client will read. False when it is not here. */
  close(session: string, said: Refusal): boolean {
    const closing = this.#sessions.get(session);
    closing?.abort(said);
    return closing !== undefined;
  }

  closeAll(said: (session: string) => Refusal): void {
    for (const [session, closing] of this.#sessions) closing.abort(said(session));
  }

  onCancel(key: Uint8Array, run: () => void): () => void {
    const name = Buffer.from(key).toString('hex');
    this.#cancels.set(name, run);
    return () => this.#cancels.delete(name);
  }

  /** The key is all that a cancel request has to show: 64 random bits or more, known to the session's client alone. */
  cancel(key: Uint8Array): boolean {
    const run = this.#cancels.get(Buffer.from(key).toString('hex'));
    run?.();
    return run !== undefined;
  }
}
