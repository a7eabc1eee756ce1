import { readRecord, type StoredEvent } from '@sallyport/engine-siem';

/** Chains whose last event is remembered. */
const chains = 10_000;

/** Knows the id of the event before, in its chain, of what went by: OCSF asks for it, and the bytes have only its hash. After a restart it knows none yet. */
export class PreviousEvents {
  readonly #last = new Map<string, { readonly seq: number; readonly id: string }>();

  /** The same leaf, with the id of the event before it where that is known. */
  with(stored: StoredEvent): StoredEvent {
    const { event } = readRecord(stored);
    if (event === null) return stored;
    const before = this.#last.get(event.sid);
    this.#last.delete(event.sid);
    this.#last.set(event.sid, { seq: event.seq, id: event.id });
    const [oldest] = this.#last.keys();
    if (this.#last.size > chains && oldest !== undefined) this.#last.delete(oldest);
    return before?.seq === event.seq - 1 ? { ...stored, previousId: before.id } : stored;
  }
}
