import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { fail, governanceDetections, governanceDismiss, Handles, ok, type Reply } from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import { Detections } from './detections.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

const readers = ['admin', 'auditor', 'operator'];

/** What looks wrong, as people ask for it through the console. */
@Controller()
export class DetectionsController {
  constructor(private readonly detections: Detections) {}

  @Handles(governanceDetections)
  list({ by, ...asked }: Request<typeof governanceDetections>): Answer<typeof governanceDetections> {
    return answered(async () => (by.roles.some((role) => readers.includes(role)) ? ok(await this.detections.list(asked)) : fail('denied', `this needs one of the roles ${readers.join(', ')}`)));
  }

  @Handles(governanceDismiss)
  dismiss({ by, detection, reason }: Request<typeof governanceDismiss>): Answer<typeof governanceDismiss> {
    return answered(async () => {
      if (by.roles.includes('operator')) return this.detections.dismiss(by, detection, reason);
      await this.detections.refused(by, detection);
      return fail('denied', 'this needs the role operator');
    });
  }
}

async function answered<T>(work: () => Promise<Reply<T>>): Promise<Reply<T>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError) return fail('unavailable', 'this cannot be kept or read at this moment');
    throw error;
  }
}
