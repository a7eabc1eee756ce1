import { compileSlice, decideConnect, sliceFor, type CompiledSlice, type PartyFacts, type SessionFacts, type Slice } from '@sallyport/engine-policy';
import { id, instant, millis, partyId, type Lease, type MachineName, type Party, type SessionId, type TargetName } from '@sallyport/domain-model';
import type { LeaseRequest } from '@sallyport/platform-bus';
import type { ActivePolicy } from './active-policy.ts';
import { behalfOf } from './behalf.ts';
import { machineFacts, targetFacts, type Inventory } from './inventory.ts';

/** How long a lease is good, in milliseconds. */
export const leaseMs = 30_000;

/** `needs`: the target wants an entitlement besides; without one the lease must not be given. */
export type Granted = { readonly ok: true; readonly lease: Lease; readonly slice: Slice; readonly needs: 'nothing' | 'entitlement' } | { readonly ok: false; readonly say: string };

/** Decides on one lease. The id and the time come from the caller. */
export function grant(asked: LeaseRequest, of: { readonly policy: ActivePolicy; readonly inventory: Inventory; readonly leaseId: string; readonly now: number }): Granted {
  const found = ruling(asked, of.policy, of.inventory);
  if (!found.ok) return found;
  if (found.protocol !== asked.protocol) return refused(`target ${asked.target} does not speak ${asked.protocol}`);

  if (asked.behalf?.kind === 'person' && of.inventory.loginEnded(asked.behalf.name, asked.behalfSince)) return refused(`the person for whom machine ${asked.machine} acts has to log in again, and it needs a ticket of that login (session-revoked)`);

  const { slice } = found;
  const decision = decideConnect(slice, sessionOf(asked), of.now);
  if (decision.kind !== 'allow') return refused(decision.rules.length === 0 ? decision.say : `${decision.say} (${decision.rules.join(', ')})`);
  return {
    ok: true,
    slice: slice.slice,
    needs: found.access === 'entitlement' ? 'entitlement' : 'nothing',
    lease: {
      id: of.leaseId, session: id<SessionId>(asked.session), machine: id<MachineName>(asked.machine), target: id<TargetName>(asked.target), role: asked.role,
      slice: slice.slice.digest, policyVersion: of.policy.version, maskPlan: of.inventory.plan(asked.target)?.id ?? null,
      entitlement: null, record: false, expires: instant(of.now + leaseMs), ...(asked.behalf === null ? {} : { behalf: asked.behalf }),
    },
  };
}

/** The lease, no longer than the entitlement that the session is there by. */
export function entitled(lease: Lease, by: { readonly entitlement: string; readonly until: number; readonly record: boolean }): Lease {
  return { ...lease, entitlement: by.entitlement, record: by.record, expires: instant(Math.min(millis(lease.expires), by.until)) };
}

export type Ruling = { readonly ok: true; readonly slice: CompiledSlice; readonly protocol: string; readonly access: 'policy' | 'entitlement' } | { readonly ok: false; readonly say: string };

export interface Ruled {
  readonly machine: string;
  readonly behalf: Party | null;
  readonly target: string;
}

/** The slice that rules a machine on a target, if both are in the inventory and the machine may work, and may do so for whom it does. */
export function ruling(asked: Ruled, policy: ActivePolicy, inventory: Inventory): Ruling {
  const machine = inventory.machine(asked.machine);
  if (machine === null) return refused(`machine ${asked.machine} is not in the inventory`);
  // In `attention` it works on; that nothing new is granted to it is seen to where things are granted.
  if (machine.spec.state !== 'active' && machine.spec.state !== 'attention') return refused(`machine ${asked.machine} is ${machine.spec.state}, not active`);
  const behalf = asked.behalf === null ? null : behalfOf(machine, asked.behalf, inventory);
  if (behalf?.ok === false) return behalf;
  const target = inventory.target(asked.target);
  if (target === null) return refused(`target ${asked.target} is not in the inventory`);
  return { ok: true, slice: compiledFor(policy, inventory, asked, behalf?.facts), protocol: target.spec.kind, access: target.spec.access };
}

export function sessionOf(asked: Pick<LeaseRequest, 'protocol' | 'role' | 'source'>): SessionFacts {
  return { protocol: asked.protocol, role: asked.role, source: asked.source.address, client: asked.source.client };
}

/** Slices by machine, party and target, while policy and inventory stay what they are. */
let compiled = new Map<string, CompiledSlice>();
let compiledOf: readonly [ActivePolicy, Inventory, number] | null = null;

function compiledFor(policy: ActivePolicy, inventory: Inventory, { machine: machineName, behalf: party, target: targetName }: Ruled, behalf: PartyFacts | undefined): CompiledSlice {
  if (compiledOf === null || compiledOf[0] !== policy || compiledOf[1] !== inventory || compiledOf[2] !== inventory.revision) {
    compiled = new Map();
    compiledOf = [policy, inventory, inventory.revision];
  }
  const key = party === null ? `${machineName} ${targetName}` : `${machineName} ${targetName} ${partyId(party)}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const machine = inventory.machine(machineName);
  const target = inventory.target(targetName);
  if (machine === null || target === null) throw new RangeError('a slice needs a machine and a target of the inventory');
  const made = compileSlice(sliceFor({ policySet: policy.set, machine: machineFacts(machine), ...(behalf === undefined ? {} : { behalf }), target: targetFacts(target) }));
  compiled.set(key, made);
  return made;
}

const refused = (say: string) => ({ ok: false as const, say });
