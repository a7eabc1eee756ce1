import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { fail, Handles, ok, sinksApply, sinksCursors, sinksList, type Reply } from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import { Cursors } from '../store/cursors.ts';
import { SinkDocuments } from '../store/sink-documents.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** What the console asks of sinks. */
@Controller()
export class SinksController {
  constructor(
    private readonly documents: SinkDocuments,
    private readonly cursors: Cursors,
  ) {}

  @Handles(sinksApply)
  apply(request: Request<typeof sinksApply>): Answer<typeof sinksApply> {
    return withDatabase(() => this.documents.apply(request));
  }

  /** The documents that stand, in the order of their names. */
  @Handles(sinksList)
  list({ name }: Request<typeof sinksList>): Answer<typeof sinksList> {
    return withDatabase(async () => ok({ documents: (await this.documents.all()).map(({ document }) => document).filter(({ metadata }) => name === null || metadata.name === name) }));
  }

  /** How far each sink is; asked by the ledger before it purges. One that has not begun is at the first leaf. */
  @Handles(sinksCursors)
  howFar(): Answer<typeof sinksCursors> {
    return withDatabase(async () => {
      const [standing, at] = await Promise.all([this.documents.all(), this.cursors.all()]);
      return ok({
        sinks: standing.map(({ document: { metadata: { name }, spec } }) => {
          const { next, stalledAt } = at.get(name) ?? { next: 0, stalledAt: null };
          return { name, required: spec.required, nextLeaf: next, state: stalledAt === null ? 'delivering' : 'stalled' };
        }),
      });
    });
  }
}

/** A database that is away is told as such, so that the caller tries again. Anything else is a fault of this service. */
async function withDatabase<T>(work: () => Promise<Reply<T>>): Promise<Reply<T>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError) return fail('unavailable', 'the sinks cannot be read or written now');
    throw error;
  }
}
