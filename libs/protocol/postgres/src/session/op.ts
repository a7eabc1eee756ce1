import type { Refusal } from '@sallyport/domain-model';
import type { CommandRun } from './run.ts';
import type { Portal, Undo } from './registry.ts';

/**
 * What was sent to the server and not yet answered, in order. The server answers strictly in order, so the first of them
 * tells what a server frame belongs to.
 */
export type Op =
  /** A simple Query: one run for each of its statements. */
  | { readonly kind: 'query'; readonly runs: readonly CommandRun[]; readonly mark: number; at: number; failed: boolean }
  | { readonly kind: 'parse'; readonly undo: Undo }
  | { readonly kind: 'bind'; readonly undo: Undo }
  /** `hidden`: asked by us, its answer is not the client's. */
  | { readonly kind: 'describe'; readonly portal: Portal | null; readonly hidden: boolean }
  | { readonly kind: 'execute'; readonly run: CommandRun; readonly portal: Portal }
  /** An Execute of an empty statement: nothing to permit, nothing to settle. */
  | { readonly kind: 'execute-empty' }
  | { readonly kind: 'close'; readonly undo: Undo }
  /** `mark`: portals up to it were bound before. */
  | { readonly kind: 'sync'; readonly mark: number }
  /**
   * A frame that we refused and replaced by one that must fail: its error is ours to write. `simple`: it ends with its own ReadyForQuery.
   * `sqlstate` is null for the refusal's own.
   */
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly sqlstate: string | null; readonly simple: boolean; readonly mark: number; said: boolean }
  /** A simple Query of our own; nothing of its answer reaches the client. */
  | { readonly kind: 'own'; readonly rows: (string | null)[][]; failed: string | null; readonly done: (error: string | null) => void };

/** A first-in first-out queue without the cost of Array.shift on long pipelines. */
export class OpQueue {
  #items: (Op | undefined)[] = [];
  #head = 0;

  get first(): Op | undefined {
    return this.#items[this.#head];
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  get last(): Op | undefined {
    return this.#items.at(-1);
  }

  /** True when the server may be running something of the client's. */
  get running(): boolean {
    for (let i = this.#head; i < this.#items.length; i++) {
      const kind = this.#items[i]?.kind;
      if (kind === 'query' || kind === 'execute') return true;
    }
    return false;
  }

  push(op: Op): void {
    this.#items.push(op);
  }

  shift(): void {
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Removes the Syncs right behind the first operation: a server that has begun COPY FROM STDIN passes over them. */
  dropSyncsBehindFirst(): void {
    let to = this.#head + 1;
    while (this.#items[to]?.kind === 'sync') to++;
    this.#items.splice(this.#head + 1, to - this.#head - 1);
  }

  /** Removes everything before the first sync, which stays; in order of sending. The server discards those after an error. */
  discardToSync(): Op[] {
    const gone: Op[] = [];
    for (let op = this.first; op !== undefined && op.kind !== 'sync'; op = this.first) {
      gone.push(op);
      this.shift();
    }
    return gone;
  }

  drain(): Op[] {
    const all = this.#items.slice(this.#head).filter((op) => op !== undefined);
    this.#items = [];
    this.#head = 0;
    return all;
  }
}
