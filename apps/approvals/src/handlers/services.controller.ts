import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { Handles, approvalsAsk, approvalsSpend, fail, ok, type Reply } from '@sallyport/platform-bus';
import { barred, unaskable } from '../model/askable.ts';
import { Announcer } from '../store/announcer.ts';
import { Approvals } from '../store/approvals.ts';
import { Inventory } from '../store/inventory.ts';
import { PublicUrl } from './public-url.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** What identity and governance ask: leave for something that is no command of a session. */
@Controller()
export class ServicesController {
  constructor(
    private readonly approvals: Approvals,
    private readonly announcer: Announcer,
    private readonly inventory: Inventory,
    private readonly url: PublicUrl,
  ) {}

  /** A manifest is not asked for in this way: what it lets pass is counted here, and so it comes by `approvals.manifest`. */
  @Handles(approvalsAsk)
  async ask({ text, expiresIn, ...wish }: Request<typeof approvalsAsk>): Answer<typeof approvalsAsk> {
    if (wish.subject.kind === 'manifest') return fail('invalid', 'subject.kind: a manifest is asked for by approvals.manifest');
    const refused = unaskable(this.inventory, wish);
    if (refused !== null) return refused;
    const request = { ...wish, session: null, command: null, effects: [], slice: null };
    const { id, expires, voided } = await this.approvals.open({ request, text, parameters: null, expiresIn });
    for (const earlier of voided) await this.announcer.announce(earlier.id, earlier.acted);
    return ok({ approval: id, url: this.url.of(id), expires });
  }

  @Handles(approvalsSpend)
  async spend({ approval, subject, binding }: Request<typeof approvalsSpend>): Answer<typeof approvalsSpend> {
    const acted = await this.approvals.act(approval, 'a-service', ({ asked }, at) => ({ do: 'spend', at, subject, binding, barred: barred(this.inventory, asked) }));
    await this.announcer.announce(approval, acted);
    if (acted.refused !== null) return fail(acted.refused.code, acted.refused.say);
    const { by, at } = acted.state?.granted ?? { by: [], at: '' };
    return ok({ by: [...by], at });
  }
}
