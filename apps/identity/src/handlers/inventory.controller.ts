import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { Handles, identityCandidate, identityCandidateAdopt, identityCandidateDecide, identityCandidates, identityImport, type Reply } from '@sallyport/platform-bus';
import { CandidateDesk } from '../candidates/candidate-desk.ts';
import { Importer } from '../imports/importer.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** Who came and is bound to no machine, and what directories and files name. */
@Controller()
export class InventoryController {
  constructor(
    private readonly desk: CandidateDesk,
    private readonly importer: Importer,
  ) {}

  @Handles(identityCandidates)
  list({ by, ...query }: Request<typeof identityCandidates>): Answer<typeof identityCandidates> {
    return this.desk.list(by, query);
  }

  @Handles(identityCandidate)
  show({ by, candidate }: Request<typeof identityCandidate>): Answer<typeof identityCandidate> {
    return this.desk.show(by, candidate);
  }

  @Handles(identityCandidateDecide)
  decide({ by, candidate, decision, reason }: Request<typeof identityCandidateDecide>): Answer<typeof identityCandidateDecide> {
    return this.desk.decide(by, candidate, decision, reason);
  }

  @Handles(identityCandidateAdopt)
  adopt(request: Request<typeof identityCandidateAdopt>): Answer<typeof identityCandidateAdopt> {
    return this.desk.adopt(request);
  }

  @Handles(identityImport)
  import(request: Request<typeof identityImport>): Answer<typeof identityImport> {
    return this.importer.import(request);
  }
}
