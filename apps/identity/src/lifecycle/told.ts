import type { Authority, Who } from '@sallyport/domain-events';
import { instant } from '@sallyport/domain-model';
import type { MachineDocument } from '@sallyport/platform-config';
import type { EventToTell } from '@sallyport/platform-store';
import type { Inventory } from '../model/inventory.ts';
import type { PlannedChange } from '../model/plan-apply.ts';
import type { Settled, Turned } from './settle.ts';
import type { NewTransfer } from './transfers.ts';

/** Names of one event; how many there are in all is told beside them. */
const most = 100;

export interface Told {
  readonly documents: readonly PlannedChange[];
  readonly settled: Settled;
  /** Ids of revoked tickets, by machine. */
  readonly revoked: ReadonlyMap<string, readonly string[]>;
  /** The same of tickets of machines that acted for those who left or were stopped. */
  readonly forgone: ReadonlyMap<string, readonly string[]>;
  /** The same of tickets by logins that were revoked. */
  readonly ended: ReadonlyMap<string, readonly string[]>;
  readonly asked: readonly NewTransfer[];
  readonly who: Who | null;
  readonly auth: Authority | null;
  readonly source: string;
}

/** The evidence of a change of the inventory and of all that follows from it, in the order in which one follows from the other. */
export function eventsOf({ documents, settled: { after, people, revocations, follows }, revoked, forgone, ended, asked, who, auth, source }: Told): readonly EventToTell[] {
  return [
    ...documents.flatMap(({ kind, name, change, version, digest, previous }): EventToTell[] => (change === 'unchanged' ? [] : [{ type: 'config.changed', data: { kind, name, change, version, digest, previous }, who, auth }])),
    ...people.map((one) => turnedEvent(one, who)),
    ...revocations.map(({ person, source, before }): EventToTell => ({ type: 'person.sessions_revoked', data: { person, source, before: instant(before) }, who })),
    ...documents.flatMap(({ document, change, version }): EventToTell[] => (document?.kind === 'Machine' && change !== 'unchanged' ? [{ type: 'nhi.recorded', data: recorded(document, version, after, source), who, auth }] : [])),
    ...follows.moved.map(({ machine, from, to, why, until }): EventToTell => ({ type: 'nhi.state_changed', data: { machine, from, to, why, until: until === null ? null : instant(until) }, who })),
    ...follows.suspended.map(({ machine, why }): EventToTell => ({ type: 'nhi.suspended', data: { machine, why }, who })),
    ...follows.suspended.flatMap(({ machine, why }) => revocation(machine, why, revoked.get(machine) ?? [], who)),
    ...[...forgone].flatMap(([machine, ids]) => revocation(machine, 'the party for whom it acted left or was stopped', ids, who)),
    ...[...ended].flatMap(([machine, ids]) => revocation(machine, 'the person for whom it acted has to log in again', ids, who)),
    ...asked.map(({ machine, newOwner, previousOwner, reason }): EventToTell => ({ type: 'nhi.transfer_requested', data: { machine, owner: newOwner, previous_owner: previousOwner, reason }, who })),
  ];
}

function turnedEvent({ person, change, source, at, machines }: Turned, who: Who | null): EventToTell {
  if (change === 'returned') return { type: 'person.returned', data: { person, source }, who };
  return { type: 'person.left', data: { person, source, left_at: instant(at), count: machines.length, machines: machines.slice(0, most) }, who };
}

function revocation(machine: string, why: string, ids: readonly string[], who: Who | null): readonly EventToTell[] {
  return ids.length === 0 ? [] : [{ type: 'token.revoked', data: { machine, ids: ids.slice(0, most), count: ids.length, why }, who }];
}

function recorded({ metadata, spec }: MachineDocument, version: number, after: Inventory, source: string) {
  return {
    machine: metadata.name, version, kind: spec.kind, owner: spec.owner, backup_owner: spec.backupOwner, team: spec.team ?? null, purpose: spec.purpose, business_service: spec.businessService ?? null,
    environment: spec.environment, criticality: spec.criticality, groups: spec.groups, vendor: spec.vendor?.name ?? null, contract_end: spec.vendor?.contractEnd ?? null, review_by: spec.reviewBy,
    state: after.stateOf(metadata.name), bindings: spec.bindings.map(({ issuer, audience, claims, replay }) => `${issuer}/${audience} (${Object.keys(claims).sort().join(', ')})${replay === 'off' ? ', replay off' : ''}`), source,
  };
}
