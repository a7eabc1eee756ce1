import { Controller, Get } from '@nestjs/common';
import { governanceStatus, type Bus } from '@sallyport/platform-bus';
import type { z } from 'zod';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';

/** How governance is: everything that it says of use, of reviews and of what looks wrong is true up to the leaf that it read. */
@Controller('v1/governance')
export class GovernanceController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  @Get('status')
  @Answers('how far governance has read the ledger: `next` is the leaf that it reads next, `lag` how many it has still to read', governanceStatus.value)
  async status(): Promise<z.output<typeof governanceStatus.value>> {
    return valueOf(await this.#bus.call(governanceStatus, {}));
  }
}
