import { hash } from 'node:crypto';
import { genesis } from './genesis.ts';
import type { Authority, BlobRef, On, Who } from './envelope.ts';
import type { EventData, EventType } from './types.ts';

/** Where a chain stands: the next `seq` and the hash of the event before it. */
export interface ChainHead {
  readonly seq: number;
  readonly prev: string;
}

/** What differs from event to event besides its data. */
export interface EventStamp {
  readonly id: string;
  readonly pseq: number;
  readonly wall: string;
  readonly monoUs: number;
}

/**
 * Writes the events of one chain (a session, or a producer's epoch) as stored bytes. The only place where an envelope is
 * serialised. Members are written in one fixed order; what does not change within a chain is rendered once.
 */
export class EventChain {
  readonly sid: string;
  #seq: number;
  #prev: string;
  readonly #tenant: string;
  readonly #producer: string;
  readonly #parties: string;

  constructor(
    of: { readonly tenant: string; readonly sid: string; readonly producer: { readonly id: string; readonly epoch: string } },
    parties: { readonly who: Who | null; readonly on: On | null },
    head: ChainHead = { seq: 0, prev: genesis },
  ) {
    this.sid = of.sid;
    this.#seq = head.seq;
    this.#prev = head.prev;
    this.#tenant = JSON.stringify(of.tenant);
    this.#producer = `"id":${JSON.stringify(of.producer.id)},"epoch":${JSON.stringify(of.producer.epoch)},"pseq":`;
    this.#parties = render(parties.who, parties.on);
  }

  get head(): ChainHead {
    return { seq: this.#seq, prev: this.#prev };
  }

  write<T extends EventType>(
    type: T,
    data: EventData[T],
    stamp: EventStamp,
    auth: Authority | null = null,
    blobs: readonly BlobRef[] = [],
    parties?: { readonly who: Who | null; readonly on: On | null },
  ): Buffer {
    return this.writeJson(type, JSON.stringify(data), stamp, auth === null ? 'null' : JSON.stringify(auth), blobs.length === 0 ? '[]' : JSON.stringify(blobs), parties);
  }

  /** The same for callers that have parts of the JSON ready. The caller answers for their being valid JSON of the declared shape. */
  writeJson(type: EventType, data: string, stamp: EventStamp, auth: string, blobs: string, parties?: { readonly who: Who | null; readonly on: On | null }): Buffer {
    const bytes = utf8(
      `{"v":1,"id":"${stamp.id}","type":"${type}","tenant":${this.#tenant},"sid":"${this.sid}","seq":${this.#seq},"prev":"${this.#prev}",` +
        `"prod":{${this.#producer}${stamp.pseq}},"t":{"wall":"${stamp.wall}","mono_us":${stamp.monoUs}},` +
        `${parties === undefined ? this.#parties : render(parties.who, parties.on)},"auth":${auth},"d":${data},"blobs":${blobs}}`,
    );
    this.#prev = hash('sha256', bytes, 'hex');
    this.#seq++;
    return bytes;
  }
}

/** Events are written into shared slabs, which costs a fraction of a buffer for each. Bytes once handed out are never written again. */
const slabSize = 64 * 1024;
let slab = Buffer.allocUnsafeSlow(slabSize);
let used = 0;

function utf8(text: string): Buffer {
  const most = text.length * 3;
  if (most > slabSize) return Buffer.from(text);
  if (used + most > slabSize) {
    slab = Buffer.allocUnsafeSlow(slabSize);
    used = 0;
  }
  const from = used;
  used += slab.write(text, from);
  return slab.subarray(from, used);
}

function render(who: Who | null, on: On | null): string {
  return `"who":${JSON.stringify(who)},"on":${JSON.stringify(on)}`;
}
