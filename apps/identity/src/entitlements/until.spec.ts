import { describe, expect, it } from 'vitest';
import { base, inventoryOf, machine, person, raw, type Raw } from '../testing/documents.ts';
import { afterDay, effectiveEnd, machineEnd } from './until.ts';

const day = 86_400_000;
const granted = Date.UTC(2026, 10, 23, 10);
const end = (kind: 'standing' | 'jit' | 'break-glass', asked: number, spec: Record<string, unknown> = {}, more: Raw[] = []) => {
  const inventory = inventoryOf(...base().filter(({ metadata }) => !more.some((one) => one.metadata.name === metadata.name)), machine('m', spec), ...more);
  const owned = inventory.machines.get('m');
  if (owned === undefined) throw new Error('m');
  return { ...effectiveEnd({ kind, asked, granted }, owned, inventory), owned, inventory };
};

describe('the end of an entitlement', () => {
  it('is what was asked for, where nothing is earlier', () => expect(end('standing', granted + day)).toMatchObject({ until: granted + day, limitedBy: null }));

  it.each([['standing', 90 * day, '90d'], ['jit', day / 3, '8h'], ['break-glass', day / 24, '1h']] as const)('is not later than the longest that %s access lasts', (kind, most, said) => {
    expect(end(kind, granted + 400 * day)).toMatchObject({ until: granted + most, limitedBy: expect.stringContaining(`(${said})`) });
  });

  it('follows the settings', () => {
    const settings = raw('Governance', 'default', { longestEntitlement: { jit: '2h', standing: '10d', breakGlass: '5m' } });
    expect(end('standing', granted + 40 * day, {}, [settings]).until).toBe(granted + 10 * day);
    expect(end('break-glass', granted + day, {}, [settings]).until).toBe(granted + 300_000);
  });

  it('is the end of the last day of the owner’s contract, of the vendor’s, or of the review and its grace: the earliest', () => {
    const contractor = person('alice', { contractEnd: '2026-12-05' });
    expect(end('standing', granted + 60 * day, {}, [contractor])).toMatchObject({ until: afterDay('2026-12-05'), limitedBy: "the contract of the machine's owner (2026-12-05)" });
    expect(end('standing', granted + 60 * day, { vendor: { name: 'acme', contractEnd: '2026-12-01' } }, [contractor])).toMatchObject({ until: Date.UTC(2026, 11, 2), limitedBy: "the contract of the machine's vendor (2026-12-01)" });
    expect(end('standing', granted + 60 * day, { reviewBy: '2026-11-10' }, [contractor])).toMatchObject({ until: Date.UTC(2026, 10, 11) + 14 * day, limitedBy: expect.stringContaining('due on 2026-11-10') });
  });

  it('says no name of a person, because it stands in evidence as it is', () => expect(end('standing', granted + 60 * day, {}, [person('alice', { contractEnd: '2026-12-05' })]).limitedBy).not.toContain('alice'));

  it('may be over before it begins', () => expect(end('jit', granted + 1000, {}, [person('alice', { contractEnd: '2026-11-22' })]).until).toBeLessThan(granted));

  it('moves with the machine’s dates', () => {
    const { owned, inventory } = end('jit', granted, { vendor: { name: 'acme', contractEnd: '2026-11-30' } });
    expect(machineEnd(owned, inventory, granted + day)).toEqual({ until: granted + day, limitedBy: null });
    expect(machineEnd(owned, inventory, granted + 30 * day).until).toBe(afterDay('2026-11-30'));
  });
});
