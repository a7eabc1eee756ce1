import { instant, type Clock, type EvidenceLog, type Instant } from '@sallyport/domain-model';
import type { EventData } from '@sallyport/domain-events';

/** So long nothing must have been refused before it counts as over. Milliseconds. */
const quietMs = 5_000;
const everyMs = 500;

const unanswered = 'what was written did not become durable in time';

/**
 * Times in which evidence could not be made durable: a full disk, a full journal, a bus that does not answer. They cannot be told while they last; as soon as the log takes events
 * again, the gateway says from when to when, why, and how many commands were refused for it.
 */
export class Interruptions {
  readonly #of: { readonly log: EvidenceLog; readonly clock: Clock; record(type: 'evidence.interrupted', data: EventData['evidence.interrupted']): boolean };
  #now: { readonly since: Instant; why: string; refused: number; last: number; until: Instant } | null = null;

  constructor(of: { readonly log: EvidenceLog; readonly clock: Clock; record(type: 'evidence.interrupted', data: EventData['evidence.interrupted']): boolean }) {
    this.#of = of;
  }

  /** A command was refused for want of a durable record. */
  refused(): void {
    this.#lasts(this.#of.log.refusing ?? unanswered).refused++;
  }

  /** Looks whether the log takes events, and tells what is over. */
  look(): void {
    const { refusing } = this.#of.log;
    if (refusing !== null) return void this.#lasts(refusing);
    const over = this.#now;
    if (over === null || this.#of.clock.monoUs() / 1000 - over.last < quietMs) return;
    if (this.#of.record('evidence.interrupted', { since: over.since, until: over.until, why: over.why, refused: over.refused })) this.#now = null;
  }

  /** Looks twice a second until it is ended by what it returns. */
  start(): () => void {
    const timer = setInterval(() => this.look(), everyMs);
    return () => clearInterval(timer);
  }

  #lasts(why: string) {
    const [at, last] = [instant(this.#of.clock.now()), this.#of.clock.monoUs() / 1000];
    this.#now ??= { since: at, why, refused: 0, last, until: at };
    // What the log itself names says more than that nothing came back.
    if (this.#now.why === unanswered) this.#now.why = why;
    this.#now.last = last;
    this.#now.until = at;
    return this.#now;
  }
}
