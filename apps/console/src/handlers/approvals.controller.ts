import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import { approvalsList, approvalsShow, approvalsVote, type Approval, type Bus, type Caller } from '@sallyport/platform-bus';
import { Audit } from '../auth/audit.ts';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { approvalsQuery, byId, voteBody } from './shapes.ts';

@Controller('v1/approvals')
export class ApprovalsController {
  readonly #bus: Bus;

  constructor(
    { bus }: BusOf,
    private readonly audit: Audit,
  ) {
    this.#bus = bus;
  }

  @Get()
  @Answers('approvals, newest first, without texts; `kind` is what leave is asked for, `before` the last id of the page before', approvalsList.value)
  async list(@By() by: Caller, @Query({ schema: approvalsQuery }) { state, kind, before, limit }: z.output<typeof approvalsQuery>): Promise<z.output<typeof approvalsList.value>> {
    return valueOf(await this.#bus.call(approvalsList, { by, state: state ?? null, kind: kind ?? null, before: before ?? null, limit }));
  }

  @Get(':id')
  @Answers('one approval, of a held command (subject null) or of what its subject says; text and parameters for approvers, auditors and administrators. Each look is recorded', approvalsShow.value)
  async show(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>): Promise<Approval> {
    await this.audit.before(by, 'approval.show', id);
    return valueOf(await this.#bus.call(approvalsShow, { by, approval: id }));
  }

  @Post(':id/approve')
  @Answers('say yes', approvalsVote.value)
  approve(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: voteBody }) { comment }: z.output<typeof voteBody>): Promise<Approval> {
    return this.#vote(by, id, 'approve', comment);
  }

  @Post(':id/reject')
  @Answers('say no; one is enough', approvalsVote.value)
  reject(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: voteBody }) { comment }: z.output<typeof voteBody>): Promise<Approval> {
    return this.#vote(by, id, 'reject', comment);
  }

  #vote(by: Caller, approval: string, vote: 'approve' | 'reject', comment: string | null): Promise<Approval> {
    return this.audit.during(by, `approval.${vote}`, approval, async () => valueOf(await this.#bus.call(approvalsVote, { by, approval, vote, comment })));
  }
}
