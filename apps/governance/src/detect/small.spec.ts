import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Envelope } from '@sallyport/domain-events';
import { peoplesClient } from './clients.ts';
import { effectName } from './effect-name.ts';
import { momentOf } from './moment.ts';
import { networkOf } from './network.ts';
import { runtimeOf } from './runtime.ts';

describe('a client of people', () => {
  it.each([
    ['DBeaver 24.2.3 - Main', 'window'], ['pgAdmin 4 - CONN:7', 'window'], ['DataGrip 2026.1', 'window'], ['PyCharm 2026.1.1', 'window'], ['azdata-Query', 'window'], ['MySQLWorkbench', 'window'], ['TablePlus', 'window'],
    ['PuTTY_Release_0.81', 'window'], ['WinSCP_release_6.3', 'window'], ['psql', 'prompt'], ['pgcli', 'prompt'], ['SQLCMD', 'prompt'],
    ['psqlodbc', undefined], ['PostgreSQL JDBC Driver', undefined], ['OpenSSH_9.2p1 Debian-2', undefined], ['paramiko_3.4', undefined], ['', undefined], [null, undefined], ['nightly dbeaver', undefined],
  ])('%j is a %s', (client, use) => expect(peoplesClient(client)?.use).toBe(use));
});

describe('a network', () => {
  it.each([
    ['10.1.2.3', '10.1.2.0/24'], ['::ffff:10.1.2.3', '10.1.2.0/24'], ['2001:db8:0:12ff::1', '2001:db8:0:1200::/56'], ['2001:0DB8:0000:1201:0:0:0:1', '2001:db8:0:1200::/56'], ['::1', '0:0:0:0::/56'], ['fe80::1%eth0', 'fe80:0:0:0::/56'],
    ['1:2:3:4:5:6:7.8.9.10', '1:2:3:0::/56'], ['~', null], ['', null], ['unknown', null], ['10.1.2', null], ['x'.repeat(100_000), null],
  ])('of %s is %s', (address, network) => expect(networkOf(address)).toBe(network));

  it('is told of any text', () => fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
    const found = networkOf(text);
    expect(found === null || /^[0-9a-f:.]+\/(24|56)$/.test(found)).toBe(true);
  })));
});

describe('an effect, from day to day', () => {
  it.each([
    ['read ledger.entries_2026_11', 'read ledger.entries_#_#'], ['write file:/srv/in/77.csv', 'write file:/srv/in/*'], ['execute program:/opt/v1.2/run', 'execute program:/opt/v#.#/run'],
    ['read x.f0e1d2c3b4a5', 'read x.#'], ['read x.deadbeefcafe', 'read x.deadbeefcafe'], ['control session:begin', null], ['read session:constants', null], ['', 'unknown '], ['odd', 'unknown odd'],
  ])('%s is %s', (effect, name) => expect(effectName(effect)).toBe(name));

  it('is bounded', () => expect(effectName(`read ${'a'.repeat(1_000_000)}`)?.length).toBeLessThan(450));
});

describe('the moment of an event', () => {
  const at = (wall: string, received: number) => momentOf({ received, event: { t: { wall, mono_us: 0 } } as Envelope });
  const now = Date.UTC(2026, 10, 23, 12);
  it('is what its producer says, where that can be', () => {
    expect(at('2026-11-23T11:59:00.000000Z', now)).toBe(now - 60_000);
    expect(at('2026-11-20T12:00:00Z', now)).toBe(now - 3 * 86_400_000);
    expect(at('2026-11-20T12:00:00Z', 0)).toBe(now - 3 * 86_400_000);
  });
  it.each(['2001-01-01T00:00:00Z', '2030-01-01T00:00:00Z', 'yesterday', ''])('is when the ledger took it, for %j', (wall) => expect(at(wall, now)).toBe(now));
  it('is always one that can be written', () => fc.assert(fc.property(fc.oneof(fc.string(), fc.date({ noInvalidDate: true }).map((date) => date.toISOString())), (wall) => {
    const moment = at(wall, 0);
    expect(new Date(moment).toISOString()).toMatch(/^[1-9]\d{3}-/);
  })));
});

describe('a runtime', () => {
  it('is told by its hash, the narrowest claim first', () => {
    expect(runtimeOf({ pipeline_id: '1', job_id: '2' })).toBe(runtimeOf({ job_id: '2' }));
    expect(runtimeOf({ run_id: '7' })).toMatch(/^several:/);
    expect(runtimeOf({ 'kubernetes\\.io.pod.uid': 'secret-pod' })).toMatch(/^one:[\w-]{16}$/);
    expect(runtimeOf({ sub: 'x', run_id: '' })).toBe('');
  });
});
