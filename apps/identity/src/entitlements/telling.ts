import { personWho, type On, type Who } from '@sallyport/domain-events';
import type { Inventory } from '../model/inventory.ts';

/** A machine that acts by what it is; the token that it came with is told by its admission. */
export const machine = (name: string, inventory: Inventory): Who => ({ id: `machine:${name}`, npid: null, iss: null, tok: null, jti: null, owner: inventory.machines.get(name)?.spec.owner ?? null });

/** `machine:x` or `person:y`. */
export const requester = (text: string, inventory: Inventory): Who => (text.startsWith('machine:') ? machine(text.slice('machine:'.length), inventory) : personWho(text.slice('person:'.length)));

export function on(target: string, inventory: Inventory): On | null {
  const found = inventory.standing('Target', target)?.document;
  return found?.kind === 'Target' ? { target, kind: found.spec.kind, env: found.spec.environment } : null;
}
