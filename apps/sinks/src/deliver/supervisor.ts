import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { SinkDocument } from '@sallyport/platform-config';
import type { Store } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { Cursors } from '../store/cursors.ts';
import type { SinksDatabase } from '../store/database.ts';
import type { SinkDocuments } from '../store/sink-documents.ts';
import { makeCourse, type House } from './make-course.ts';
import type { LeafSource } from './leaf-source.ts';
import { Worker, type Pace } from './worker.ts';

export interface SupervisorOptions {
  readonly store: Store<SinksDatabase>;
  readonly documents: SinkDocuments;
  readonly cursors: Cursors;
  readonly source: LeafSource;
  readonly house: House;
  readonly log: Log;
  readonly pace: Pace;
  /** Milliseconds between looks at the documents. */
  readonly everyMs: number;
}

/** One process delivers at a time: it does while its connection holds this lock. */
const lock = '4611686018427387003';

/** One worker for each sink that stands: begun, ended and begun anew as the documents say. */
export class Supervisor {
  readonly #of: SupervisorOptions;
  readonly #stopping = new AbortController();
  readonly #workers = new Map<string, { readonly digest: string; readonly worker: Worker }>();
  #running: Promise<void> = Promise.resolve();

  constructor(of: SupervisorOptions) {
    this.#of = of;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#of.store.db.connection().execute(async (connection) => {
          const { rows } = await sql<{ held: boolean }>`select pg_try_advisory_lock(${lock}::bigint) as held`.execute(connection);
          if (rows[0]?.held !== true) return;
          try {
            while (!this.#stopping.signal.aborted) {
              // On the connection that holds the lock: when it is lost, the deliveries end.
              await sql`select 1`.execute(connection);
              await this.#follow();
              await this.#pause();
            }
          } finally {
            await this.#endAll();
            await sql`select pg_advisory_unlock(${lock}::bigint)`.execute(connection).catch(() => undefined);
          }
        });
      } catch (error) {
        if (!this.#stopping.signal.aborted) this.#of.log.warn('sinks cannot be followed; trying again', { error });
      }
      await this.#pause();
    }
  }

  async #follow(): Promise<void> {
    const standing = await this.#of.documents.all();
    const digests = new Map(standing.map(({ digest, document }) => [document.metadata.name, digest]));
    for (const [name, { digest, worker }] of this.#workers) {
      if (digests.get(name) === digest) continue;
      await worker.stop();
      this.#workers.delete(name);
    }
    for (const { digest, document } of standing) if (!this.#workers.has(document.metadata.name)) this.#begin(document, digest);
  }

  #begin(document: SinkDocument, digest: string): void {
    const { cursors, source, house, log, pace } = this.#of;
    const { name } = document.metadata;
    const worker = new Worker({ name, open: () => makeCourse(document, house, source), cursors, log, pace });
    this.#workers.set(name, { digest, worker });
    worker.start();
  }

  async #endAll(): Promise<void> {
    await Promise.all([...this.#workers.values()].map(({ worker }) => worker.stop()));
    this.#workers.clear();
  }

  async #pause(): Promise<void> {
    await sleep(this.#of.everyMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
