import type { Envelope } from '@sallyport/domain-events';
import { ChainCheck, type Link } from '../chain-check.ts';
import type { Where } from '../findings.ts';
import type { DisclosedChains } from '../pack/manifest.ts';
import { hex } from '../pack/pack-note.ts';
import { Course } from './course.ts';
import type { FaultKind, Place, Say } from './faults.ts';
import { placeOf, whereOf } from './where-of.ts';

/** What is known of the chains besides their events. */
export interface ChainRules {
  readonly whole: DisclosedChains;
  /** Whether nothing stands before what is shown, in the log. */
  readonly fromStart: boolean;
  /** Whether everything that stands there is shown. */
  readonly nothingWithheld: boolean;
  readonly begunBefore: ReadonlySet<string>;
  readonly openAfter: ReadonlySet<string>;
  /** Events of a chain stand in its order, and counters rise in it. */
  readonly inOrder: boolean;
}

interface Chain {
  readonly links: Link[];
  readonly session: boolean;
}

interface Abandoned {
  readonly lastSeq: number;
  readonly where: Where;
}

/** The chains of the events that are shown: SPEC.md, section 4, rule 8. */
export class Chains {
  readonly #chains = new Map<string, Chain>();
  readonly #abandoned = new Map<string, Abandoned>();
  readonly #say: Say;
  readonly #file: string;

  constructor(file: string, say: Say) {
    this.#file = file;
    this.#say = say;
  }

  get sessions(): number {
    return [...this.#chains.values()].filter(({ session }) => session).length;
  }

  add(event: Envelope, leaf: number | null, sha256: Uint8Array): void {
    const { sid, seq, prev, type, prod, t } = event;
    const where = whereOf(event, leaf);
    const data = event.d as Partial<Record<string, unknown>>;
    const end = type === 'session.closed' ? { finalSeq: data['final_seq'], head: data['head'] } : null;
    const link: Link = { where, type, seq, prev, hash: hex(sha256), millis: Date.parse(t.wall), end };
    const known = this.#chains.get(sid);
    if (known === undefined) this.#chains.set(sid, { links: [link], session: sid !== prod.epoch });
    else known.links.push(link);
    if (type === 'session.abandoned') this.#abandon(data, where);
  }

  finish(rules: ChainRules): void {
    for (const [sid, chain] of this.#chains) this.#check(sid, chain, rules);
    if (!rules.fromStart || !rules.nothingWithheld) return;
    for (const [sid, { where, lastSeq }] of this.#abandoned) {
      if (!this.#chains.has(sid)) this.#say('missing', `a whole session is missing: event ${where.id} calls it abandoned at number ${lastSeq}`, { sid });
    }
  }

  #abandon(data: Partial<Record<string, unknown>>, where: Where): void {
    const { session, last_seq: lastSeq } = data;
    if (typeof session !== 'string' || typeof lastSeq !== 'number') return this.#say('malformed', 'it does not say which session was abandoned where', this.#place(where));
    const known = this.#abandoned.get(session);
    if (known === undefined || known.lastSeq < lastSeq) this.#abandoned.set(session, { lastSeq, where });
  }

  #check(sid: string, { links, session }: Chain, rules: ChainRules): void {
    const whole = rules.whole === 'all' || (rules.whole === 'sessions' && session);
    const report = (kind: FaultKind, where: Where, say: string) => {
      if (whole || (kind !== 'missing' && kind !== 'unclosed')) this.#say(kind, say, this.#place(where));
    };
    const sorted = links.toSorted((a, b) => a.seq - b.seq);
    const [first] = sorted;
    const last = sorted.at(-1);
    if (first === undefined || last === undefined) return;
    if (rules.inOrder) inOrder(links, session, report);
    const course = session ? new Course((kind, link, say) => report(kind, link.where, say)) : null;
    const chain = new ChainCheck(({ kind, where, say }) => report(kindOf(kind), where, say), (link) => course?.walk(link));
    chain.next = first.seq;
    if (session) oneProducer(sorted, report);
    for (const link of sorted) chain.add(link, 'ledger');
    chain.finish();
    const began = first.seq === 0 || (!rules.fromStart && (!session || rules.begunBefore.has(sid)));
    if (!began) report('missing', { ...first.where, index: null, seq: 0, pseq: null, id: null }, `the chain begins at number ${first.seq}`);
    if (course !== null && !course.over && !rules.openAfter.has(sid)) this.#end(sid, last, report);
  }

  #end(sid: string, last: Link, report: (kind: FaultKind, where: Where, say: string) => void): void {
    const abandoned = this.#abandoned.get(sid);
    if (abandoned === undefined) report('unclosed', last.where, `the session has no end: its last event here is number ${last.seq}, of ${new Date(last.millis).toISOString()}`);
    else if (last.seq !== abandoned.lastSeq) report(last.seq < abandoned.lastSeq ? 'missing' : 'unclosed', last.where, `the session was abandoned at number ${abandoned.lastSeq}, its last event here is ${last.seq}`);
  }

  #place(where: Where): Partial<Place> {
    return placeOf(where, this.#file);
  }
}

function oneProducer(links: readonly Link[], report: (kind: FaultKind, where: Where, say: string) => void): void {
  const [first] = links;
  for (const { where } of links) {
    if (where.producer !== first?.where.producer || where.epoch !== first.where.epoch) report('extra', where, 'another producer wrote it than the one that began the session');
  }
}

function inOrder(links: readonly Link[], session: boolean, report: (kind: FaultKind, where: Where, say: string) => void): void {
  let before: Link | null = null;
  for (const link of links) {
    if (before !== null && link.seq < before.seq) report('reordered', link.where, `number ${link.seq} of the chain stands after a later one`);
    else if (before !== null && session && (link.where.pseq ?? 0) <= (before.where.pseq ?? 0)) report('reordered', link.where, 'its producer counted it before the event that it follows');
    before = link;
  }
}

function kindOf(kind: string): FaultKind {
  switch (kind) {
    case 'missing':
    case 'reordered':
    case 'extra':
      return kind;
    default:
      return 'changed';
  }
}
