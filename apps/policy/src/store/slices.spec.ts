import { describe, expect, it } from 'vitest';
import { sliceFor } from '@sallyport/engine-policy';
import { machineFacts, targetFacts } from '../model/inventory.ts';
import { inventoryOf, policyOf } from '../testing/documents.ts';
import { Slices } from './slices.ts';

function bucket() {
  const held = new Map<string, unknown>();
  const calls = { get: 0, put: 0 };
  return {
    held, calls,
    get: async (key: string) => (calls.get++, held.get(key) ?? null),
    put: async (key: string, value: unknown) => void (calls.put++, held.set(key, value)),
  };
}

function slice(text?: string) {
  const inventory = inventoryOf();
  const machine = inventory.machine('nightly-ledger');
  const target = inventory.target('ledger-db');
  if (machine === null || target === null) throw new Error('no inventory');
  return sliceFor({ policySet: policyOf(text).set, machine: machineFacts(machine), target: targetFacts(target) });
}

describe('publishing slices', () => {
  it('writes each once, however many sessions ask at once', async () => {
    const kv = bucket();
    const slices = new Slices(kv, () => 0);
    await Promise.all(Array.from({ length: 20 }, () => slices.publish(slice())));
    await slices.publish(slice());
    expect(kv.calls).toEqual({ get: 1, put: 1 });
  });

  it('looks again when the bus was away', async () => {
    const kv = bucket();
    const slices = new Slices(kv, () => 0);
    await slices.publish(slice());
    kv.held.clear();
    slices.lookAgain();
    await slices.publish(slice());
    expect(kv.held.size).toBe(1);
  });

  it('looks again after a minute, and writes what was lost', async () => {
    const kv = bucket();
    let now = 0;
    const slices = new Slices(kv, () => now);
    await slices.publish(slice());
    kv.held.clear();
    now = 61_000;
    await slices.publish(slice());
    expect(kv.held.has(slice().digest)).toBe(true);
  });

  it('tries again after a failure', async () => {
    const kv = bucket();
    let fails = true;
    const slices = new Slices({ get: kv.get, put: (key, value) => (fails ? Promise.reject(new Error('down')) : kv.put(key, value)) }, () => 0);
    await expect(slices.publish(slice())).rejects.toThrow('down');
    fails = false;
    await slices.publish(slice());
    expect(kv.calls.put).toBe(1);
  });

  it('refuses what the bus would not carry', async () => {
    const many = Array.from({ length: 100 }, (_, i) => `@id("r${i}") permit(principal, action, resource is Object) when { resource.name == "${'x'.repeat(10_000)}" };`).join('\n');
    await expect(new Slices(bucket(), () => 0).publish(slice(many))).rejects.toThrow(/narrow the heads/);
  });
});
