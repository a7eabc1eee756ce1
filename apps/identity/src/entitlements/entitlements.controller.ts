import { Controller } from '@nestjs/common';
import {
  fail, Handles, identityAsk, identityBreakGlasses, identityEnter, identityEntitlement, identityEntitlements, identityRequests, identityReviewGlass, identityRevoke, identityWithdraw, ok, type Reply,
} from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import type { z } from 'zod';
import { Ender } from './ender.ts';
import { Entrances } from './entrances.ts';
import { Glasses } from './glasses.ts';
import { Lists } from './lists.ts';
import { Requests, type RequestRow } from './requests.ts';
import { shownGrant } from './shown.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** What the other services ask of entitlements. What cannot be looked up or recorded is `unavailable`: nothing is decided then. */
@Controller()
export class EntitlementsController {
  constructor(
    private readonly entrances: Entrances,
    private readonly ender: Ender,
    private readonly requests: Requests,
    private readonly glasses: Glasses,
    private readonly lists: Lists,
  ) {}

  @Handles(identityEnter)
  enter({ opening, entries }: Request<typeof identityEnter>): Answer<typeof identityEnter> {
    return reachable(async () => ok({ answers: await this.entrances.enter(opening, entries) }));
  }

  @Handles(identityEntitlements)
  list({ by: _, ...filter }: Request<typeof identityEntitlements>): Answer<typeof identityEntitlements> {
    return reachable(() => this.lists.entitlements(filter));
  }

  @Handles(identityEntitlement)
  show({ entitlement }: Request<typeof identityEntitlement>): Answer<typeof identityEntitlement> {
    return reachable(() => this.lists.entitlement(entitlement));
  }

  @Handles(identityRevoke)
  revoke({ by, entitlement, why, review }: Request<typeof identityRevoke>): Answer<typeof identityRevoke> {
    if (by === null && review === null) return Promise.resolve(fail('invalid', 'by: nobody ends an entitlement without being named, but a review'));
    return reachable(async () => {
      const ended = await this.ender.revoke(by, entitlement, why, review);
      return ended.ok ? ok(shownGrant(ended.value, Date.now())) : ended;
    });
  }

  @Handles(identityAsk)
  ask({ by, breakGlass, ...asked }: Request<typeof identityAsk>): Answer<typeof identityAsk> {
    return reachable(async () => this.#shown(await this.requests.askFor(by, { ...asked, kind: breakGlass ? 'break-glass' : 'jit' })));
  }

  @Handles(identityRequests)
  asked({ by: _, ...filter }: Request<typeof identityRequests>): Answer<typeof identityRequests> {
    return reachable(() => this.lists.requests(filter));
  }

  @Handles(identityWithdraw)
  withdraw({ by, request, why }: Request<typeof identityWithdraw>): Answer<typeof identityWithdraw> {
    return reachable(async () => this.#shown(await this.requests.withdraw(by, request, why)));
  }

  @Handles(identityBreakGlasses)
  broken({ by: _, ...filter }: Request<typeof identityBreakGlasses>): Answer<typeof identityBreakGlasses> {
    return reachable(() => this.glasses.list(filter));
  }

  @Handles(identityReviewGlass)
  review({ by, entitlement, finding, say }: Request<typeof identityReviewGlass>): Answer<typeof identityReviewGlass> {
    return reachable(() => this.glasses.review(by, entitlement, finding, say));
  }

  async #shown(made: Reply<RequestRow>): Promise<Reply<Awaited<ReturnType<Lists['shown']>>>> {
    return made.ok ? ok(await this.lists.shown(made.value)) : made;
  }
}

async function reachable<T>(work: () => Promise<Reply<T>>): Promise<Reply<T>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError) return fail('unavailable', 'entitlements cannot be looked up or recorded now; try again');
    throw error;
  }
}
