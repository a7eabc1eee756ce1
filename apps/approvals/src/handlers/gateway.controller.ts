import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { Handles, approvalsConsume, approvalsOpen, approvalsWithdraw, fail, ok, type Reply } from '@sallyport/platform-bus';
import { barred, unaskable } from '../model/askable.ts';
import { Announcer } from '../store/announcer.ts';
import { Approvals } from '../store/approvals.ts';
import { Inventory } from '../store/inventory.ts';
import { Manifests } from '../store/manifests.ts';
import { PublicUrl } from './public-url.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** What gateways ask: to open a request for a held command, to spend it, to take it back (other services take back what they asked for, too). */
@Controller()
export class GatewayController {
  constructor(
    private readonly approvals: Approvals,
    private readonly announcer: Announcer,
    private readonly inventory: Inventory,
    private readonly manifests: Manifests,
    private readonly url: PublicUrl,
  ) {}

  @Handles(approvalsOpen)
  async open({ text, parameters, expiresIn, statement, behalf, ...request }: Request<typeof approvalsOpen>): Answer<typeof approvalsOpen> {
    const wish = { ...request, subject: null, requester: null, ...(behalf === null ? {} : { behalf }) };
    // A manifest is leave for the machine itself.
    const covered = statement === null || behalf !== null || barred(this.inventory, wish) !== null ? null : await this.manifests.covering(statement);
    if (covered !== null) return ok({ approval: covered.id, url: this.url.of(covered.id), expires: covered.expires, covered: true });
    const refused = unaskable(this.inventory, wish);
    if (refused !== null) return refused;
    const { id, expires } = await this.approvals.open({ request: wish, text, parameters, expiresIn });
    return ok({ approval: id, url: this.url.of(id), expires, covered: false });
  }

  @Handles(approvalsConsume)
  async consume({ approval, session, command, binding, statement }: Request<typeof approvalsConsume>): Answer<typeof approvalsConsume> {
    const acted =
      statement === null
        ? await this.approvals.act(approval, 'its-machine', ({ asked }, at) => ({ do: 'consume', at, session, command, binding, barred: barred(this.inventory, asked) }))
        : await this.manifests.use(approval, { statement, session, command }, (asked) => barred(this.inventory, asked));
    await this.announcer.announce(approval, acted);
    if (acted.refused !== null) return fail(acted.refused.code, acted.refused.say);
    return ok({ by: [...(acted.state?.granted?.by ?? [])] });
  }

  /** A request that has ended meanwhile answers `not-pending`: an ordinary race, so it is not recorded as a refusal. */
  @Handles(approvalsWithdraw)
  async withdraw({ approval, why }: Request<typeof approvalsWithdraw>): Answer<typeof approvalsWithdraw> {
    const acted = await this.approvals.act(approval, null, ({ asked }, at) => ({ do: 'withdraw', at, why, by: asked.subject === null ? 'machine' : 'service' }));
    await this.announcer.announce(approval, acted);
    return acted.refused === null ? ok({}) : fail(acted.refused.code, acted.refused.say);
  }
}
