import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { changesActivate, changesList, changesPropose, changesRollBack, changesShow, changesTest, changesWithdraw, changeState, policyFile, removal, type Bus, type Caller, type ChangeView } from '@sallyport/platform-bus';
import { z } from 'zod';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { byId } from './shapes.ts';

const ticket = z.string().min(1).max(100).nullable().default(null);
const proposeBody = z.strictObject({
  title: z.string().min(3).max(200), ticket,
  documents: z.array(z.unknown()).max(10_000).default([]), policies: z.array(policyFile).max(1_000).default([]), remove: z.array(removal).max(10_000).default([]), prune: z.boolean().default(false),
});
const rollBackBody = z.strictObject({ ticket });
const withdrawBody = z.strictObject({ why: z.string().min(1).max(500) });
const nothing = z.strictObject({});
const listQuery = z.strictObject({ state: changeState.optional(), before: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(1_000).default(50) });

/** A change is tried in every service that owns a part of it, and carried out in each. */
const patienceMs = 120_000;

/** Changes that more than one person makes. Governance records each step with it. */
@Controller('v1/changes')
export class ChangesController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  @Get()
  @Answers('changes, newest first, and how many there are in all; `before` is the id of the last one of the page before', changesList.value)
  async list(@By() by: Caller, @Query({ schema: listQuery }) { state, before, limit }: z.output<typeof listQuery>): Promise<z.output<typeof changesList.value>> {
    return valueOf(await this.#bus.call(changesList, { by, state: state ?? null, before: before ?? null, limit }));
  }

  @Get(':id')
  @Answers('one change: what it changes line by line, what its test found, who has to agree and who has', changesShow.value)
  async show(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>): Promise<ChangeView> {
    return valueOf(await this.#bus.call(changesShow, { by, change: id }));
  }

  @Post()
  @Answers('proposes a change, tries it in the services that own its parts, and asks for the approvals that it needs', changesPropose.value)
  async propose(@By() by: Caller, @Body({ schema: proposeBody }) body: z.output<typeof proposeBody>): Promise<ChangeView> {
    return valueOf(await this.#bus.call(changesPropose, { by, ...body }, patienceMs));
  }

  @Post(':id/test')
  @Answers('tries it (again), and asks for its approvals anew: those of earlier tests are withdrawn', changesTest.value)
  async test(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: nothing }) _body: z.output<typeof nothing>): Promise<ChangeView> {
    return valueOf(await this.#bus.call(changesTest, { by, change: id }, patienceMs));
  }

  @Post(':id/activate')
  @Answers('puts an approved change in force; again is safe', changesActivate.value)
  async activate(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: nothing }) _body: z.output<typeof nothing>): Promise<ChangeView> {
    return valueOf(await this.#bus.call(changesActivate, { by, change: id }, patienceMs));
  }

  @Post(':id/roll-back')
  @Answers('proposes what stood before an activated change, under the same control', changesRollBack.value)
  async rollBack(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: rollBackBody }) body: z.output<typeof rollBackBody>): Promise<ChangeView> {
    return valueOf(await this.#bus.call(changesRollBack, { by, change: id, ticket: body.ticket }, patienceMs));
  }

  @Post(':id/withdraw')
  @Answers('ends a change that is not in force, and its approvals', changesWithdraw.value)
  async withdraw(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: withdrawBody }) { why }: z.output<typeof withdrawBody>): Promise<ChangeView> {
    return valueOf(await this.#bus.call(changesWithdraw, { by, change: id, why }));
  }
}
