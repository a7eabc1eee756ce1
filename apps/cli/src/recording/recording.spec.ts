import { encodePieces, EventChain, type EventData, type EventType } from '@sallyport/domain-events';
import { describe, expect, it } from 'vitest';
import { asciicast } from './asciicast.ts';
import { play, search } from './play.ts';
import { recordingsOf } from './recording.ts';

const chain = new EventChain({ tenant: 't', sid: '01a20000-0000-7000-8000-000000000001', producer: { id: 'gw', epoch: '01a20000-0000-7000-8000-000000000003' } }, { who: null, on: null });
let pseq = 0;
function line<T extends EventType>(type: T, data: EventData[T], texts: readonly { role: string; text: string | null }[] = []) {
  const bytes = chain.write(type, data, { id: '01a20000-0000-7000-8000-000000000002', pseq: ++pseq, wall: '2026-11-23T06:00:00.000000Z', monoUs: pseq });
  return { bytes: bytes.toString('base64'), openings: [], texts };
}
const out = (at: number, text: string) => ({ kind: 'out', at, bytes: Buffer.from(text) }) as const;
const segment = (index: number, ...pieces: Parameters<typeof encodePieces>[0]) =>
  line('recording.segment', { command: 'c', index, from_us: 0, to_us: 0, bytes: 0 }, [{ role: 'recording', text: `base64:${Buffer.from(encodePieces(pieces)).toString('base64')}` }]);
const begin = () => line('recording.started', { command: 'c', kind: 'terminal', columns: 80, rows: 24, term: 'xterm' });
const end = (segments: number, whole = true) => line('recording.ended', { command: 'c', segments, bytes: 0, whole, why: whole ? null : 'limit' });
const told = () => [begin(), segment(0, out(0, '$ ls\r\n'), out(1_500_000, '\x1b[1mfile\x1b[0m-ü\r\n')), segment(1, { kind: 'size', at: 2_000_000, bytes: Uint8Array.of(0, 120, 0, 40) }, out(9_000_000, 'bye\r\n')), end(2)];
const whole = () => {
  const [recording] = recordingsOf(told());
  if (recording === undefined) throw new Error('no recording');
  return recording;
};

describe('recordings of a session', () => {
  it('are read from its events', () => {
    expect(whole()).toMatchObject({ command: 'c', kind: 'terminal', columns: 80, rows: 24, term: 'xterm', missing: null });
    expect(whole().pieces.map(({ at, kind }) => [at, kind])).toEqual([[0, 'out'], [1_500_000, 'out'], [2_000_000, 'size'], [9_000_000, 'out']]);
  });

  it.each([
    ['cut short at a limit', () => [begin(), segment(0, out(0, 'x')), end(1, false)], 'it was cut short: limit'],
    ['without an end', () => [begin(), segment(0, out(0, 'x'))], 'its end was never written: the session or the gateway ended first'],
    ['that lacks a segment', () => [begin(), segment(1, out(0, 'x')), end(2)], 'a part of it cannot be opened'],
    ['that cannot be opened', () => [begin(), line('recording.segment', { command: 'c', index: 0, from_us: 0, to_us: 0, bytes: 0 }, [{ role: 'recording', text: null }]), end(1)], 'a part of it cannot be opened'],
  ])('one %s says so, in a cast too', (_how, events, missing) => {
    const [recording] = recordingsOf(events());
    expect(recording?.missing).toBe(missing);
    if (recording !== undefined) expect(asciicast(recording, 2)).toContain(`not whole: ${missing}`);
  });

  it('are asciicasts of version 2, with times since the start', () => {
    expect(asciicast(whole(), 2).trimEnd().split('\n').map((one) => JSON.parse(one) as unknown)).toEqual([
      { version: 2, width: 80, height: 24, timestamp: 1795413600, env: { TERM: 'xterm' } },
      [0, 'o', '$ ls\r\n'], [1.5, 'o', '\x1b[1mfile\x1b[0m-ü\r\n'], [2, 'r', '120x40'], [9, 'o', 'bye\r\n'],
    ]);
  });

  it('are asciicasts of version 3, with times since the event before', () => {
    expect(asciicast(whole(), 3).trimEnd().split('\n').map((one) => JSON.parse(one) as unknown)).toEqual([
      { version: 3, term: { cols: 80, rows: 24, type: 'xterm' }, timestamp: 1795413600 },
      [0, 'o', '$ ls\r\n'], [1.5, 'o', '\x1b[1mfile\x1b[0m-ü\r\n'], [0.5, 'r', '120x40'], [7, 'o', 'bye\r\n'],
    ]);
  });

  it('play at any speed, from any moment, with bounded pauses', async () => {
    const waits: number[] = [];
    let shown = '';
    const terms = { write: (text: string) => void (shown += text), wait: (ms: number) => Promise.resolve(void waits.push(ms)) };
    await play(whole(), { ...terms, speed: 2, from: 1, idle: 4 });
    expect(waits).toEqual([250, 2000]);
    expect(shown).toBe('$ ls\r\n\x1b[1mfile\x1b[0m-ü\r\nbye\r\n');
  });

  it('are searched without regard to escapes', () => {
    expect(search(whole(), 'FILE-ü')).toEqual([{ at: 1.5, line: 'file-ü' }]);
    expect(search(whole(), 'nowhere')).toEqual([]);
  });
});
