import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { campaignState, reviewClose, reviewDecide, reviewDelegate, reviewList, reviewOpen, reviewScope, reviewShow, reviewState, type Bus, type Caller, type Campaign, type ReviewItem } from '@sallyport/platform-bus';
import { z } from 'zod';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { byId, named } from './shapes.ts';

const nothing = z.strictObject({});
const everything = { criticality: null, team: null, owner: null, machine: null, target: null };
const openBody = reviewOpen.request.omit({ by: true }).extend({ scope: reviewScope.default(everything) });
const decideBody = reviewDecide.request.omit({ by: true, item: true });
const delegateBody = reviewDelegate.request.omit({ by: true, item: true });
const listQuery = z.strictObject({ state: campaignState.optional(), after: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(1000).default(50) });
const showQuery = z.strictObject({ state: reviewState.optional(), machine: named.optional(), mine: z.enum(['true', 'false']).default('false'), after: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(500).default(50) });

/** What a machine used is counted, and the least policy for it written and tried, before a decision to narrow is answered. */
const patienceMs = 60_000;

/** Reviews of what machines may reach. Governance decides who may decide, and records each step with it, or with the refusal. */
@Controller('v1')
export class ReviewsController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  @Get('reviews')
  @Answers('campaigns, newest first, and how many there are in all; `after` is the last one of the page before', reviewList.value)
  async list(@By() by: Caller, @Query({ schema: listQuery }) { state, after, limit }: z.output<typeof listQuery>): Promise<z.output<typeof reviewList.value>> {
    return valueOf(await this.#bus.call(reviewList, { by, state: state ?? null, after: after ?? null, limit }));
  }

  @Get('reviews/:id')
  @Answers('a campaign and its items by machine: what was granted against what was used. `mine`: only those that you may decide', reviewShow.value)
  async show(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Query({ schema: showQuery }) { state, machine, mine, after, limit }: z.output<typeof showQuery>): Promise<z.output<typeof reviewShow.value>> {
    return valueOf(await this.#bus.call(reviewShow, { by, campaign: id, state: state ?? null, machine: machine ?? null, mine: mine === 'true', after: after ?? null, limit }));
  }

  @Post('reviews')
  @Answers('opens a campaign: everybody’s access within a scope is asked about, and what nobody decides by its due date stops after the grace', reviewOpen.value)
  async open(@By() by: Caller, @Body({ schema: openBody }) body: z.output<typeof openBody>): Promise<Campaign> {
    return valueOf(await this.#bus.call(reviewOpen, { by, ...body }, patienceMs));
  }

  @Post('reviews/:id/close')
  @Answers('closes a campaign of which nothing waits any more', reviewClose.value)
  async close(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: nothing }) _body: z.output<typeof nothing>): Promise<Campaign> {
    return valueOf(await this.#bus.call(reviewClose, { by, campaign: id }));
  }

  @Post('review-items/:id/decide')
  @Answers('keeps, narrows (a ready change of policy is stored with it, and nothing is applied) or revokes; once', reviewDecide.value)
  async decide(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: decideBody }) body: z.output<typeof decideBody>): Promise<ReviewItem> {
    return valueOf(await this.#bus.call(reviewDecide, { by, item: id, ...body }, patienceMs));
  }

  @Post('review-items/:id/delegate')
  @Answers('hands an item to one other reviewer, who alone may then decide it or hand it on', reviewDelegate.value)
  async delegate(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: delegateBody }) body: z.output<typeof delegateBody>): Promise<ReviewItem> {
    return valueOf(await this.#bus.call(reviewDelegate, { by, item: id, ...body }));
  }
}
