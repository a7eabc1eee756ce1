import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import { evidenceReplay, evidenceSessions, subjects, type Bus, type Caller } from '@sallyport/platform-bus';
import { Audit } from '../auth/audit.ts';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { ApiError, valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { withParameters } from '../model/with-parameters.ts';
import { byId, killBody, killed, sessionReplay, sessionsQuery } from './shapes.ts';

/** Reads are recorded by the evidence service itself. */
@Controller('v1/sessions')
export class SessionsController {
  readonly #bus: Bus;

  constructor(
    { bus }: BusOf,
    private readonly audit: Audit,
  ) {
    this.#bus = bus;
  }

  @Get()
  @Answers('sessions, newest first, and how many there are in all; `before` is the id of the last one of the page before, `from` and `to` bound when they began', evidenceSessions.value)
  async list(@By() by: Caller, @Query({ schema: sessionsQuery }) query: z.output<typeof sessionsQuery>): Promise<z.output<typeof evidenceSessions.value>> {
    const { machine = null, target = null, before = null, state = null, from = null, to = null, open, limit } = query;
    return valueOf(await this.#bus.call(evidenceSessions, { by, machine, target, before, open: open === undefined ? null : open === 'true', state, from, to, limit }));
  }

  @Get(':id/replay')
  @Answers('what a session did, with the texts of its statements', sessionReplay)
  async replay(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>): Promise<z.output<typeof sessionReplay>> {
    return withParameters(valueOf(await this.#bus.call(evidenceReplay, { by, session: id }, 30_000)));
  }

  /** Tells whichever gateway has the session. Whether there was one is seen in its `session.closed` event. */
  @Post(':id/kill')
  @Answers('end a session now', killed)
  kill(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: killBody }) { reason }: z.output<typeof killBody>): Promise<z.output<typeof killed>> {
    return this.audit.during(by, 'session.kill', id, () => {
      if (!this.#bus.connected) throw new ApiError('unavailable', 'the bus is away: the session was not told to end');
      this.#bus.publish(subjects.sessionClose(id), { code: 'closing', say: `ended by ${by.person}: ${reason}` });
      return Promise.resolve({ session: id });
    });
  }
}
