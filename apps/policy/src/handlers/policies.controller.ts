import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { Handles, fail, ok, policyApply, policyDecide, policyGet, type Reply } from '@sallyport/platform-bus';
import { Explainer } from '../model/explainer.ts';
import { Policies } from '../store/policies.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** What people ask through the console: to replace the policy, to read it, to have a decision explained. */
@Controller()
export class PoliciesController {
  constructor(
    private readonly policies: Policies,
    private readonly explainer: Explainer,
  ) {}

  @Handles(policyApply)
  apply({ by, files, dryRun, change }: Request<typeof policyApply>): Answer<typeof policyApply> {
    return this.policies.apply(by, files, dryRun, change);
  }

  @Handles(policyGet)
  async get({ version }: Request<typeof policyGet>): Answer<typeof policyGet> {
    const found = await this.policies.version(version);
    return found === null ? fail('not-found', `there is no policy version ${version}`) : ok({ version: found.version, digest: found.digest, files: found.files.map(({ name, text }) => ({ name, text })) });
  }

  @Handles(policyDecide)
  decide(request: Request<typeof policyDecide>): Reply<z.output<(typeof policyDecide)['value']>> {
    return this.explainer.explain(request);
  }
}
