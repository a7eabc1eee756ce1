import type { Finding } from './findings.ts';
import type { Link } from './chain-check.ts';

export type SessionState = 'new' | 'open' | 'closed' | 'refused' | 'unopened';

/**
 * The course of one session: `auth.*` events, then `session.opened` … `session.closed`, or `session.refused` alone. Nothing comes after an end.
 * A chain that begins with a hole is taken as open: what it began with is not known.
 */
export class SessionCheck {
  state: SessionState = 'new';
  opened: Link | null = null;
  readonly #report: (finding: Finding) => void;

  constructor(report: (finding: Finding) => void) {
    this.#report = report;
  }

  walk(link: Link): void {
    if (this.opened === null && link.seq > 0 && this.state === 'new') this.state = 'open';
    this.opened ??= link;
    const { producer, epoch } = this.opened.where;
    if (link.where.producer !== producer || link.where.epoch !== epoch) this.#report({ kind: 'extra', where: link.where, say: 'another producer wrote it than the one that began the session' });
    switch (this.state) {
      case 'new':
      case 'unopened':
        return this.#begin(link);
      case 'open':
        return this.#goOn(link);
      case 'closed':
      case 'refused':
        return this.#report({ kind: 'extra', where: link.where, say: 'it comes after the end of its session' });
    }
  }

  #begin(link: Link): void {
    if (link.type.startsWith('auth.')) this.state = 'unopened';
    else if (link.type === 'session.opened') this.state = 'open';
    else if (link.type === 'session.refused') this.state = 'refused';
    else {
      this.state = 'open';
      this.#report({ kind: 'missing', where: link.where, say: 'its session was never opened' });
    }
  }

  #goOn(link: Link): void {
    if (link.type === 'session.opened' || link.type === 'session.refused') return this.#report({ kind: 'extra', where: link.where, say: 'its session is open already' });
    if (link.type !== 'session.closed') return;
    this.state = 'closed';
    if (link.end?.finalSeq !== link.seq || link.end.head !== link.prev) this.#report({ kind: 'changed', where: link.where, say: 'what it says of the end of its chain is not where it stands' });
  }
}
