import type { Kysely, Transaction } from 'kysely';
import { personWho, type EventData } from '@sallyport/domain-events';
import { ok, type Caller, type evidenceFollow, type Reply } from '@sallyport/platform-bus';
import type { OpeningKeys } from '@sallyport/engine-evidence';
import type { Outbox } from '@sallyport/platform-store';
import type { z } from 'zod';
import { openingsOf, sinksMayOpen } from '../model/openings.ts';
import type { Leaf } from '../publish/message.ts';
import { PublishStore, type PublishDatabase } from '../publish/publish-store.ts';
import type { EvidenceDatabase } from '../store/database.ts';
import { pageBytes, readOpenings } from '../store/reading.ts';

type Found<T> = { readonly count: number; readonly value: T } | Reply<never>;

type NotedType = 'operator.acted' | 'evidence.read' | 'service.started' | 'service.stopped';

/** Reads of the ledger, each in one transaction with the event that tells of it: no record, no answer. */
export class Reads {
  readonly #db: Kysely<EvidenceDatabase>;
  readonly #outbox: Outbox;
  readonly #keys: OpeningKeys;

  constructor(db: Kysely<EvidenceDatabase>, outbox: Outbox, keys: OpeningKeys) {
    this.#db = db;
    this.#outbox = outbox;
    this.#keys = keys;
  }

  record<T>(by: Caller, what: string, asked: Readonly<Record<string, unknown>>, read: (trx: Transaction<EvidenceDatabase>) => Promise<Found<T>>): Promise<Reply<T>> {
    return this.#db.transaction().execute(async (trx) => {
      const found = await read(trx);
      const count = 'count' in found ? found.count : 0;
      await this.#outbox.emit(trx, 'evidence.read', { what, filter: filterOf(asked), count }, { who: personWho(by.person) });
      return 'count' in found ? ok(found.value) : found;
    });
  }

  /** As many leaves as fit into an answer. */
  async follow(from: number, limit: number): Promise<z.output<(typeof evidenceFollow)['value']>> {
    const store = new PublishStore(this.#db.withTables<PublishDatabase>());
    const page: Leaf[] = [];
    let bytes = 0;
    for (const leaf of await store.leaves(from, limit)) {
      bytes += leaf.body?.byteLength ?? 0;
      if (bytes > pageBytes && page.length > 0) break;
      page.push(leaf);
    }
    const openings = await readOpenings(this.#db, page.map(({ body }) => bufferOf(body)), (event, boxes) => openingsOf(event, boxes, this.#keys, sinksMayOpen));
    const leaves = page.map(({ body, ...told }, i) => ({ ...told, bytes: bufferOf(body)?.toString('base64') ?? null, openings: openings[i] ?? [] }));
    return { leaves, size: await store.size() };
  }

  async note<T extends NotedType>(by: Caller, type: T, data: EventData[T]): Promise<void> {
    const who = type === 'service.started' || type === 'service.stopped' ? null : personWho(by.person);
    await this.#db.transaction().execute((trx) => this.#outbox.emit(trx, type, data, { who }));
  }
}

const bufferOf = (bytes: Uint8Array | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));


/** `machine=nightly-ledger limit=50`: what was asked for, without what was left open. */
function filterOf(asked: Readonly<Record<string, unknown>>): string {
  return Object.entries(asked)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${String(value).slice(0, 128)}`)
    .join(' ');
}
