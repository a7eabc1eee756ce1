import { genesis } from '@sallyport/domain-events';
import type { Finding, FindingKind, Where } from './findings.ts';

/** An event as its chain sees it. */
export interface Link {
  readonly where: Where;
  readonly type: string;
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
  readonly millis: number;
  /** What a session.closed says of its own place. */
  readonly end: { readonly finalSeq: unknown; readonly head: unknown } | null;
}

/** A link whose `prev` is not the hash of the link before it: one of the two is not what was written. */
interface Broken {
  readonly before: Link;
}

/**
 * One chain, fed in any order, walked in the order of `seq`. A broken link alone does not say which side was altered; the next event
 * does: if it vouches for the later one, the earlier was altered, else the later. Where nothing follows, the earlier is named.
 */
export class ChainCheck {
  next = 0;
  last: Link | null = null;
  late = 0;
  /** Numbers that never came, once it is finished. */
  missing = 0;
  readonly #report: (finding: Finding) => void;
  readonly #walk: (link: Link) => void;
  /** All events that claim seq `next - 1`; more than one until the next event says which of them it followed. */
  #tip: Link[] = [];
  #broken: Broken | null = null;
  readonly #waiting = new Map<number, Link[]>();

  /** `walk` gets each link once, in order, without those that are not the chain's own. */
  constructor(report: (finding: Finding) => void, walk: (link: Link) => void) {
    this.#report = report;
    this.#walk = walk;
  }

  /** `order`: in `chain` an event after a later one is a finding, in `ledger` it is counted only. */
  add(link: Link, order: 'chain' | 'ledger'): void {
    if (link.seq < this.next - 1) return this.#say('extra', link, `a second event claims number ${link.seq} of its chain, and the chain goes on from the first`);
    if (link.seq === this.next - 1) {
      this.#tip.push(link);
      return;
    }
    const others = this.#waiting.get(link.seq);
    if (others !== undefined) {
      others.push(link);
      return;
    }
    this.#waiting.set(link.seq, [link]);
    if (link.seq === this.next && this.#waiting.size > 1) {
      this.late++;
      if (order === 'chain') this.#say('reordered', link, `number ${link.seq} of the chain stands after a later one`);
    }
    this.#drain();
  }

  finish(): void {
    for (const seq of [...this.#waiting.keys()].sort((a, b) => a - b)) this.#skipTo(seq);
    const [own, ...others] = this.#tip;
    if (own === undefined) return;
    for (const other of others) this.#say('extra', other, `a second event claims number ${other.seq} of its chain`);
    if (this.#broken === null) return;
    const culprit = own.end !== null && own.end.head !== own.prev ? own : this.#broken.before;
    this.#say('changed', culprit, culprit === own ? 'it names another event before it than there is' : 'the event after it names another hash: this one was changed, or the one after it, which is the last');
  }

  #drain(): void {
    for (let links = this.#waiting.get(this.next); links !== undefined; links = this.#waiting.get(this.next)) this.#advance(links);
  }

  #advance(links: Link[]): void {
    this.#waiting.delete(this.next++);
    const [link] = links;
    if (link === undefined) return;
    const before = this.#tip;
    this.#tip = links;
    this.last = link;
    if (before.length === 0) this.#first(link);
    else this.#join(before, links);
    this.#walk(link);
  }

  #first(link: Link): void {
    if (link.seq === 0 && link.prev !== genesis) this.#say('changed', link, 'it is the first of its chain and names an event before it');
  }

  #join(before: readonly Link[], links: readonly Link[]): void {
    const own = before.find((candidate) => links.some((link) => link.prev === candidate.hash));
    for (const other of before) {
      if (before.length > 1 && other !== (own ?? before[0])) this.#say('extra', other, `a second event claims number ${other.seq} of its chain, and the chain goes on from the other`);
    }
    const tip = own ?? before[0];
    if (tip === undefined) return;
    if (own !== undefined) {
      if (this.#broken !== null) this.#say('changed', this.#broken.before, 'the event after it names another hash, and that event is vouched for by its own successor');
      this.#broken = null;
    } else if (this.#broken !== null) {
      this.#say('changed', tip, 'it fits neither the event before it nor the one after it');
      this.#broken = null;
    } else this.#broken = { before: tip };
  }

  /** The numbers up to `seq` never came: says so, and goes on from there, taking the next event at its word. */
  #skipTo(seq: number): void {
    const links = this.#waiting.get(seq);
    if (links === undefined || seq < this.next) return;
    if (seq > this.next) {
      const [first] = links;
      const from = this.next;
      this.missing += seq - from;
      if (first !== undefined) this.#report({ kind: 'missing', where: { ...first.where, index: null, seq: from, pseq: null, id: null }, say: from === seq - 1 ? `number ${from} of the chain is missing` : `numbers ${from} to ${seq - 1} of the chain are missing` });
      this.#settleBroken();
      this.#tip = [];
      this.next = seq;
    }
    this.#drain();
  }

  #settleBroken(): void {
    if (this.#broken !== null) this.#say('changed', this.#broken.before, 'the event after it names another hash: this one was changed, or the one after it');
    this.#broken = null;
  }

  #say(kind: FindingKind, link: Link, say: string): void {
    this.#report({ kind, where: link.where, say });
  }
}
