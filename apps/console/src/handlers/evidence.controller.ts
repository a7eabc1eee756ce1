import { Controller, Get, Query } from '@nestjs/common';
import type { z } from 'zod';
import { evidenceEvents, type Bus, type Caller } from '@sallyport/platform-bus';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { eventsQuery } from './shapes.ts';

@Controller('v1/evidence')
export class EvidenceController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  @Get('events')
  @Answers('stored bytes of events, base64, in ledger order or of one session; `next` is the next `after`. Each read is recorded', evidenceEvents.value)
  async events(@By() by: Caller, @Query({ schema: eventsQuery }) { session, after, limit }: z.output<typeof eventsQuery>): Promise<z.output<typeof evidenceEvents.value>> {
    return valueOf(await this.#bus.call(evidenceEvents, { by, session: session ?? null, after: after ?? null, limit }, 30_000));
  }
}
