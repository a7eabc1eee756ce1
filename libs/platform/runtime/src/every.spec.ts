import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLog } from '@sallyport/platform-telemetry';
import { every } from './every.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const what = { ms: 100, what: 'a test', log: silentLog };
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

it('runs again after each round has ended, the first one later or now', async () => {
  const later = vi.fn(() => Promise.resolve());
  const now = vi.fn(() => new Promise<void>((done) => setTimeout(done, 50)));
  const stops = [every(what, later), every({ ...what, first: 'now' }, now)];
  expect([later.mock.calls.length, now.mock.calls.length]).toEqual([0, 1]);
  await pass(100);
  expect([later.mock.calls.length, now.mock.calls.length]).toEqual([1, 1]);
  await pass(50);
  expect(now).toHaveBeenCalledTimes(2);
  await pass(50);
  await Promise.all(stops.map((stop) => stop()));
  await pass(1000);
  expect([later.mock.calls.length, now.mock.calls.length]).toEqual([2, 2]);
});

it('goes on after a round that failed, and says which task it was', async () => {
  const warn = vi.fn();
  const work = vi.fn(() => Promise.reject(new Error('no')));
  const stop = every({ ...what, log: { ...silentLog, warn } }, work);
  await pass(200);
  await stop();
  expect(work).toHaveBeenCalledTimes(2);
  expect(warn).toHaveBeenCalledWith(expect.any(String), expect.objectContaining({ task: 'a test' }));
});

it('waits at its end for the round that runs', async () => {
  let ended = false;
  const stop = every({ ...what, first: 'now' }, async () => {
    await new Promise<void>((done) => setTimeout(done, 500));
    ended = true;
  });
  const over = stop().then(() => ended);
  await pass(500);
  expect(await over).toBe(true);
});
