import { instant } from '@sallyport/domain-model';
import type { MachineUsage, ShownMachine, ShownPerson, ShownTransfer } from '@sallyport/platform-bus';
import type { MachineDocument, PersonDocument } from '@sallyport/platform-config';
import type { Inventory } from '../model/inventory.ts';
import type { Transfer } from './transfers.ts';

const moment = (ms: number): string => instant(ms);
const orNull = (ms: number | null): string | null => (ms === null ? null : moment(ms));

export function shownTransfer({ id, newOwner, backupOwner, previousOwner, reason, requestedBy, requested, state, accepted, ended, agreements }: Transfer): ShownTransfer {
  return {
    id, newOwner, backupOwner, previousOwner, reason, requestedBy, requested: moment(requested), state, accepted: orNull(accepted), ended: orNull(ended),
    agreed: agreements.map(({ person, groups, at }) => ({ person, groups: [...groups], at: moment(at) })),
  };
}

export function shownMachine(inventory: Inventory, { metadata: { name }, spec }: MachineDocument, transfer: Transfer | null, usage: MachineUsage | null): ShownMachine {
  return {
    name, version: inventory.standing('Machine', name)?.version ?? 0, kind: spec.kind, purpose: spec.purpose, team: spec.team ?? null, businessService: spec.businessService ?? null,
    environment: spec.environment, criticality: spec.criticality, groups: spec.groups, reviewBy: spec.reviewBy, vendor: spec.vendor === undefined ? null : { name: spec.vendor.name, contractEnd: spec.vendor.contractEnd ?? null },
    owner: spec.owner, backupOwner: spec.backupOwner, ownerGone: orNull(inventory.gone(spec.owner)?.since ?? null), backupGone: orNull(inventory.gone(spec.backupOwner)?.since ?? null),
    state: inventory.stateOf(name), documentState: spec.state,
    held: inventory.statusesOf(name).map(({ cause, state, why, since, until }) => ({ cause, state, why, since: moment(since), until: orNull(until) })),
    transfer: transfer === null ? null : shownTransfer(transfer), usage,
    bindings: spec.bindings.map((binding) => ({ name: binding.name, issuer: binding.issuer, audience: binding.audience, claims: binding.claims, replay: binding.replay })),
  };
}

/** @param machines how many they answer for that are not retired */
export function shownPerson(inventory: Inventory, { metadata: { name }, spec }: PersonDocument, machines: number): ShownPerson {
  const gone = inventory.gone(name);
  return {
    name, displayName: spec.displayName, roles: spec.roles, groups: [...inventory.approverGroupsOf(name)], employment: spec.employment ?? null, contractEnd: spec.contractEnd ?? null, directoryIds: spec.directoryIds ?? [],
    gone: gone === null ? null : { since: moment(gone.since), source: gone.source },
    words: inventory.wordsOf(name).map(({ source, change, at }) => ({ source, change, at: moment(at) })), loginsFrom: orNull(inventory.loginsFrom(name)), machines,
  };
}
