import { logOrigin, parseLogOrigin, sameHash, type Checkpoint } from '@sallyport/engine-evidence';
import type { EventData } from '@sallyport/domain-events';
import type { Log } from '@sallyport/platform-telemetry';
import type { Epoch, LogStore } from './log-store.ts';
import type { LastCheckpoint } from './last-checkpoint.ts';
import type { Notary } from './notary.ts';
import type { Tree } from './tree.ts';

export interface LogKeeperOptions {
  readonly store: LogStore;
  readonly tree: Tree;
  readonly notary: Notary;
  /** The last one that was signed, outside the database. */
  readonly last: LastCheckpoint;
  /** Name of the log; its origins are this with `/1`, `/2`, … */
  readonly name: string;
  readonly log: Log;
  /** A new checkpoint, after it was written down everywhere. */
  signed(note: string, size: number): void;
  tell<T extends 'log.rollback' | 'log.verify_failed'>(type: T, data: EventData[T]): Promise<void>;
  /** A log that has grown is signed again after this long, in milliseconds. */
  readonly signEveryMs: number;
  /** Milliseconds of a clock that does not step. */
  readonly now?: () => number;
}

/** A log that has not grown is signed again all the same, in milliseconds: silence would be no proof. */
const idleMs = 3_600_000;

/**
 * Keeps the Merkle log over the ledger, and signs what it is. A root is written down before it is signed, in the database and, once it is signed, outside
 * of it; a second root for a size is never signed, and none at all once the log does not fit what was signed before. A database that is
 * behind the last signed checkpoint was set back: its log goes on under a new origin, and says so.
 */
export class LogKeeper {
  readonly #of: LogKeeperOptions;
  readonly #now: () => number;
  #epoch: Epoch = { epoch: 0, origin: '' };
  #signed: Checkpoint | null = null;
  #signedAt = Number.NEGATIVE_INFINITY;
  #refused: string | null = null;
  #unsigned: string | null = null;

  constructor(of: LogKeeperOptions) {
    this.#of = of;
    this.#now = of.now ?? (() => performance.now());
  }

  /** Null while checkpoints are signed, else why not. */
  get waiting(): string | null {
    return this.#refused ?? this.#unsigned;
  }

  /** Takes up the log where it was. Before anything new comes into the ledger: else a database that was set back could not be told from one that was altered. */
  async open(): Promise<void> {
    const { store, tree, last } = this.#of;
    await tree.load();
    await tree.grow();
    this.#epoch = (await store.epoch()) ?? (await this.#open(1, 'the first', null));
    const note = await last.read();
    if (note === null) return;
    const known = this.#read(note);
    const knownEpoch = parseLogOrigin(known.origin)?.epoch ?? 0;
    if (knownEpoch > this.#epoch.epoch || tree.size < known.size) return this.#rollback(known, Math.max(knownEpoch, this.#epoch.epoch) + 1);
    if (knownEpoch === this.#epoch.epoch && (await this.#stands(known))) this.#signed = known;
  }

  /** Puts what is new into the tree, and signs it when it is time. */
  async turn(): Promise<void> {
    if (this.#refused !== null) return;
    const { tree } = this.#of;
    await tree.grow();
    const age = this.#now() - this.#signedAt;
    const grown = tree.size > (this.#signed?.size ?? 0);
    if (tree.size > 0 && ((grown && age >= this.#of.signEveryMs) || age >= idleMs)) await this.checkpoint();
  }

  /** Signs the log as it is. */
  async checkpoint(): Promise<void> {
    const { store, tree, last, log } = this.#of;
    const { epoch, origin } = this.#epoch;
    const now: Checkpoint = { origin, size: tree.size, root: tree.root() };
    if (this.#signed !== null && !(await this.#stands(this.#signed))) return;
    const stands = await store.intend(epoch, now.size, now.root);
    if (!sameHash(stands, now.root)) return this.#refuse(now.size, stands, now.root);
    const note = await this.#sign(now);
    await store.signed(epoch, now.size, note);
    await last.write(note);
    this.#signed = now;
    this.#signedAt = this.#now();
    log.debug('the log is signed', { size: now.size });
    this.#of.signed(note, now.size);
  }

  /** Whatever keeps the key may be away: the next round tries again, and readiness says so. */
  async #sign(now: Checkpoint): Promise<string> {
    try {
      const note = await this.#of.notary.sign(now);
      this.#unsigned = null;
      return note;
    } catch (error) {
      this.#unsigned = error instanceof Error ? error.message : 'the log cannot be signed';
      throw error;
    }
  }

  #read(note: string): Checkpoint {
    try {
      return this.#of.notary.read(note);
    } catch (cause) {
      throw new Error('the last checkpoint was signed by another key of the log than the one that is given: a key is followed by another with SALLYPORT_LOG_KEY_NEXT', { cause });
    }
  }

  async #stands(signed: Checkpoint): Promise<boolean> {
    const root = await this.#of.tree.source().root(signed.size);
    if (sameHash(root, signed.root)) return true;
    await this.#refuse(signed.size, signed.root, root);
    return false;
  }

  async #rollback(known: Checkpoint, epoch: number): Promise<void> {
    const { tree, log, tell } = this.#of;
    log.error('the database was set back behind a signed checkpoint', { signed: known.size, has: tree.size });
    this.#epoch = await this.#open(epoch, 'the database was behind a signed checkpoint', known);
    await tell('log.rollback', { origin: known.origin, lost_size: known.size, lost_root: hex(known.root), size: tree.size, next_origin: this.#epoch.origin });
  }

  async #refuse(size: number, signedRoot: Uint8Array, root: Uint8Array): Promise<void> {
    const { origin } = this.#epoch;
    this.#refused = `the log does not fit the checkpoint of ${size} events that it signed: nothing is signed any more`;
    this.#of.log.error('the log was altered', { origin, size });
    await this.#of.tell('log.verify_failed', { origin, size, signed_root: hex(signedRoot), root: hex(root) });
  }

  async #open(epoch: number, why: string, lost: Checkpoint | null): Promise<Epoch> {
    const opened = { epoch, origin: logOrigin(this.#of.name, epoch) };
    await this.#of.store.openEpoch(opened, why, lost);
    return opened;
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
