import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { fail, governancePropose, governanceSimulate, governanceUsage, Handles, ok, type Reply } from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import { RightsizeError } from '../rightsize/errors.ts';
import { Rightsize } from '../rightsize/rightsize.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** What machines used; the least policy for it; what drafts would have decided. */
@Controller()
export class UsageController {
  constructor(private readonly rightsize: Rightsize) {}

  @Handles(governanceUsage)
  usage(request: Request<typeof governanceUsage>): Answer<typeof governanceUsage> {
    return answered(() => this.rightsize.usage(request));
  }

  @Handles(governancePropose)
  propose(request: Request<typeof governancePropose>): Answer<typeof governancePropose> {
    return answered(() => this.rightsize.propose(request));
  }

  @Handles(governanceSimulate)
  simulate(request: Request<typeof governanceSimulate>): Answer<typeof governanceSimulate> {
    return answered(() => this.rightsize.simulate(request));
  }
}

async function answered<T>(work: () => Promise<T>): Promise<Reply<T>> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof RightsizeError) return fail(error.code, error.message);
    if (error instanceof StoreError) return fail('unavailable', 'what was used cannot be read now');
    throw error;
  }
}
