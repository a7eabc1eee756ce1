import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import { governancePropose, governanceSimulate, policyDecide, policyGet, type Bus, type Caller, type Proposal, type Simulation } from '@sallyport/platform-bus';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { explainBody, policyQuery } from './shapes.ts';

const proposeBody = governancePropose.request.omit({ by: true });
const simulateBody = governanceSimulate.request.omit({ by: true });

/** Governance gives up after half a minute for each of the two things that a proposal takes: writing it, and trying it. */
const patienceMs = 60_000;

@Controller('v1/policy')
export class PolicyController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  @Get()
  @Answers('the policy set, or an earlier version of it', policyGet.value)
  async get(@Query({ schema: policyQuery }) { version }: z.output<typeof policyQuery>): Promise<z.output<typeof policyGet.value>> {
    return valueOf(await this.#bus.call(policyGet, { version: version ?? null }));
  }

  @Post('explain')
  @Answers('what would be decided for a statement, and by which rules; nothing runs', policyDecide.value)
  async explain(@Body({ schema: explainBody }) body: z.output<typeof explainBody>): Promise<z.output<typeof policyDecide.value>> {
    return valueOf(await this.#bus.call(policyDecide, body));
  }

  @Post('propose')
  @Answers('the least policy that would have allowed what a machine did in the last so many days, tried on the same days; nothing is applied', governancePropose.value)
  async propose(@By() by: Caller, @Body({ schema: proposeBody }) body: z.output<typeof proposeBody>): Promise<Proposal> {
    return valueOf(await this.#bus.call(governancePropose, { by, ...body }, patienceMs));
  }

  @Post('simulate')
  @Answers('which recorded decisions a draft of the whole policy set would have made otherwise; nothing runs and nothing is applied', governanceSimulate.value)
  async simulate(@By() by: Caller, @Body({ schema: simulateBody }) body: z.output<typeof simulateBody>): Promise<Simulation> {
    return valueOf(await this.#bus.call(governanceSimulate, { by, ...body }, patienceMs));
  }
}
