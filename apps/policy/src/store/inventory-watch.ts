import { buckets, subjects, type Bus } from '@sallyport/platform-bus';
import type { Party } from '@sallyport/domain-model';
import type { Log } from '@sallyport/platform-telemetry';
import type { Inventory } from '../model/inventory.ts';

/**
 * Fills the inventory from the buckets of identity and masking. When a machine, a person, a target or a plan changes, leases are called stale
 * once more after this service knows of it: whoever renewed between identity's message and this moment was answered from before.
 */
export async function watchInventory(bus: Bus, inventory: Inventory, log: Log): Promise<() => void> {
  let initial = true;
  const stale = (machine: string | null, target: string | null, why: string) => {
    if (!initial) bus.publish(subjects.leaseChanged, { machine, target, why });
  };
  const staleFor = (behalf: Party, why: string) => {
    if (!initial) bus.publish(subjects.leaseChanged, { machine: null, target: null, behalf, why });
  };
  const entries = await bus.kv(buckets.inventory);
  const stopEntries = await entries.watch('>', (key, value) => {
    if (!inventory.tell(key, value)) log.error('an entry of the inventory cannot be read; nothing is granted by it', { key });
    if (key.startsWith('machine.')) {
      const name = key.slice('machine.'.length);
      stale(name, null, 'the machine was changed');
      staleFor({ kind: 'machine', name }, 'the machine for which others act was changed');
    }
    if (key.startsWith('person.')) staleFor({ kind: 'person', name: key.slice('person.'.length) }, 'the person for whom machines act was changed');
    if (key.startsWith('login.')) staleFor({ kind: 'person', name: key.slice('login.'.length) }, 'logins of the person for whom machines act were revoked');
    if (key.startsWith('target.')) stale(null, key.slice('target.'.length), 'the target was changed');
  });
  const plans = await bus.kv(buckets.plans);
  const stopPlans = await plans.watch('>', (target, value) => {
    if (!inventory.tellPlan(target, value)) log.error('a mask plan cannot be read', { target });
    stale(null, target, 'the mask plan was changed');
  });
  initial = false;
  return () => {
    stopEntries();
    stopPlans();
  };
}
