import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import {
  governanceUsage, identityMachine, identityMachineAccept, identityMachineAgree, identityMachineRetire, identityMachines, identityMachineSuspend, identityMachineTransfer, machineState, type Bus, type Caller, type ShownTransfer,
} from '@sallyport/platform-bus';
import { z } from 'zod';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { byName, named } from './shapes.ts';

const listQuery = z.strictObject({
  state: machineState.optional(), owner: named.optional(), criticality: z.enum(['low', 'medium', 'high', 'critical']).optional(), after: named.optional(), limit: z.coerce.number().int().min(1).max(1000).default(50),
});
const usageQuery = z.strictObject({
  target: named.optional(), days: z.coerce.number().int().min(1).max(400).default(30), limit: z.coerce.number().int().min(1).max(1000).default(100), offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});
const reasonBody = z.strictObject({ reason: z.string().min(3).max(300) });
const transferBody = reasonBody.extend({ to: named, backup: named.nullable().default(null) });
const acceptBody = z.strictObject({ backup: named.nullable().default(null) });
const nothing = z.strictObject({});

/** A revision of the inventory is written and read again; the sessions that it ends are told before the answer. */
const patienceMs = 15_000;

/** The machines, how each stands, and who answers for it. Identity decides who may do what, and records it with the change, or with the refusal. */
@Controller('v1/machines')
export class MachinesController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  @Get()
  @Answers('machines in the order of their names: how they stand, who answers for them, when they came. `total` counts all that fit; `next` is the next page’s `after`', identityMachines.value)
  async list(@By() by: Caller, @Query({ schema: listQuery }) { state, owner, criticality, after, limit }: z.output<typeof listQuery>): Promise<z.output<typeof identityMachines.value>> {
    return valueOf(await this.#bus.call(identityMachines, { by, state: state ?? null, owner: owner ?? null, criticality: criticality ?? null, after: after ?? null, limit }, patienceMs));
  }

  @Get(':name')
  @Answers('one machine with its history, also one that was removed (its `machine` is null then)', identityMachine.value)
  async show(@By() by: Caller, @Param({ schema: byName }) { name }: z.output<typeof byName>): Promise<z.output<typeof identityMachine.value>> {
    return valueOf(await this.#bus.call(identityMachine, { by, machine: name }, patienceMs));
  }

  @Get(':name/usage')
  @Answers('what it used in the last so many days, by object and verb, most first, as far as governance has read the ledger (`upTo`). `total` counts all rows', governanceUsage.value)
  async usage(@By() by: Caller, @Param({ schema: byName }) { name }: z.output<typeof byName>, @Query({ schema: usageQuery }) { target, ...page }: z.output<typeof usageQuery>): Promise<z.output<typeof governanceUsage.value>> {
    return valueOf(await this.#bus.call(governanceUsage, { by, machine: name, target: target ?? null, ...page }, patienceMs));
  }

  @Post(':name/suspend')
  @Answers('stops it at once, with its sessions; it works again when its owner has accepted it and somebody else agreed', identityMachineSuspend.value)
  async suspend(@By() by: Caller, @Param({ schema: byName }) { name }: z.output<typeof byName>, @Body({ schema: reasonBody }) { reason }: z.output<typeof reasonBody>): Promise<z.output<typeof identityMachineSuspend.value>> {
    return valueOf(await this.#bus.call(identityMachineSuspend, { by, machine: name, reason, review: null }, patienceMs));
  }

  @Post(':name/retire')
  @Answers('stops it for ever; its history stays', identityMachineRetire.value)
  async retire(@By() by: Caller, @Param({ schema: byName }) { name }: z.output<typeof byName>, @Body({ schema: reasonBody }) { reason }: z.output<typeof reasonBody>): Promise<z.output<typeof identityMachineRetire.value>> {
    return valueOf(await this.#bus.call(identityMachineRetire, { by, machine: name, reason }, patienceMs));
  }

  @Post(':name/transfer')
  @Answers('asks somebody to answer for it, in place of whoever was asked before; for administrators, operators, its owner and backup owner', identityMachineTransfer.value)
  async transfer(@By() by: Caller, @Param({ schema: byName }) { name }: z.output<typeof byName>, @Body({ schema: transferBody }) body: z.output<typeof transferBody>): Promise<ShownTransfer> {
    return valueOf(await this.#bus.call(identityMachineTransfer, { by, machine: name, ...body }, patienceMs));
  }

  @Post(':name/accept')
  @Answers('whoever was asked says that he answers for it from now on; others have to agree', identityMachineAccept.value)
  async accept(@By() by: Caller, @Param({ schema: byName }) { name }: z.output<typeof byName>, @Body({ schema: acceptBody }) { backup }: z.output<typeof acceptBody>): Promise<ShownTransfer> {
    return valueOf(await this.#bus.call(identityMachineAccept, { by, machine: name, backup }, patienceMs));
  }

  @Post(':name/agree')
  @Answers('somebody else agrees that it works under its new owner; when all that have to did, it does', identityMachineAgree.value)
  async agree(@By() by: Caller, @Param({ schema: byName }) { name }: z.output<typeof byName>, @Body({ schema: nothing }) _body: z.output<typeof nothing>): Promise<z.output<typeof identityMachineAgree.value>> {
    return valueOf(await this.#bus.call(identityMachineAgree, { by, machine: name }, patienceMs));
  }
}
