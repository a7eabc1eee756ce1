import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { changesActivate, changesList, changesPropose, changesRollBack, changesShow, changesTest, changesWithdraw, fail, Handles, type Caller, type Reply } from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import { Changes } from '../changes/changes.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

const listers = ['admin', 'approver', 'auditor', 'operator'];
const readers = ['admin', 'approver', 'auditor'];

/** What people ask through the console about changes that more than one person makes. */
@Controller()
export class ChangesController {
  constructor(private readonly changes: Changes) {}

  @Handles(changesPropose)
  propose({ by, title, ticket, documents, policies, remove, prune }: Request<typeof changesPropose>): Answer<typeof changesPropose> {
    return withDatabase(() => this.changes.propose(by, { title, ticket, content: { documents, policies, remove, prune } }));
  }

  @Handles(changesTest)
  test({ by, change }: Request<typeof changesTest>): Answer<typeof changesTest> {
    return withDatabase(() => this.changes.test(by, change));
  }

  @Handles(changesActivate)
  activate({ by, change }: Request<typeof changesActivate>): Answer<typeof changesActivate> {
    return withDatabase(() => this.changes.activate(by, change));
  }

  @Handles(changesRollBack)
  rollBack({ by, change, ticket }: Request<typeof changesRollBack>): Answer<typeof changesRollBack> {
    return withDatabase(() => this.changes.rollBack(by, change, ticket));
  }

  @Handles(changesWithdraw)
  withdraw({ by, change, why }: Request<typeof changesWithdraw>): Answer<typeof changesWithdraw> {
    return withDatabase(() => this.changes.withdraw(by, change, why));
  }

  @Handles(changesList)
  async list({ by, state, before, limit }: Request<typeof changesList>): Answer<typeof changesList> {
    return has(by, listers) ? withDatabase(() => this.changes.list({ state, before, limit })) : fail('denied', 'seeing changes needs one of the roles admin, approver, auditor, operator');
  }

  @Handles(changesShow)
  async show({ by, change }: Request<typeof changesShow>): Answer<typeof changesShow> {
    return has(by, readers) ? withDatabase(() => this.changes.show(change)) : fail('denied', 'reading a change needs one of the roles admin, approver, auditor');
  }
}

const has = (by: Caller, roles: readonly string[]): boolean => by.roles.some((role) => roles.includes(role));

/** A database that is away is told as such, so that the caller tries again. Anything else is a fault of this service. */
async function withDatabase<T>(work: () => Promise<Reply<T>>): Promise<Reply<T>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError) return fail('unavailable', 'changes cannot be read or written now');
    throw error;
  }
}
