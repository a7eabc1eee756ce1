import { compileSlice, decideConnect, sliceFor, type CompiledSlice, type SessionFacts, type Slice } from '@sallyport/engine-policy';
import { id, instant, type Lease, type MachineName, type SessionId, type TargetName } from '@sallyport/domain-model';
import type { LeaseRequest } from '@sallyport/platform-bus';
import type { ActivePolicy } from './active-policy.ts';
import { machineFacts, targetFacts, type Inventory } from './inventory.ts';

/** How long a lease is good, in milliseconds. */
export const leaseMs = 30_000;

export type Granted = { readonly ok: true; readonly lease: Lease; readonly slice: Slice } | { readonly ok: false; readonly say: string };

/** Decides on one lease. The id and the time come from the caller. */
export function grant(asked: LeaseRequest, of: { readonly policy: ActivePolicy; readonly inventory: Inventory; readonly leaseId: string; readonly now: number }): Granted {
  const found = ruling(asked.machine, asked.target, of.policy, of.inventory);
  if (!found.ok) return found;
  if (found.protocol !== asked.protocol) return refused(`target ${asked.target} does not speak ${asked.protocol}`);

  const { slice } = found;
  const decision = decideConnect(slice, sessionOf(asked), of.now);
  if (decision.kind !== 'allow') return refused(decision.rules.length === 0 ? decision.say : `${decision.say} (${decision.rules.join(', ')})`);
  return {
    ok: true,
    slice: slice.slice,
    lease: {
      id: of.leaseId, session: id<SessionId>(asked.session), machine: id<MachineName>(asked.machine), target: id<TargetName>(asked.target), role: asked.role,
      slice: slice.slice.digest, policyVersion: of.policy.version, maskPlan: of.inventory.plan(asked.target)?.id ?? null, expires: instant(of.now + leaseMs),
    },
  };
}

export type Ruling = { readonly ok: true; readonly slice: CompiledSlice; readonly protocol: string } | { readonly ok: false; readonly say: string };

/** The slice that rules a machine on a target, if both are in the inventory and the machine may work. */
export function ruling(machineName: string, targetName: string, policy: ActivePolicy, inventory: Inventory): Ruling {
  const machine = inventory.machine(machineName);
  if (machine === null) return refused(`machine ${machineName} is not in the inventory`);
  if (machine.spec.state !== 'active') return refused(`machine ${machineName} is ${machine.spec.state}, not active`);
  const target = inventory.target(targetName);
  if (target === null) return refused(`target ${targetName} is not in the inventory`);
  return { ok: true, slice: compiledFor(policy, inventory, machineName, targetName), protocol: target.spec.kind };
}

export function sessionOf(asked: Pick<LeaseRequest, 'protocol' | 'role' | 'source'>): SessionFacts {
  return { protocol: asked.protocol, role: asked.role, source: asked.source.address, client: asked.source.client };
}

/** Slices by machine and target, while policy and inventory stay what they are. */
let compiled = new Map<string, CompiledSlice>();
let compiledOf: readonly [ActivePolicy, Inventory, number] | null = null;

function compiledFor(policy: ActivePolicy, inventory: Inventory, machineName: string, targetName: string): CompiledSlice {
  if (compiledOf === null || compiledOf[0] !== policy || compiledOf[1] !== inventory || compiledOf[2] !== inventory.revision) {
    compiled = new Map();
    compiledOf = [policy, inventory, inventory.revision];
  }
  const key = `${machineName} ${targetName}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const machine = inventory.machine(machineName);
  const target = inventory.target(targetName);
  if (machine === null || target === null) throw new RangeError('a slice needs a machine and a target of the inventory');
  const made = compileSlice(sliceFor({ policySet: policy.set, machine: machineFacts(machine), target: targetFacts(target) }));
  compiled.set(key, made);
  return made;
}

const refused = (say: string) => ({ ok: false as const, say });
