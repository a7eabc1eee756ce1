import type { Link } from '../chain-check.ts';
import type { FaultKind } from './faults.ts';

/**
 * The course of one session, of which the beginning may lie before what is shown: SPEC.md 1.1. `unknown`: began before. `unopened`: only
 * `auth.*` events so far.
 */
export class Course {
  #state: 'new' | 'unknown' | 'unopened' | 'open' | 'ended' = 'new';
  #onlyAuth = true;
  readonly #say: (kind: FaultKind, link: Link, say: string) => void;

  constructor(say: (kind: FaultKind, link: Link, say: string) => void) {
    this.#say = say;
  }

  /** Whether it needs no end any more. */
  get over(): boolean {
    return this.#state === 'ended' || this.#onlyAuth;
  }

  walk(link: Link): void {
    if (this.#state === 'new' && link.seq > 0) this.#state = 'unknown';
    if (!link.type.startsWith('auth.')) this.#onlyAuth = false;
    switch (this.#state) {
      case 'new':
      case 'unopened':
        this.#begin(link);
        break;
      case 'unknown':
        if (!link.type.startsWith('auth.')) this.#state = 'open';
        break;
      case 'open':
        if (opens.has(link.type)) this.#say('extra', link, 'its session is open already');
        break;
      case 'ended':
        this.#say('extra', link, 'it comes after the end of its session');
        return;
    }
    this.#end(link);
  }

  #begin(link: Link): void {
    const begins = opens.has(link.type);
    const auth = link.type.startsWith('auth.');
    if (!begins && !auth) this.#say('missing', link, 'its session was never opened');
    this.#state = auth ? 'unopened' : 'open';
  }

  #end(link: Link): void {
    if (link.type === 'session.closed' && (link.end?.finalSeq !== link.seq || link.end.head !== link.prev)) this.#say('changed', link, 'what it says of the end of its chain is not where it stands');
    if (link.type === 'session.closed' || link.type === 'session.refused') this.#state = 'ended';
  }
}

const opens: ReadonlySet<string> = new Set(['session.opened', 'session.refused']);
