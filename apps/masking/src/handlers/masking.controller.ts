import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { Handles, fail, maskingApply, maskingList, maskingPlan, ok, type Reply } from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import { Classifier } from '../store/classifier.ts';
import { TokenKey } from '../token-key.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** What the other services ask of masking. */
@Controller()
export class MaskingController {
  constructor(
    private readonly classifier: Classifier,
    private readonly key: TokenKey,
  ) {}

  /** A gateway that gets no plan must not serve the target: an error is never answered with an empty one. */
  @Handles(maskingPlan)
  plan({ target }: Request<typeof maskingPlan>): Answer<typeof maskingPlan> {
    return withDatabase(async () => {
      const { revision, plan: { id, columns, detectors, large } } = await this.classifier.plan(target);
      return ok({ revision, plan: { id, target, columns: columns.map((column) => ({ ...column })), detectors: [...detectors], large: [...large] }, tokenKey: this.key.base64url });
    });
  }

  @Handles(maskingApply)
  apply(request: Request<typeof maskingApply>): Answer<typeof maskingApply> {
    return withDatabase(() => this.classifier.apply(request));
  }

  /** The documents that stand, in the order of their names. */
  @Handles(maskingList)
  list({ name }: Request<typeof maskingList>): Answer<typeof maskingList> {
    return withDatabase(async () => ok({ documents: (await this.classifier.documents()).filter(({ metadata }) => name === null || metadata.name === name) }));
  }
}

/** A database that is away is told as such, so that the caller tries again. Anything else is a fault of this service. */
async function withDatabase<T>(work: () => Promise<Reply<T>>): Promise<Reply<T>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError) return fail('unavailable', 'the classification cannot be read or written now');
    throw error;
  }
}
