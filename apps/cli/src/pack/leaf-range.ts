import type { PackSource } from './pack-source.ts';

/**
 * The leaves that the ledger took in the period: from the first that was received at or after its beginning, to the first that was received at or after its end, within the
 * first `size`. Found by halving, since the ledger takes leaves in the order of time: about 25 reads in a log of ten million.
 */
export async function leafRange(source: PackSource, period: { readonly from: string; readonly to: string }, size: number): Promise<{ readonly from: number; readonly to: number }> {
  const from = await firstReceived(source, Date.parse(period.from), 0, size);
  return { from, to: await firstReceived(source, Date.parse(period.to), from, size) };
}

async function firstReceived(source: PackSource, at: number, low: number, high: number): Promise<number> {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = from + Math.floor((to - from) / 2);
    const [leaf] = await source.leaves(middle, 1);
    if (leaf === undefined || Date.parse(leaf.received) >= at) to = middle;
    else from = middle + 1;
  }
  return from;
}
