import { fullTileHash, grownTiles, hashLength, HashSource, leafHash, parseCheckpoint, sameHash, tilePath, tileWidth, type Tile } from '@sallyport/engine-evidence';
import type { Course, Turn } from '../deliver/course.ts';
import { SourceError, type LeafSource, type SignedHead } from '../deliver/leaf-source.ts';
import { mustBeSame, type Bucket } from '../s3/bucket.ts';
import { DeliveryError } from '../transports/transport.ts';
import { bundleOf, longestEntry } from './bundle.ts';

export interface ArchiveOptions {
  readonly bucket: Bucket;
  readonly prefix: string;
  readonly everyMs: number;
  /** Days from the moment of writing. */
  readonly retainDays: { readonly tiles: number; readonly entries: number; readonly checkpoints: number };
  readonly source: LeafSource;
  readonly now?: () => number;
  /** How old a checkpoint must be: its witnesses answer within seconds. */
  readonly settleMs?: number;
}

const dayMs = 86_400_000;
/** Leaves that are copied before the cursor moves, roughly: what a crash makes be looked at again. */
const hop = 65_536;

/**
 * A copy of the log under S3 Object Lock, up to a checkpoint each time: tiles, entry bundles and the checkpoint itself, in C2SP tlog-tiles form below `<prefix>/<epoch>`.
 * Everything is checked before it is written: leaves against their hashes, tiles against the tile above, all of them against the root that is signed, and that root against
 * the one that was archived before. A log that is not the continuation of its own archive is not copied on: the sink stalls with the code `log`.
 */
export class Archive implements Course {
  readonly #of: ArchiveOptions;
  readonly #now: () => number;
  #locks = false;
  /** An earlier copy may have been broken off. */
  #unsure = true;
  #due = 0;

  constructor(of: ArchiveOptions) {
    this.#of = of;
    this.#now = of.now ?? Date.now;
  }

  async round(turn: Turn): Promise<boolean> {
    const { bucket, source, everyMs } = this.#of;
    if (!this.#locks && !(await bucket.locksObjects(turn.signal))) throw new DeliveryError('no-lock', 'the bucket was made without Object Lock: nothing is archived there');
    if (!this.#locks && (await this.#isElsewhere(turn))) {
      await turn.setBack(0);
      return true;
    }
    this.#locks = true;
    const { leaves, size } = await source.read(turn.cursor.next, 1);
    turn.seen(size, leaves[0]?.receivedAt ?? null);
    if (performance.now() < this.#due) return false;
    const head = await this.#next(turn);
    if (head !== null && head.epoch !== turn.cursor.checkpoint.epoch && turn.cursor.next > 0) {
      await turn.setBack(0, head.epoch);
      return true;
    }
    if (head !== null) {
      await this.#copy(turn, head).catch((error: unknown) => {
        this.#unsure = true;
        throw error;
      });
      this.#unsure = false;
    }
    if (head !== null && head.size < size - hop) return true;
    this.#due = performance.now() + everyMs;
    return false;
  }

  close(): Promise<void> {
    this.#of.bucket.close();
    return Promise.resolve();
  }

  /** The cursor says that there is an archive, and here is none: the document names another place by now. A copy from the middle on would prove nothing. */
  async #isElsewhere({ cursor: { next, checkpoint }, signal }: Turn): Promise<boolean> {
    const { bucket, prefix } = this.#of;
    return next > 0 && (await bucket.head(`${prefix}/${checkpoint.epoch}/${checkpointName(next)}`, signal)) === null;
  }

  /** The newest checkpoint that is not too far ahead, else the next one; null where there is none. */
  async #next({ cursor }: Turn): Promise<SignedHead | null> {
    const { source, settleMs = 10_000 } = this.#of;
    let found: SignedHead | null = null;
    for (let place = cursor.checkpoint; ; ) {
      const heads = await source.checkpoints(place);
      for (const head of heads) {
        const far = head.size > cursor.next + hop || head.epoch !== (found ?? head).epoch;
        if ((found !== null && far) || head.signedAt > this.#now() - settleMs) return found;
        found = head;
        if (far) return found;
      }
      place = heads.at(-1) ?? place;
      if (heads.length === 0) return found;
    }
  }

  async #copy(turn: Turn, head: SignedHead): Promise<void> {
    const { source, prefix, retainDays } = this.#of;
    const from = turn.cursor.next;
    const read = async (level: number, index: number, width: number): Promise<Uint8Array> => (await source.tile(level, index, width)).subarray(0, width * hashLength);
    await this.#isContinuation(turn, head, new HashSource(head.size, read));
    const below = new Map<string, Uint8Array>();
    const base = `${prefix}/${head.epoch}`;
    for (const tile of grownTiles(from, head.size)) {
      const hashes = await read(tile.level, tile.index, tile.width);
      if (tile.width === tileWidth) below.set(`${tile.level}/${tile.index}`, fullTileHash(hashes));
      if (tile.level === 0) await this.#entries(turn, tile, hashes, base);
      else for (let i = tile.had; i < tile.width; i++) mustFit(below.get(`${tile.level - 1}/${tile.index * tileWidth + i}`), hashes, i, `tile ${tile.level}/${tile.index}`);
      await this.#put(turn, `${base}/${tilePath(tile)}`, Buffer.from(hashes), retainDays.tiles);
    }
    await this.#checkpoint(turn, head, base);
    await turn.moved({ next: head.size, checkpoint: { epoch: head.epoch, size: head.size }, sha256: Buffer.from(rootOf(head)).toString('hex') }, { delivered: head.size - from, filtered: 0 }, head.size - from);
  }

  async #isContinuation({ cursor: { next, sha256 } }: Turn, head: SignedHead, hashes: HashSource): Promise<void> {
    if (!sameHash(await hashes.root(), rootOf(head))) throw new DeliveryError('log', `the log does not have the root of its checkpoint of ${head.size} leaves`);
    if (next > 0 && sha256 !== null && Buffer.from(await hashes.root(next)).toString('hex') !== sha256) throw new DeliveryError('log', `the first ${next} leaves of the log are not those that are archived`);
  }

  /** The bundle beside a tile of leaf hashes, and the entries that are too long for it. */
  async #entries(turn: Turn, tile: Tile, hashes: Uint8Array, base: string): Promise<void> {
    const { source, retainDays } = this.#of;
    const first = tile.index * tileWidth;
    const entries: (Uint8Array | null)[] = [];
    while (entries.length < tile.width) {
      const { leaves } = await source.read(first + entries.length, tile.width - entries.length);
      if (leaves.length === 0) throw new SourceError(`leaf ${first + entries.length} is not there`);
      for (const { leaf, bytes } of leaves) {
        if (bytes !== null) mustFit(leafHash(bytes), hashes, entries.length, `leaf ${leaf}`);
        if (bytes !== null && bytes.byteLength > longestEntry) await this.#put(turn, `${base}/large/${String(leaf).padStart(15, '0')}`, Buffer.from(bytes), retainDays.entries);
        entries.push(bytes);
      }
    }
    await this.#put(turn, `${base}/${tilePath(tile).replace(/^tile\/0\//, 'tile/entries/')}`, bundleOf(entries), retainDays.entries, entries.includes(null) ? 'whatever stands' : 'the same');
  }

  /** Once under its size, and as the newest. The store must say itself that it locked it. */
  async #checkpoint(turn: Turn, { size, note }: SignedHead, base: string): Promise<void> {
    const { bucket, retainDays } = this.#of;
    const lockUntil = this.#now() + retainDays.checkpoints * dayMs;
    const key = `${base}/${checkpointName(size)}`;
    await turn.attempt(async () => {
      // A witness may have added its line since the first attempt: then there are two versions, both signed.
      for (const name of [key, `${base}/checkpoint`]) await bucket.put(name, Buffer.from(note), { type: 'text/plain; charset=utf-8', lockUntil, replace: true }, turn.signal);
      const lock = (await bucket.head(key, turn.signal))?.lock ?? null;
      if (lock?.mode !== 'COMPLIANCE' || lock.until < lockUntil - 1000) throw new DeliveryError('no-lock', 'the store took an object with a lock and does not show one');
    });
  }

  /** Written once. A bundle of which something is gone by now may have been written when it was there still. */
  async #put(turn: Turn, key: string, body: Buffer, days: number, there: 'the same' | 'whatever stands' = 'the same'): Promise<void> {
    const { bucket } = this.#of;
    let looks = this.#unsure;
    await turn.attempt(async () => {
      // Not every store knows conditional writes: where an earlier attempt may have written it, it is looked for, lest there be two versions.
      if (looks && (await bucket.head(key, turn.signal)) !== null) return there === 'the same' ? mustBeSame(bucket, key, body, turn.signal) : undefined;
      looks = true;
      const put = await bucket.put(key, body, { type: 'application/octet-stream', lockUntil: this.#now() + days * dayMs }, turn.signal);
      if (put === 'there' && there === 'the same') await mustBeSame(bucket, key, body, turn.signal);
    });
  }
}

const checkpointName = (size: number): string => `checkpoints/${String(size).padStart(15, '0')}`;

function rootOf({ note }: SignedHead): Uint8Array {
  return parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1)).root;
}

function mustFit(hash: Uint8Array | undefined, hashes: Uint8Array, i: number, what: string): void {
  if (hash === undefined || !sameHash(hash, hashes.subarray(i * hashLength, (i + 1) * hashLength))) throw new DeliveryError('log', `${what} does not have the hash that the log has for it`);
}
