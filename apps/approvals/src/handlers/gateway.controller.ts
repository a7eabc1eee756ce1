import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { Handles, approvalsConsume, approvalsOpen, approvalsWithdraw, fail, ok, type Reply } from '@sallyport/platform-bus';
import { unanswerable } from '../model/eligible.ts';
import { Announcer } from '../store/announcer.ts';
import { Approvals } from '../store/approvals.ts';
import { Inventory } from '../store/inventory.ts';
import { PublicUrl } from './public-url.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** What gateways ask: to open a request for a held command, to spend it, to take it back. */
@Controller()
export class GatewayController {
  constructor(
    private readonly approvals: Approvals,
    private readonly announcer: Announcer,
    private readonly inventory: Inventory,
    private readonly url: PublicUrl,
  ) {}

  /** Errors besides the contract's: `unanswerable`, when the people who could approve are too few. */
  @Handles(approvalsOpen)
  async open({ text, parameters, expiresIn, ...request }: Request<typeof approvalsOpen>): Answer<typeof approvalsOpen> {
    const why = unanswerable(this.inventory, request.quorum, request.owner);
    if (why !== null) return fail('unanswerable', why);
    const { id, expires } = await this.approvals.open({ request, text, parameters, expiresIn });
    return ok({ approval: id, url: this.url.of(id), expires });
  }

  @Handles(approvalsConsume)
  async consume({ approval, session, command, binding }: Request<typeof approvalsConsume>): Answer<typeof approvalsConsume> {
    const acted = await this.approvals.act(approval, 'its-machine', (_asked, at) => ({ do: 'consume', at, session, command, binding }));
    await this.announcer.announce(approval, acted);
    if (acted.refused !== null) return fail(acted.refused.code, acted.refused.say);
    return ok({ by: (acted.state?.votes ?? []).filter(({ vote }) => vote === 'approve').map(({ by }) => by) });
  }

  /** A request that has ended meanwhile answers `not-pending`: an ordinary race, so it is not recorded as a refusal. */
  @Handles(approvalsWithdraw)
  async withdraw({ approval, why }: Request<typeof approvalsWithdraw>): Answer<typeof approvalsWithdraw> {
    const acted = await this.approvals.act(approval, null, (_asked, at) => ({ do: 'withdraw', at, why }));
    await this.announcer.announce(approval, acted);
    return acted.refused === null ? ok({}) : fail(acted.refused.code, acted.refused.say);
  }
}
