import { personWho } from '@sallyport/domain-events';
import type { Caller, Reply, ShownTransfer } from '@sallyport/platform-bus';
import type { MachineDocument } from '@sallyport/platform-config';
import type { EventToTell } from '@sallyport/platform-store';
import type { Inventory } from '../model/inventory.ts';
import { acting, RefusedAct, type ActingParts } from './acting.ts';
import { isRetired } from './against-life.ts';
import type { Amendments, Decision, Found } from './amendments.ts';
import { machineNamed } from './by-hand.ts';
import { edited } from './edit.ts';
import { seated } from './seats.ts';
import { shownTransfer } from './shown.ts';
import type { State } from './state.ts';
import type { NewStatus } from './status.ts';
import { acceptTransfer, addAgreement, addTransfers, finishTransfer, openTransfer, type Agreement, type Transfer } from './transfers.ts';
import { contractOver } from './words.ts';

/** How long an acceptance waits for others to agree, in milliseconds. */
export const acceptanceLasts = 14 * 86_400_000;

export interface HandoverParts extends ActingParts {
  readonly amendments: Amendments;
}

export interface Agreed {
  transfer: ShownTransfer;
  state: State;
}

/** A machine gets somebody who answers for it: asked for, accepted by the new owner himself, agreed to by others. Only then does it work again. */
export class Handover {
  readonly #parts: HandoverParts;

  constructor(parts: HandoverParts) {
    this.#parts = parts;
  }

  ask(by: Caller, name: string, { to, backup, reason }: { readonly to: string; readonly backup: string | null; readonly reason: string }): Promise<Reply<ShownTransfer>> {
    return this.#act(by, 'machine.transfer', name, async ({ before, trx, now }) => {
      const machine = machineNamed(before, name);
      const mine = [machine.spec.owner, machine.spec.backupOwner].includes(by.person) && before.gone(by.person) === null;
      if (!mine && !by.roles.includes('admin') && !by.roles.includes('operator')) throw new RefusedAct('denied', 'to hand a machine over needs the role admin or operator, or to be its owner or backup owner');
      if (isRetired(before, name)) throw retired(name);
      here(before, to);
      if (backup !== null) here(before, backup);
      if (backup === to) throw new RefusedAct('backup-same', 'the backup owner must be another person than the owner');
      await addTransfers(trx, [{ machine: name, newOwner: to, backupOwner: backup, previousOwner: machine.spec.owner, reason, requestedBy: by.person }], now);
      const asked = await required(openTransfer(trx, name));
      const event: EventToTell = { type: 'nhi.transfer_requested', data: { machine: name, owner: to, previous_owner: machine.spec.owner, reason }, who: personWho(by.person) };
      return { first: [event], last: [], amendment: null, answer: () => shownTransfer(asked) };
    });
  }

  accept(by: Caller, name: string, backup: string | null): Promise<Reply<ShownTransfer>> {
    return this.#act(by, 'machine.accept', name, async ({ before, trx, now }) => {
      const machine = machineNamed(before, name);
      const transfer = await waiting(openTransfer(trx, name), name);
      if (by.person !== transfer.newOwner) throw new RefusedAct('denied', `only ${transfer.newOwner}, who was asked, can accept machine ${name}`);
      here(before, by.person);
      const standIn = backup ?? transfer.backupOwner;
      backupFits(before, machine, transfer.newOwner, standIn);
      const again = transfer.state === 'accepted' && !isStale(transfer, now) && standIn === transfer.backupOwner;
      if (again) return { first: [], last: [], amendment: null, answer: () => shownTransfer(transfer) };
      await acceptTransfer(trx, { id: transfer.id, backupOwner: standIn }, now);
      const accepted = await required(openTransfer(trx, name));
      const event: EventToTell = { type: 'nhi.owner_accepted', data: { machine: name, owner: transfer.newOwner, previous_owner: transfer.previousOwner, approval: transfer.id }, who: personWho(by.person) };
      return { first: [event], last: [], amendment: null, answer: () => shownTransfer(accepted) };
    });
  }

  agree(by: Caller, name: string): Promise<Reply<Agreed>> {
    return this.#act(by, 'machine.agree', name, async ({ before, trx, now }) => {
      const machine = machineNamed(before, name);
      const transfer = await waiting(openTransfer(trx, name), name);
      if (transfer.state !== 'accepted') throw new RefusedAct('not-accepted', `${transfer.newOwner} has not accepted machine ${name} yet`);
      if (isStale(transfer, now)) throw new RefusedAct('expired', `${transfer.newOwner} accepted more than fourteen days ago: accept again`);
      if ([transfer.newOwner, transfer.previousOwner, machine.spec.owner, transfer.requestedBy].includes(by.person)) throw new RefusedAct('self-approval', 'somebody else has to agree: neither the new owner nor the one before, nor who asked for it');
      const mine: Agreement = { person: by.person, groups: agreeingAs(before, by), at: now };
      fits(before, machine, transfer, now);
      if (!(await addAgreement(trx, transfer.id, mine))) throw new RefusedAct('already-voted', 'you agreed already');
      const all = [...transfer.agreements, mine];
      // Who left since does not count any more, nor who is in the group no longer.
      const standing = all.filter(({ person }) => before.gone(person) === null).map(({ person }) => ({ person, groups: before.approverGroupsOf(person) }));
      if (!seated(before.governance.reactivation, standing)) return { first: [acted(by, name)], last: [], amendment: null, answer: () => ({ transfer: shownTransfer({ ...transfer, agreements: all }), state: before.stateOf(name) }) };
      return this.#finish({ before, trx, now }, machine, { ...transfer, agreements: all }, by);
    });
  }

  async #finish({ before, trx, now }: Found, machine: MachineDocument, transfer: Transfer, by: Caller): Promise<Decision<Agreed>> {
    const { name } = machine.metadata;
    await finishTransfer(trx, transfer.id, now);
    const approvedBy = transfer.agreements.map(({ person }) => person);
    const { spec } = machine;
    const document = edited(before, machine, { owner: transfer.newOwner, backupOwner: transfer.backupOwner ?? spec.backupOwner, state: spec.state === 'suspended' ? 'active' : spec.state });
    const statuses = before.statusesOf(name).filter(({ state }) => state !== 'retired').map(({ cause }): NewStatus => ({
      machine: name, cause, state: 'cleared', why: `${transfer.newOwner} accepted it, ${approvedBy.join(', ')} agreed`, since: now, until: null, person: transfer.newOwner, setBy: `person:${by.person}`,
    }));
    const event: EventToTell = { type: 'nhi.reactivated', data: { machine: name, owner: transfer.newOwner, approval: transfer.id, approved_by: approvedBy }, who: personWho(by.person) };
    return {
      first: [acted(by, name)], last: [event], author: [transfer.newOwner, ...approvedBy].join(', '), amendment: { by: 'reactivation', documents: [document], words: [], statuses },
      answer: (settled) => ({ transfer: shownTransfer({ ...transfer, state: 'done', ended: now }), state: (settled?.after ?? before).stateOf(name) }),
    };
  }

  #act<T>(by: Caller, action: string, name: string, decide: (found: Found) => Promise<Decision<T>>): Promise<Reply<T>> {
    return acting(this.#parts, by, action, name, () => this.#parts.amendments.make<T>({ who: personWho(by.person), author: by.person, source: 'transfer', decide }));
  }
}

const isStale = ({ accepted }: Transfer, now: number): boolean => accepted === null || now - accepted > acceptanceLasts;

const acted = (by: Caller, name: string): EventToTell => ({ type: 'operator.acted', data: { action: 'machine.agree', object: name, ok: true, code: null }, who: personWho(by.person) });

const retired = (name: string) => new RefusedAct('machine-retired', `machine ${name} is retired, and that is final; a new machine has another name`);

function here(inventory: Inventory, person: string): void {
  if (!inventory.people.has(person)) throw new RefusedAct('person-unknown', `there is no person ${person} in the inventory`);
  if (inventory.gone(person) !== null) throw new RefusedAct('owner-left', `${person} left and answers for nothing any more`);
}

function backupFits(inventory: Inventory, machine: MachineDocument, owner: string, backup: string | null): void {
  const standIn = backup ?? machine.spec.backupOwner;
  if (standIn === owner) throw new RefusedAct('backup-needed', `${owner} was the backup owner: name somebody else who stands in`);
  if (inventory.gone(standIn) !== null) throw new RefusedAct('backup-needed', `the backup owner ${standIn} is not here any more: name somebody else who stands in`);
}

/** What was true when it was accepted has to be true still. */
function fits(inventory: Inventory, machine: MachineDocument, transfer: Transfer, now: number): void {
  const { metadata, spec } = machine;
  if (isRetired(inventory, metadata.name)) throw retired(metadata.name);
  here(inventory, transfer.newOwner);
  backupFits(inventory, machine, transfer.newOwner, transfer.backupOwner);
  if (contractOver(spec.vendor?.contractEnd, now) !== null) throw new RefusedAct('contract-over', `the contract of its vendor ${spec.vendor?.name ?? ''} ended on ${spec.vendor?.contractEnd ?? ''}: change its document first`);
}

/** The groups in which somebody may agree; throws RefusedAct for who may not at all. Roles count as the login says them and as the inventory has them now. */
function agreeingAs(inventory: Inventory, by: Caller): readonly string[] {
  const person = inventory.people.get(by.person);
  if (person === undefined || inventory.gone(by.person) !== null) throw new RefusedAct('not-an-approver', 'only people of the inventory who are here can agree');
  const groups = inventory.approverGroupsOf(by.person);
  const seats = inventory.governance.reactivation;
  const may = seats.length > 0 ? seats.some(({ group }) => groups.includes(group)) : (['admin', 'approver'] as const).some((role) => by.roles.includes(role) && person.spec.roles.includes(role));
  if (!may) throw new RefusedAct('not-an-approver', seats.length > 0 ? `to agree needs to be in ${seats.map(({ group }) => group).join(' or ')}` : 'to agree needs the role admin or approver');
  return groups;
}

async function waiting(found: Promise<Transfer | null>, name: string): Promise<Transfer> {
  const transfer = await found;
  if (transfer === null) throw new RefusedAct('nothing-asked', `nobody is asked to answer for machine ${name}: sallyport machines transfer ${name} --to PERSON`);
  return transfer;
}

async function required(found: Promise<Transfer | null>): Promise<Transfer> {
  const transfer = await found;
  if (transfer === null) throw new Error('a transfer was written and is not there');
  return transfer;
}
