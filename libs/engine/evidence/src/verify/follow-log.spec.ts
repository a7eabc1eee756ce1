import { describe, expect, it } from 'vitest';
import { noteSigner } from '../note/signed-note.ts';
import { logKey, logName, logSigner, otherSigner, sampleEvents, SampleLog, seeded, witnessKey } from '../testing/sample-log.ts';
import { rotated } from '../testing/rotation-cases.ts';
import { TileStore } from '../testing/tile-store.ts';
import { leafHash } from '../merkle/hash.ts';
import { followLog, type ShownLog } from './follow-log.ts';

const { events } = sampleEvents();
const log = new SampleLog(events);
const other = new SampleLog(sampleEvents().events);

/** What a log shows of its first `size` leaves. */
function shown(of: SampleLog, note: string, rotations: readonly string[] = []): ShownLog {
  const store = new TileStore();
  // Leaf by leaf, so that the tiles of every size are there.
  for (const event of of.events) store.grow([leafHash(event)]);
  return { note, rotations, tile: async (level, index, width) => store.read(level, index, width) };
}
const checks = { keys: [logKey] };
const verdictAfter = async (before: string | null, now: ShownLog, more = {}) => {
  const { verdict, faults, remember, grown } = await followLog(before, now, { ...checks, ...more });
  return { verdict, kinds: faults.map(({ kind }) => kind), remembers: remember === now.note, grown };
};

describe('following a log', () => {
  it('remembers the first checkpoint, and each that continues it', async () => {
    expect(await verdictAfter(null, shown(log, log.checkpoint(5)))).toEqual({ verdict: 'ok', kinds: [], remembers: true, grown: true });
    for (let size = 6; size <= log.size; size++) expect(await verdictAfter(log.checkpoint(5), shown(log, log.checkpoint(size)))).toEqual({ verdict: 'ok', kinds: [], remembers: true, grown: true });
    expect(await verdictAfter(log.checkpoint(5), shown(log, log.checkpoint(5)))).toEqual({ verdict: 'ok', kinds: [], remembers: true, grown: false });
  });

  it.each([
    ['another root for the size', shown(other, other.checkpoint(9)), log.checkpoint(9), 'tampered', 'fork'],
    ['a rewritten log', shown(other, other.checkpoint(12)), log.checkpoint(9), 'tampered', 'fork'],
    ['tiles that are not those of the checkpoint', shown(other, log.checkpoint(12)), log.checkpoint(9), 'tampered', 'fork'],
    ['a log that was set back', shown(log, log.checkpoint(7)), log.checkpoint(9), 'tampered', 'rollback'],
    ['a later epoch', shown(log, log.checkpoint(12, logSigner, `${logName}/2`)), log.checkpoint(9), 'tampered', 'rollback'],
    ['an earlier epoch', shown(log, log.checkpoint(12)), log.checkpoint(9, logSigner, `${logName}/2`), 'tampered', 'rollback'],
    ['a checkpoint of another key', shown(log, log.checkpoint(12, otherSigner)), log.checkpoint(9), 'untrusted', 'untrusted-key'],
    ['no checkpoint', shown(log, 'hello\n'), log.checkpoint(9), 'tampered', 'signature'],
  ])('alarms on %s, and goes on remembering what it did', async (_, now, before, verdict, kind) => {
    expect(await verdictAfter(before, now)).toEqual({ verdict, kinds: [kind], remembers: false, grown: false });
    expect((await followLog(before, now, checks)).remember).toBe(before);
  });

  it('follows the log to its next key, and no further than both keys say', async () => {
    const next = noteSigner(logName, seeded('b'));
    expect(await verdictAfter(log.checkpoint(9), shown(log, log.checkpoint(12, next), [rotated(logSigner, next)]))).toMatchObject({ verdict: 'ok', remembers: true });
    expect(await verdictAfter(log.checkpoint(9), shown(log, log.checkpoint(12, next)))).toMatchObject({ verdict: 'untrusted' });
    // What is remembered may be of the old key alone.
    expect(await verdictAfter(log.checkpoint(9, next), shown(log, log.checkpoint(12, next), [rotated(logSigner, next)]))).toMatchObject({ verdict: 'ok' });
  });

  it('asks for witnesses', async () => {
    expect(await verdictAfter(null, shown(log, log.witnessed(9)), { keys: [logKey, witnessKey], witnesses: 1 })).toMatchObject({ verdict: 'ok' });
    expect(await verdictAfter(null, shown(log, log.checkpoint(9)), { keys: [logKey, witnessKey], witnesses: 1 })).toMatchObject({ verdict: 'untrusted', kinds: ['witness'] });
  });

  it('says what could not be had', async () => {
    await expect(followLog(log.checkpoint(5), { ...shown(log, log.checkpoint(9)), tile: () => Promise.reject(new Error('no such tile')) }, checks)).rejects.toThrow('no such tile');
  });
});
