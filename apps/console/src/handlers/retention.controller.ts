import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { evidenceErase, evidenceHold, evidenceHolds, evidenceRelease, evidenceRetention, type Bus, type Caller } from '@sallyport/platform-bus';
import { z } from 'zod';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { byId } from './shapes.ts';

const name = z.string().min(1).max(63).nullable().default(null);
const moment = z.union([z.iso.datetime(), z.iso.date()]).transform((text) => new Date(text).toISOString()).nullable().default(null);
const reason = z.string().min(3).max(300);
const holdBody = z.strictObject({ session: z.uuid().nullable().default(null), machine: name, target: name, from: moment, to: moment, reason });
const reasonBody = z.strictObject({ reason });
const holdsQuery = z.strictObject({ all: z.enum(['true', 'false']).default('false') });
const planQuery = z.strictObject({ at: z.iso.date().optional() });

/** What keeps evidence longer than its class, and what ends it before. The evidence service records each step. */
@Controller('v1/evidence')
export class RetentionController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  @Get('holds')
  @Answers('legal holds that stand, or all that there ever were', evidenceHolds.value)
  async holds(@By() by: Caller, @Query({ schema: holdsQuery }) { all }: z.output<typeof holdsQuery>): Promise<z.output<typeof evidenceHolds.value>> {
    return valueOf(await this.#bus.call(evidenceHolds, { by, all: all === 'true' }));
  }

  @Post('holds')
  @Answers('places a legal hold: nothing in its scope is purged or made unreadable while it stands. A part of the scope that is left out means all', evidenceHold.value)
  async hold(@By() by: Caller, @Body({ schema: holdBody }) { reason: why, ...scope }: z.output<typeof holdBody>): Promise<z.output<typeof evidenceHold.value>> {
    return valueOf(await this.#bus.call(evidenceHold, { by, scope, reason: why }));
  }

  @Post('holds/:id/release')
  @Answers('asks for the end of a hold; when a second person asks for the same, it ends', evidenceRelease.value)
  async release(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: reasonBody }) body: z.output<typeof reasonBody>): Promise<z.output<typeof evidenceRelease.value>> {
    return valueOf(await this.#bus.call(evidenceRelease, { by, hold: id, reason: body.reason }));
  }

  @Post('sessions/:id/erase')
  @Answers('asks that the texts of a session be made unreadable for ever; when a second person asks for the same, nobody is shown them again, and their key is destroyed', evidenceErase.value)
  async erase(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: reasonBody }) body: z.output<typeof reasonBody>): Promise<z.output<typeof evidenceErase.value>> {
    return valueOf(await this.#bus.call(evidenceErase, { by, session: id, reason: body.reason }));
  }

  @Get('retention')
  @Answers('retention classes, and what the next sweep (or one on the day `at`) would let go or has to keep. Changes nothing', evidenceRetention.value)
  async plan(@By() by: Caller, @Query({ schema: planQuery }) { at }: z.output<typeof planQuery>): Promise<z.output<typeof evidenceRetention.value>> {
    return valueOf(await this.#bus.call(evidenceRetention, { by, at: at ?? null }, 60_000));
  }
}
