import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import { policyDecide, policyGet, type Bus } from '@sallyport/platform-bus';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { explainBody, policyQuery } from './shapes.ts';

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
}
