import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { fail, governanceStatus, Handles, ok, type Reply } from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import { Follower } from '../follow/follower.ts';

type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** What the console asks of the service as a whole. */
@Controller()
export class GovernanceController {
  constructor(private readonly follower: Follower) {}

  @Handles(governanceStatus)
  async status(): Answer<typeof governanceStatus> {
    try {
      return ok(await this.follower.status());
    } catch (error) {
      if (error instanceof StoreError) return fail('unavailable', 'how far governance is cannot be read now');
      throw error;
    }
  }
}
