import { KvWatchInclude, type KV, type KvWatchEntry } from '@nats-io/kv';
import type { NatsConnection, QueuedIterator } from '@nats-io/transport-node';
import type { Log } from '@sallyport/platform-telemetry';
import { setTimeout as sleep } from 'node:timers/promises';

/** A key-value bucket with JSON values. Keys are dot-separated tokens; of each key only the last value is kept. */
export interface Bucket {
  put(key: string, value: unknown): Promise<void>;
  /** Null when there is none. */
  get(key: string): Promise<unknown | null>;
  remove(key: string): Promise<void>;
  keys(): Promise<string[]>;
  /**
   * Follows a key, or all with `>`: each value now, then each change; null when a key is removed. Survives lost connections and
   * a restarted server: what changed meanwhile is delivered afterwards.
   * @returns stops following. The promise resolves after the present values were delivered.
   */
  watch(key: string, on: (key: string, value: unknown | null) => void): Promise<() => void>;
}

export class NatsBucket implements Bucket {
  readonly #name: string;
  readonly #kv: KV;
  readonly #nc: NatsConnection;
  readonly #log: Log;

  constructor(name: string, kv: KV, nc: NatsConnection, log: Log) {
    this.#name = name;
    this.#kv = kv;
    this.#nc = nc;
    this.#log = log;
  }

  async put(key: string, value: unknown): Promise<void> {
    await this.#kv.put(key, JSON.stringify(value));
  }

  async get(key: string): Promise<unknown | null> {
    const entry = await this.#kv.get(key);
    return entry === null || entry.operation !== 'PUT' ? null : entry.json<unknown>();
  }

  async remove(key: string): Promise<void> {
    await this.#kv.delete(key);
  }

  async keys(): Promise<string[]> {
    const found: string[] = [];
    for await (const key of await this.#kv.keys()) found.push(key);
    return found;
  }

  async watch(key: string, on: (key: string, value: unknown | null) => void): Promise<() => void> {
    const watcher = new Watcher(this.#kv, this.#nc, this.#log.child({ bucket: this.#name }), key, on);
    await watcher.start();
    return () => watcher.stop();
  }
}

/** One `watch`. Begins anew after each reconnection, and tells only what differs from what it has told. */
class Watcher {
  readonly #kv: KV;
  readonly #nc: NatsConnection;
  readonly #log: Log;
  readonly #key: string;
  readonly #on: (key: string, value: unknown | null) => void;
  /** What of each key was told. A server that lost its disk's last writes gives their revisions out again: the time tells them apart. */
  readonly #told = new Map<string, string>();
  #entries: QueuedIterator<KvWatchEntry> | null = null;
  #stopped = false;

  constructor(kv: KV, nc: NatsConnection, log: Log, key: string, on: (key: string, value: unknown | null) => void) {
    this.#kv = kv;
    this.#nc = nc;
    this.#log = log;
    this.#key = key;
    this.#on = on;
  }

  async start(): Promise<void> {
    await this.#begin();
    void this.#onReconnect();
  }

  stop(): void {
    this.#stopped = true;
    this.#entries?.stop();
  }

  /** Resolves when all values that are there now were told. */
  async #begin(): Promise<void> {
    this.#entries?.stop();
    const entries = await this.#kv.watch({ key: this.#key, include: KvWatchInclude.LastValue, ignoreDeletes: false });
    this.#entries = entries;
    const seen = new Set<string>();
    await new Promise<void>((caughtUp) => {
      void this.#read(entries, seen, caughtUp);
    });
    for (const key of [...this.#told.keys()]) if (!seen.has(key)) this.#tell(key, null, null);
  }

  async #read(entries: QueuedIterator<KvWatchEntry>, seen: Set<string>, caughtUp: () => void): Promise<void> {
    // An empty bucket delivers no entry that would say "that was all".
    if (entries.getPending() === 0 && (await this.#isEmpty())) caughtUp();
    for await (const entry of entries) {
      if (entries !== this.#entries) break;
      seen.add(entry.key);
      if (this.#told.get(entry.key) !== markOf(entry)) this.#tell(entry.key, entry.operation === 'PUT' ? entry : null, markOf(entry));
      if (entry.delta === 0) caughtUp();
    }
    caughtUp();
  }

  async #isEmpty(): Promise<boolean> {
    for await (const _ of await this.#kv.keys(this.#key)) return false;
    return true;
  }

  #tell(key: string, entry: KvWatchEntry | null, mark: string | null): void {
    const known = this.#told.has(key);
    if (mark === null) this.#told.delete(key);
    else this.#told.set(key, mark);
    if (entry === null && !known) return;
    try {
      this.#on(key, entry === null ? null : entry.json<unknown>());
    } catch (error) {
      this.#log.error('a watcher threw', { entry: key, error });
    }
  }

  async #onReconnect(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (this.#stopped) return;
      if (status.type === 'reconnect') await this.#again();
    }
  }

  async #again(): Promise<void> {
    while (!this.#stopped && !this.#nc.isClosed()) {
      try {
        await this.#begin();
        return;
      } catch (error) {
        this.#log.warn('cannot follow a bucket, trying again', { error });
        await sleep(500);
      }
    }
  }
}

const markOf = ({ revision, created }: KvWatchEntry): string => `${revision} ${created.getTime()}`;
