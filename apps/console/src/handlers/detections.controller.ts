import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { detectionKind, governanceDetections, governanceDismiss, type Bus, type Caller } from '@sallyport/platform-bus';
import { z } from 'zod';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { byId } from './shapes.ts';

const listQuery = z.strictObject({ state: z.enum(['open', 'dismissed']).optional(), kind: detectionKind.optional(), machine: z.string().min(1).max(63).optional(), before: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(1000).default(50) });
const dismissBody = z.strictObject({ reason: z.string().min(3).max(300) });

/** What looks wrong in what machines did. Governance records who dismissed what. */
@Controller('v1/detections')
export class DetectionsController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  @Get()
  @Answers('what looks wrong, newest first, with what was seen; `before` is the id of the last one of the page before', governanceDetections.value)
  async list(@By() by: Caller, @Query({ schema: listQuery }) { state, kind, machine, before, limit }: z.output<typeof listQuery>): Promise<z.output<typeof governanceDetections.value>> {
    return valueOf(await this.#bus.call(governanceDetections, { by, state: state ?? null, kind: kind ?? null, machine: machine ?? null, before: before ?? null, limit }));
  }

  @Post(':id/dismiss')
  @Answers('it was looked at, and this is why it is nothing', governanceDismiss.value)
  async dismiss(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: dismissBody }) { reason }: z.output<typeof dismissBody>): Promise<z.output<typeof governanceDismiss.value>> {
    return valueOf(await this.#bus.call(governanceDismiss, { by, detection: id, reason }));
  }
}
