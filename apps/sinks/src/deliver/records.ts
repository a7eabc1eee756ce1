import { readRecord, type StoredEvent } from '@sallyport/engine-siem';
import type { Cursor, Place } from '../store/cursors.ts';
import { DeliveryError, type Delivery, type Gather, type Range, type Transport } from '../transports/transport.ts';
import type { Course, Turn } from './course.ts';
import { cut } from './cut.ts';
import type { LeafSource, SignedHead } from './leaf-source.ts';
import { PreviousEvents } from './previous.ts';

export interface RecordsOptions {
  readonly transport: Transport;
  readonly source: LeafSource;
  /** First words of event types that the sink wants; null: all. Checkpoints are for every sink. */
  readonly families: readonly string[] | null;
  readonly now?: () => number;
}

/** What waits to be sent, in order: a leaf, or a checkpoint behind the leaves that it covers. */
interface Item {
  readonly leaf: number;
  /** Null for a leaf that is not for this sink. */
  readonly text: string | null;
  readonly at: number;
  readonly sha256: string | null;
  readonly head: Place | null;
}

/** Checkpoints that are held until their leaves were read: a log that is long has many. */
const mostHeads = 100;
/** Leaves that are read at once. */
const pageLeaves = 500;

/**
 * Leaf by leaf, each as one record, with the log's checkpoints among them: a checkpoint comes behind the last leaf that it covers, as soon as it is signed. The cursor
 * moves by pages, or by batches where the transport gathers. Before a page is read on, the ledger is asked whether it is still the one that was delivered.
 */
export class Records implements Course {
  readonly #of: RecordsOptions;
  readonly #now: () => number;
  readonly #previous = new PreviousEvents();
  #items: Item[] = [];
  /** Signed, and not among the items yet. */
  #heads: SignedHead[] = [];
  /** The leaf that is read next, and the checkpoint that was read last. */
  #from = 0;
  #head: Place = { epoch: 0, size: 0 };
  #since = 0;
  #begun = false;

  constructor(of: RecordsOptions) {
    this.#of = of;
    this.#now = of.now ?? Date.now;
  }

  async round(turn: Turn): Promise<boolean> {
    if (!this.#begun) this.#begin(turn.cursor);
    const more = await this.#read(turn);
    if (more === 'set back') return true;
    const end = await this.#end(turn);
    if (end === 0) return more === 'more';
    await this.#deliver(turn, end);
    return true;
  }

  close(): Promise<void> {
    return this.#of.transport.close();
  }

  #begin({ next, checkpoint }: Cursor): void {
    this.#begun = true;
    this.#items = [];
    this.#heads = [];
    this.#from = next;
    this.#head = checkpoint;
  }

  async #read(turn: Turn): Promise<'more' | 'all' | 'set back'> {
    const { source } = this.#of;
    const { sha256 } = turn.cursor;
    // One leaf back, where its hash is known: it must be the same still.
    const back = this.#items.length === 0 && this.#from === turn.cursor.next && sha256 !== null ? 1 : 0;
    const { leaves, size } = await source.read(this.#from - back, pageLeaves);
    const oldest = leaves[back]?.receivedAt ?? null;
    turn.seen(size, this.#items[0]?.at ?? oldest);
    const before = back === 1 ? (leaves[0]?.noted?.sha256 ?? null) : null;
    if (size < this.#from || (before !== null && before !== sha256)) {
      await this.#setBack(turn);
      return 'set back';
    }
    if (this.#heads.length < mostHeads) this.#heads.push(...(await source.checkpoints(this.#head)));
    this.#head = this.#heads.at(-1) ?? this.#head;
    if (this.#items.length === 0) this.#since = performance.now();
    this.#takeHeads();
    for (const leaf of leaves.slice(back)) {
      this.#items.push(this.#item(leaf));
      this.#from = leaf.leaf + 1;
      this.#takeHeads();
    }
    return leaves.length > back && size > this.#from ? 'more' : 'all';
  }

  #takeHeads(): void {
    const { transport } = this.#of;
    for (let head = this.#heads[0]; head !== undefined && head.size <= this.#from; head = this.#heads[0]) {
      this.#items.push({ leaf: head.size - 1, text: transport.render(head), at: head.signedAt, sha256: null, head: { epoch: head.epoch, size: head.size } });
      this.#heads.shift();
    }
  }

  #item(stored: StoredEvent): Item {
    const { transport, families } = this.#of;
    const { leaf, receivedAt, noted } = stored;
    const over = this.#heads.find(({ size }) => size > leaf);
    const whole = { ...this.#previous.with(stored), ...(over === undefined ? {} : { proof: { origin: over.origin, size: over.size, root: over.root } }) };
    return { leaf, text: families === null || isFor(stored, families) ? transport.render(whole) : null, at: receivedAt, sha256: noted?.sha256 ?? null, head: null };
  }

  /** How many of the items go now. 0: none yet. */
  async #end(turn: Turn): Promise<number> {
    const { gather } = this.#of.transport;
    if (this.#items.length === 0) return 0;
    if (gather === undefined) return this.#items.length;
    const { batchLast } = turn.cursor;
    if (batchLast !== null) return this.#from > batchLast ? this.#upTo(batchLast) : 0;
    const full = fullAt(this.#items, gather);
    if (full === null && !this.#isOld(gather)) return 0;
    const count = full ?? this.#items.length;
    const last = lastLeaf(this.#items.slice(0, count), turn.cursor.next);
    // What nobody wants, and checkpoints alone, need no batch that must be the same again.
    if (last < turn.cursor.next || this.#items.slice(0, count).every(({ text }) => text === null)) return count;
    const stands = await turn.intend(last);
    return this.#from > stands ? this.#upTo(stands) : 0;
  }

  #upTo(last: number): number {
    return this.#items.findLastIndex(({ leaf }) => leaf <= last) + 1;
  }

  #isOld({ ageMs }: Gather): boolean {
    return performance.now() - this.#since >= ageMs || this.#now() - (this.#items[0]?.at ?? 0) >= ageMs;
  }

  async #deliver(turn: Turn, end: number): Promise<void> {
    const { transport } = this.#of;
    const { cursor } = turn;
    const items = this.#items.slice(0, end);
    const waiting: Delivery[] = items.flatMap(({ leaf, text }) => (text === null ? [] : [{ leaf, text }]));
    const leaves = items.filter(({ head }) => head === null);
    const last = lastLeaf(items, cursor.next);
    const head = items.findLast((item) => item.head !== null)?.head ?? null;
    const range: Range = { first: last < cursor.next ? (head?.size ?? 0) : cursor.next, last, at: items.find(({ at }) => at > 0)?.at ?? 0, turn: cursor.turn, epoch: head?.epoch ?? cursor.checkpoint.epoch };
    const records = waiting.length;
    while (waiting.length > 0) {
      await turn.attempt(async () => {
        const count = transport.gather === undefined ? cut(waiting, transport.most) : waiting.length;
        const again = await transport.send(waiting.slice(0, count), turn.signal, range);
        waiting.splice(0, count, ...again);
        if (again.length > 0) throw new DeliveryError('throttled', `${again.length} of ${count} records were not taken yet`);
      });
    }
    const delivered = leaves.filter(({ text }) => text !== null).length;
    await turn.moved({ next: last + 1, checkpoint: head, sha256: leaves.at(-1)?.sha256 ?? (leaves.length === 0 ? cursor.sha256 : null) }, { delivered, filtered: leaves.length - delivered }, records);
    this.#items.splice(0, end);
    this.#since = performance.now();
  }

  /** To behind the newest leaf that the ledger still has as it was delivered. */
  async #setBack(turn: Turn): Promise<void> {
    let to = 0;
    for (const { leaf, sha256 } of await turn.marks()) {
      const { leaves } = await this.#of.source.read(leaf, 1);
      if (leaves[0]?.noted?.sha256 !== sha256) continue;
      to = leaf + 1;
      break;
    }
    await turn.setBack(to);
    this.#begin(turn.cursor);
  }
}

/** The last leaf among them; before `next` where there are only checkpoints. */
const lastLeaf = (items: readonly Item[], next: number): number => items.findLast(({ head }) => head === null)?.leaf ?? next - 1;

/** How many items reach the bound of records or bytes; null while they do not. */
function fullAt(items: readonly Item[], { records, bytes }: Gather): number | null {
  let size = 0;
  let count = 0;
  for (const [i, { text }] of items.entries()) {
    if (text === null) continue;
    size += Buffer.byteLength(text);
    count++;
    if (size >= bytes || count >= records) return i + 1;
  }
  return null;
}

/** What cannot be read is for everybody. */
function isFor(leaf: StoredEvent, families: readonly string[]): boolean {
  const { type, event } = readRecord(leaf);
  return event === null || families.includes(type.split('.', 1)[0] ?? '');
}
