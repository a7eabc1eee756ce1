import type { Log } from '@sallyport/platform-telemetry';
import type { EvidenceStream, StreamEnd, StreamLeaf } from './evidence-stream.ts';
import { forked } from './metrics.ts';
import type { PublishStore } from './publish-store.ts';

type Looks = Pick<EvidenceStream, 'locate' | 'leafAt'>;
type Same = (leaf: StreamLeaf) => Promise<boolean>;

/** How far back a copy is looked behind, in leaves. */
const lookBack = 2000;

/**
 * The leaf to publish next. The stream itself says so: it may have more than the cursor knows (killed before it was noted) or less (the broker lost
 * what it had not synced). A stream whose messages have all aged goes on at the cursor, a new one begins at the beginning. Where the
 * stream's end is not the ledger's (a restored database), everything from the first leaf that differs is published again.
 */
export async function resumeAt(stream: Looks, store: Pick<PublishStore, 'hashOf' | 'cursor'>, log: Pick<Log, 'error'>): Promise<number> {
  const end = await stream.locate();
  if (end.leaf === null) return end.sequence === 0 ? 0 : (await store.cursor()).next;
  const same: Same = async ({ leaf, sha256 }) => sha256 === null || (await store.hashOf(leaf)) === sha256;
  const { next } = await store.cursor();
  const last = await lastOfLedger(stream, end, end.leaf, next, same);
  if (last !== null) return last.leaf + 1;
  forked.inc();
  const from = await firstThatDiffers(stream, end, end.leaf, same);
  log.error('the stream EVIDENCE holds leaves that are not those of the ledger: was the database restored? They are published again', { from: from.leaf, to: end.leaf.leaf });
  return from.leaf;
}

/**
 * The last leaf that the publisher put there. Behind it there may be copies: who may read a stream or a bucket can have the broker deliver messages
 * into this one. So an end that does not follow what is before it, or is behind the cursor, is not believed at once.
 */
async function lastOfLedger(stream: Looks, { first }: StreamEnd, end: StreamLeaf, next: number, same: Same): Promise<StreamLeaf | null> {
  const before = await stream.leafAt(end.sequence - 1, first);
  if ((before === null || before.leaf === end.leaf - 1) && next <= end.leaf + 1) return (await same(end)) ? end : null;
  const seen = [end];
  for (let at = before; at !== null && seen.length < lookBack; at = await stream.leafAt(at.sequence - 1, first)) seen.push(at);
  for (const leaf of seen.sort((a, b) => b.leaf - a.leaf)) if (await same(leaf)) return leaf;
  return null;
}

/** By halves: before it the stream is the ledger's. */
async function firstThatDiffers(stream: Looks, { first }: StreamEnd, end: StreamLeaf, same: Same): Promise<StreamLeaf> {
  let low = first - 1;
  let differs = end;
  while (differs.sequence - low > 1) {
    const middle = Math.floor((low + differs.sequence) / 2);
    const at = await stream.leafAt(middle, low + 1);
    if (at === null || (await same(at))) low = middle;
    else differs = at;
  }
  return differs;
}
