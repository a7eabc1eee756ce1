import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { Handles, policyOpen, policyRenew, type Reply } from '@sallyport/platform-bus';
import { Leases } from '../model/leases.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** What gateways ask. */
@Controller()
export class LeasesController {
  constructor(private readonly leases: Leases) {}

  @Handles(policyOpen)
  open({ atLeast, ...asked }: Request<typeof policyOpen>): Answer<typeof policyOpen> {
    return this.leases.open(asked, atLeast);
  }

  @Handles(policyRenew)
  renew({ leases, atLeast }: Request<typeof policyRenew>): Answer<typeof policyRenew> {
    return this.leases.renew(leases, atLeast);
  }
}
