import { describe, expect, it } from 'vitest';
import { silentLog } from '@sallyport/platform-telemetry';
import { defaultPatience, Watcher, type WatcherOptions } from './watcher.ts';

/** Notes what the watcher asks of the ledger. */
function scene() {
  const asked: { replacedMs: number; silentMs: number }[] = [];
  const quiet: [number, number][] = [];
  const state = { now: 0, pending: 0 };
  const ledger: WatcherOptions['ledger'] = {
    tellSilences: async (quietMs) => {
      quiet.push([state.now, quietMs]);
      return { silent: [], heard: [] };
    },
    tellGaps: async () => 0,
    giveUpGaps: async () => [],
    tellAbandoned: async (after) => {
      asked.push(after);
      return 0;
    },
  };
  const watcher = new Watcher({ ledger, ingester: { pending: async () => state.pending }, watermarks: { committed: () => undefined }, patience: defaultPatience, log: silentLog, now: () => state.now });
  const lookAt = async (seconds: number, pending = 0) => {
    state.now = seconds * 1000;
    state.pending = pending;
    await watcher.look();
  };
  return { asked, quiet, lookAt };
}

describe('the watcher', () => {
  it('calls nobody abandoned before it has had the whole stream for as long as its patience', async () => {
    const { asked, lookAt } = scene();
    await lookAt(0);
    await lookAt(29);
    expect(asked).toEqual([]);
    await lookAt(31);
    expect(asked).toMatchObject([{ replacedMs: 30_000 }]);
    expect(asked[0]?.silentMs).toBeGreaterThan(1e12);
    await lookAt(91);
    expect(asked[1]).toEqual({ replacedMs: 30_000, silentMs: 90_000 });
  });

  it('begins to wait anew when the ledger fell behind', async () => {
    const { asked, lookAt } = scene();
    await lookAt(0);
    await lookAt(100, 100_000);
    await lookAt(101);
    await lookAt(130);
    expect(asked).toEqual([]);
    await lookAt(132);
    expect(asked).toHaveLength(1);
  });

  it('calls nobody silent before it has had the whole stream for as long as a silence takes, and then each time', async () => {
    const { quiet, lookAt } = scene();
    await lookAt(0);
    await lookAt(24);
    expect(quiet).toEqual([]);
    await lookAt(26);
    await lookAt(31, 400);
    expect(quiet).toEqual([[26_000, 25_000], [31_000, 25_000]]);
  });

  it('takes five hundred lots on their way for being behind: that is a hundred thousand events', async () => {
    const { quiet, lookAt } = scene();
    await lookAt(0);
    await lookAt(26, 501);
    await lookAt(50);
    expect(quiet).toEqual([]);
  });
});
