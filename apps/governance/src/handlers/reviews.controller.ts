import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { fail, Handles, ok, reviewClose, reviewDecide, reviewDelegate, reviewList, reviewOpen, reviewShow, type Reply } from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import { ReviewError } from '../reviews/errors.ts';
import { Reviews } from '../reviews/reviews.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** Reviews of access, as people ask for them. */
@Controller()
export class ReviewsController {
  constructor(private readonly reviews: Reviews) {}

  @Handles(reviewOpen)
  open(request: Request<typeof reviewOpen>): Answer<typeof reviewOpen> {
    return answered(() => this.reviews.open(request));
  }

  @Handles(reviewList)
  list(request: Request<typeof reviewList>): Answer<typeof reviewList> {
    return answered(() => this.reviews.list(request));
  }

  @Handles(reviewShow)
  show(request: Request<typeof reviewShow>): Answer<typeof reviewShow> {
    return answered(() => this.reviews.show(request));
  }

  @Handles(reviewDecide)
  decide({ by, item, decision, reason }: Request<typeof reviewDecide>): Answer<typeof reviewDecide> {
    return answered(() => this.reviews.decisions.decide(by, item, decision, reason));
  }

  @Handles(reviewDelegate)
  delegate({ by, item, to, reason }: Request<typeof reviewDelegate>): Answer<typeof reviewDelegate> {
    return answered(() => this.reviews.decisions.delegate(by, item, to, reason));
  }

  @Handles(reviewClose)
  close({ by, campaign }: Request<typeof reviewClose>): Answer<typeof reviewClose> {
    return answered(() => this.reviews.decisions.close(by, campaign));
  }
}

async function answered<T>(work: () => Promise<T>): Promise<Reply<T>> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof ReviewError) return fail(error.code, error.message);
    if (error instanceof StoreError) return fail('unavailable', 'this is only done when it can be recorded, and that is not possible now; try again');
    throw error;
  }
}
