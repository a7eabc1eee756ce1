import { Controller, Get, Query } from '@nestjs/common';
import type { z } from 'zod';
import { evidenceEvents, type Bus, type Caller } from '@sallyport/platform-bus';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { eventsQuery, leaves, leavesQuery } from './shapes.ts';

/** Reads are recorded by the evidence service itself. */
@Controller('v1/evidence')
export class EvidenceController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  /** For whoever pulls: the place in the ledger counts from 1, the leaf in the log from 0. */
  @Get()
  @Answers('leaves of the log behind `after`, in order, as they are stored: bytes in base64 with their SHA-256. `openings` are the disclosures (RFC 9901) of what the event conceals and you may see. `next` is the next `after`, null at the end. Each read is recorded', leaves)
  async leaves(@By() by: Caller, @Query({ schema: leavesQuery }) { after, limit }: z.output<typeof leavesQuery>): Promise<z.output<typeof leaves>> {
    const { events, absent, next } = valueOf(await this.#bus.call(evidenceEvents, { by, session: null, after: after === undefined ? 0 : after + 1, limit }, 30_000));
    return { leaves: events.map(({ at, ...event }) => ({ leaf: at - 1, ...event })), absent: absent.map(({ from, to, pruned }) => ({ from: from - 1, to: to - 1, pruned })), next: next === null ? null : next - 1 };
  }

  @Get('events')
  @Answers('stored bytes of events, base64, in ledger order or of one session; `next` is the next `after`. Each read is recorded', evidenceEvents.value)
  async events(@By() by: Caller, @Query({ schema: eventsQuery }) { session, after, limit }: z.output<typeof eventsQuery>): Promise<z.output<typeof evidenceEvents.value>> {
    return valueOf(await this.#bus.call(evidenceEvents, { by, session: session ?? null, after: after ?? null, limit }, 30_000));
  }
}
