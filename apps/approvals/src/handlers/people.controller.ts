import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { Handles, approvalsList, approvalsShow, approvalsVote, fail, ok, type Caller, type Reply } from '@sallyport/platform-bus';
import { groupsOf } from '../model/eligible.ts';
import { Announcer } from '../store/announcer.ts';
import { Approvals } from '../store/approvals.ts';
import { Inventory } from '../store/inventory.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** Who may read the full text of a held command. */
const readers = ['approver', 'auditor', 'admin'];

/** What people ask through the console: to see requests, and to vote. */
@Controller()
export class PeopleController {
  constructor(
    private readonly approvals: Approvals,
    private readonly announcer: Announcer,
    private readonly inventory: Inventory,
  ) {}

  @Handles(approvalsList)
  async list({ state, limit }: Request<typeof approvalsList>): Answer<typeof approvalsList> {
    return ok({ approvals: await this.approvals.list(state, limit) });
  }

  /** Text, parameters and comments only for approvers, auditors and administrators; null for others and for services. */
  @Handles(approvalsShow)
  async show({ by, approval }: Request<typeof approvalsShow>): Answer<typeof approvalsShow> {
    const found = await this.approvals.show(approval, mayRead(by) ? 'with-text' : 'without-text');
    return found === null ? fail('not-found', 'there is no such approval') : ok(found);
  }

  /** A vote counts for groups that both the console's word and the inventory of this moment give the voter. */
  @Handles(approvalsVote)
  async vote({ by, approval, vote, comment }: Request<typeof approvalsVote>): Answer<typeof approvalsVote> {
    const acted = await this.approvals.act(
      approval,
      `person:${by.person}`,
      (asked, at) => ({ do: 'vote', at, by: by.person, vote, groups: groupsOf(this.inventory, by.person, asked.quorum).filter((group) => by.groups.includes(group)) }),
      comment,
    );
    await this.announcer.announce(approval, acted);
    if (acted.refused !== null) return fail(acted.refused.code, acted.refused.say);
    const now = await this.approvals.show(approval, mayRead(by) ? 'with-text' : 'without-text');
    return now === null ? fail('not-found', 'there is no such approval') : ok(now);
  }
}

const mayRead = (by: Caller | null): boolean => by !== null && by.roles.some((role) => readers.includes(role));
