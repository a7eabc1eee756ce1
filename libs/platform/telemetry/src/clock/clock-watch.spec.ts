import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ClockWatch } from './clock-watch.ts';
import { askTimeService, readTracking } from './time-service.ts';

const tracking = 'A29FC801,162.159.200.1,4,1732338000.123456789,-0.000210000,0.000012000,0.000090000,-3.201,0.001,0.044,0.010800000,0.001200000,64.5,Normal\n';

describe('the clock', () => {
  it('is told at the first look, then every minute, and at once when it was set', async () => {
    const now = { wall: 1_000_000, mono: 0 };
    const watch = new ClockWatch({ wall: () => now.wall, mono: () => now.mono, ask: () => Promise.resolve(readTracking(tracking)) });
    const pass = (ms: number, set = 0) => {
      now.mono += ms;
      now.wall += ms + set;
      return watch.look();
    };
    expect(await watch.look()).toEqual({ source: 'chrony', synchronised: true, offset_us: 210, error_us: 6600, step_us: 0 });
    expect(await pass(10_000)).toBe(null);
    expect(await pass(10_000, -3_600_000)).toMatchObject({ step_us: -3_600_000_000 });
    expect(await pass(10_000)).toBe(null);
    expect(await pass(10_000, 100)).toBe(null);
    expect(await pass(50_000)).toMatchObject({ step_us: 100_000 });
  });
});

describe('the time service', () => {
  it('is chrony where it answers', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chronyc-'));
    const chronyc = join(folder, 'chronyc');
    writeFileSync(chronyc, `#!/bin/sh\n[ "$*" = "-c -n tracking" ] && echo '${tracking.trim()}'\n`);
    chmodSync(chronyc, 0o755);
    expect(await askTimeService(chronyc)).toEqual({ source: 'chrony', synchronised: true, offsetUs: 210, errorUs: 6600 });
    rmSync(folder, { recursive: true });
  });

  it('is not synchronised where chrony says so, or says what cannot be read', () => {
    expect(readTracking(tracking.replace('Normal', 'Not synchronised')).synchronised).toBe(false);
    expect(readTracking('hello')).toEqual({ source: 'chrony', synchronised: false, offsetUs: null, errorUs: null });
  });

  it('is systemd’s by its mark, and else nobody', async () => {
    expect(await askTimeService('/nowhere/chronyc', '/')).toMatchObject({ source: 'systemd-timesyncd', synchronised: true });
    expect(await askTimeService('/nowhere/chronyc', '/nowhere/mark')).toEqual({ source: 'none', synchronised: null, offsetUs: null, errorUs: null });
  });
});
