import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '@sallyport/platform-bus';
import type { Store } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { EvidenceDatabase } from '../store/database.ts';
import { EvidenceStream } from './evidence-stream.ts';
import { checkpointMessage, leafMessage } from './message.ts';
import { checkpointsPublished, missing, published, publishLag, resumed } from './metrics.ts';
import { PublishStore, type Cursor, type PublishDatabase } from './publish-store.ts';
import { resumeAt } from './resume.ts';

export interface PublisherOptions {
  readonly store: Store<EvidenceDatabase>;
  readonly bus: Bus;
  readonly tenant: string;
  readonly log: Log;
}

/** Leaves of one look at the ledger. */
const pageLeaves = 500;
/** Looks are this far apart while nothing comes, and checkpoints are looked for this often, in milliseconds. */
const paceMs = 200;
const checkpointEveryMs = 1000;
/** After a failure, and while another publisher is at work. */
const pauseMs = 1000;

/**
 * From the ledger to the stream EVIDENCE: every leaf once, in order, as it is stored. One at a time in the whole installation. The ledger never
 * waits for it: while the bus is away it stands still, and goes on where the stream ends.
 */
export class Publisher {
  readonly #of: PublisherOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #checkpointDue = 0;

  constructor(of: PublisherOptions) {
    this.#of = of;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /**
   * A checkpoint was signed and stored: it is published behind the leaves that it covers, by whichever publisher is at work. Told or not, the newest is
   * found in the database within a second; where publishing lags, older ones may be left out.
   */
  publishCheckpoint(_note: string): void {
    this.#checkpointDue = 0;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#of.store.db.connection().execute((connection) => this.#lead(new PublishStore(connection.withTables<PublishDatabase>())));
      } catch (error) {
        if (!this.#stopping.signal.aborted) this.#of.log.warn('events cannot be published; trying again', { error });
      }
      await this.#pause(pauseMs);
    }
  }

  /** While the lock is held; the connection goes back to the pool, so the lock is given up by its word. */
  async #lead(store: PublishStore): Promise<void> {
    if (!(await store.lock())) return;
    try {
      await this.#publish(store);
    } finally {
      await store.unlock().catch(() => undefined);
    }
  }

  async #publish(store: PublishStore): Promise<void> {
    const stream = await EvidenceStream.open(this.#of.bus);
    const leave = () => stream.close();
    this.#stopping.signal.addEventListener('abort', leave, { once: true });
    try {
      resumed.inc();
      const { epoch, size } = await store.cursor();
      let cursor: Cursor = { next: await resumeAt(stream, store, this.#of.log), epoch, size };
      publishLag.set(Math.max(0, (await store.size()) - cursor.next));
      while (!this.#stopping.signal.aborted) cursor = await this.#round(stream, store, cursor);
    } finally {
      this.#stopping.signal.removeEventListener('abort', leave);
      stream.close();
    }
  }

  /** What came since the last look, and the newest checkpoint over it. The cursor moves when the stream has acknowledged both. */
  async #round(stream: EvidenceStream, store: PublishStore, at: Cursor): Promise<Cursor> {
    const leaves = await store.leaves(at.next, pageLeaves);
    for (const leaf of leaves) {
      if (leaf.body === null) missing.inc();
      await stream.send(leafMessage(this.#of.tenant, leaf));
    }
    const next = at.next + leaves.length;
    const checkpoint = Date.now() < this.#checkpointDue ? null : await store.newCheckpoint({ ...at, next });
    if (Date.now() >= this.#checkpointDue) this.#checkpointDue = Date.now() + checkpointEveryMs;
    if (checkpoint !== null) await stream.send(checkpointMessage(this.#of.tenant, checkpoint.size, checkpoint.note));
    if (leaves.length === 0 && checkpoint === null) {
      await this.#pause(paceMs);
      return at;
    }
    await stream.settle();
    published.inc(leaves.length);
    if (checkpoint !== null) checkpointsPublished.inc();
    const moved: Cursor = { next, epoch: checkpoint?.epoch ?? at.epoch, size: checkpoint?.size ?? at.size };
    await store.moved(moved);
    const last = leaves.length < pageLeaves;
    publishLag.set(last ? 0 : Math.max(0, (await store.size()) - next));
    if (last) await this.#pause(paceMs);
    return moved;
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
