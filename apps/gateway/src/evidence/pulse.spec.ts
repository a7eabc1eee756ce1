import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClockWatch, silentLog } from '@sallyport/platform-telemetry';
import { openInstanceKey } from './instance.ts';
import { startPulse } from './pulse.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function scene() {
  const told: [string, unknown][] = [];
  const now = { wall: 0, refuses: false };
  const clock = new ClockWatch({ wall: () => now.wall, mono: () => 0, ask: () => Promise.resolve({ source: 'none', synchronised: null, offsetUs: null, errorUs: null }) });
  const record = (type: string, data: unknown) => !now.refuses && told.push([type, data]) > 0;
  const stop = () => startPulse({ record, next: () => told.length + 1, sessions: () => 2, key: 'gw-1+00000000+AQ==', log: silentLog, clock });
  return { told, now, start: stop, types: () => told.map(([type]) => type) };
}

describe('the pulse of a gateway', () => {
  it('names the key once, and beats every ten seconds until it is ended', async () => {
    const { told, types, start } = scene();
    const stop = start();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(types()).toEqual(['key.created', 'producer.heartbeat', 'clock.status', 'producer.heartbeat', 'producer.heartbeat']);
    expect(told[0]).toEqual(['key.created', { use: 'session.closed', key: 'gw-1+00000000+AQ==' }]);
    expect(told[1]).toEqual(['producer.heartbeat', { pseq: 2, sessions: 2 }]);
    stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toHaveLength(5);
  });

  it('names the key when it can, and tells at the next beat that the clock was set', async () => {
    const { told, types, now, start } = scene();
    now.refuses = true;
    const stop = start();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(told).toEqual([]);
    now.refuses = false;
    now.wall = -3_600_000;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(types()).toEqual(['key.created', 'producer.heartbeat', 'clock.status']);
    expect(told[2]).toMatchObject(['clock.status', { step_us: -3_600_000_000 }]);
    stop();
  });
});

describe('the key of an instance', () => {
  it('is made in the state directory and kept, or is where it is said to be', () => {
    const state = mkdtempSync(join(tmpdir(), 'instance-'));
    const made = openInstanceKey({ producer: 'gw-1', state, path: undefined });
    const path = join(state, 'instance-key.pem');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(openInstanceKey({ producer: 'gw-1', state, path: undefined }).vkey).toBe(made.vkey);
    expect(openInstanceKey({ producer: 'gw-1', state: '/nowhere', path }).vkey).toBe(made.vkey);
    expect(made.vkey).toMatch(/^gw-1\+[0-9a-f]{8}\+/);
    expect(() => openInstanceKey({ producer: 'gw-1', state, path: join(state, 'none.pem') })).toThrow('none.pem');
    rmSync(state, { recursive: true });
  });
});
