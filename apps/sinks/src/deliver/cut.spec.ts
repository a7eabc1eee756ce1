import { expect, it } from 'vitest';
import { pauseAfter } from './backoff.ts';
import { cut } from './cut.ts';

const of = (...sizes: number[]) => sizes.map((size, leaf) => ({ leaf, text: 'x'.repeat(size) }));

it('takes together what is within the bounds, and one that is over them alone', () => {
  const most = { records: 3, bytes: 10 };
  expect([of(), of(4), of(4, 6), of(4, 6, 1), of(1, 1, 1, 1), of(20, 1), of(1, 20)].map((records) => cut(records, most))).toEqual([0, 1, 2, 2, 3, 1, 1]);
});

it('waits longer each time, up to the most, never together with others, and as long as the receiver asks', () => {
  const pace = { firstMs: 100, mostMs: 1000 };
  expect([1, 2, 3, 4, 5, 500].map((attempts) => pauseAfter(attempts, pace, null, 0))).toEqual([50, 100, 200, 400, 500, 500]);
  expect([pauseAfter(1, pace, null, 0.999), pauseAfter(9, pace, null, 0.999), pauseAfter(1, pace, 7000, 0)]).toEqual([100, 1000, 7000]);
});
