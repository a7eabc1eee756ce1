import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { Handles, approvalsList, approvalsShow, approvalsVote, fail, ok, type Caller, type Reply } from '@sallyport/platform-bus';
import { barred } from '../model/askable.ts';
import { askers, groupsOf } from '../model/eligible.ts';
import { Announcer } from '../store/announcer.ts';
import { Approvals } from '../store/approvals.ts';
import { Inventory } from '../store/inventory.ts';
import { Manifests } from '../store/manifests.ts';

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
    private readonly manifests: Manifests,
  ) {}

  @Handles(approvalsList)
  async list({ by: _by, ...wanted }: Request<typeof approvalsList>): Answer<typeof approvalsList> {
    return ok(await this.approvals.list(wanted));
  }

  /** Text, parameters and comments only for approvers, auditors and administrators; null for others and for services. */
  @Handles(approvalsShow)
  async show({ by, approval }: Request<typeof approvalsShow>): Answer<typeof approvalsShow> {
    return this.#shown(by, approval);
  }

  /** A vote counts for groups that both the console's word and the inventory of this moment give the voter. */
  @Handles(approvalsVote)
  async vote({ by, approval, vote, comment }: Request<typeof approvalsVote>): Answer<typeof approvalsVote> {
    const acted = await this.approvals.act(
      approval,
      `person:${by.person}`,
      ({ asked }, at) => ({
        do: 'vote', at, by: by.person, vote,
        groups: groupsOf(this.inventory, by.person, asked.quorum).filter((group) => by.groups.includes(group)),
        asking: askers(this.inventory, asked), stillIn: (earlier) => groupsOf(this.inventory, earlier, asked.quorum), barred: barred(this.inventory, asked),
      }),
      comment,
    );
    await this.announcer.announce(approval, acted);
    if (acted.refused !== null) return fail(acted.refused.code, acted.refused.say);
    return this.#shown(by, approval);
  }

  async #shown(by: Caller | null, approval: string): Answer<typeof approvalsShow> {
    const found = await this.approvals.show(approval, mayRead(by) ? 'with-text' : 'without-text');
    if (found === null) return fail('not-found', 'there is no such approval');
    return ok(found.subject?.kind === 'manifest' ? { ...found, manifest: await this.manifests.view(approval) } : found);
  }
}

const mayRead = (by: Caller | null): boolean => by !== null && by.roles.some((role) => readers.includes(role));
