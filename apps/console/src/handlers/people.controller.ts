import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { identityPeople, identityPerson, type Bus, type Caller } from '@sallyport/platform-bus';
import { z } from 'zod';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { byName, named } from './shapes.ts';

const listQuery = z.strictObject({ gone: z.enum(['true', 'false']).optional(), after: named.optional(), limit: z.coerce.number().int().min(1).max(1000).default(50) });
const reasonBody = z.strictObject({ reason: z.string().min(3).max(300) });
type Done = z.output<typeof identityPerson.value>;

/** What follows for everybody's machines is decided and written before the answer. */
const patienceMs = 30_000;

/** Who answers for machines, and an operator's own word that somebody is gone or back. Identity records it with what follows for machines. */
@Controller('v1/people')
export class PeopleController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  @Get()
  @Answers('people in the order of their names: who is here and who is gone, as whom says, and for how many machines they answer. `total` counts all that fit; `next` is the next page’s `after`', identityPeople.value)
  async list(@By() by: Caller, @Query({ schema: listQuery }) { gone, after, limit }: z.output<typeof listQuery>): Promise<z.output<typeof identityPeople.value>> {
    return valueOf(await this.#bus.call(identityPeople, { by, gone: gone === undefined ? null : gone === 'true', after: after ?? null, limit }, patienceMs));
  }

  @Post(':name/left')
  @Answers('somebody is gone: privileged machines are suspended at once, others when the grace is over, and somebody else is asked to answer for them', identityPerson.value)
  left(@By() by: Caller, @Param({ schema: byName }) { name }: z.output<typeof byName>, @Body({ schema: reasonBody }) { reason }: z.output<typeof reasonBody>): Promise<Done> {
    return this.#say(by, name, 'left', reason);
  }

  @Post(':name/returned')
  @Answers('somebody is back, whatever directories said; machines that were suspended meanwhile stay so', identityPerson.value)
  returned(@By() by: Caller, @Param({ schema: byName }) { name }: z.output<typeof byName>, @Body({ schema: reasonBody }) { reason }: z.output<typeof reasonBody>): Promise<Done> {
    return this.#say(by, name, 'returned', reason);
  }

  @Post(':name/revoke-sessions')
  @Answers('whoever logged in as this person until now has to log in again, and machines that act for this person by such a login are told to end; no machine of theirs is suspended', identityPerson.value)
  revokeSessions(@By() by: Caller, @Param({ schema: byName }) { name }: z.output<typeof byName>, @Body({ schema: reasonBody }) { reason }: z.output<typeof reasonBody>): Promise<Done> {
    return this.#say(by, name, 'session-revoked', reason);
  }

  async #say(by: Caller, person: string, kind: 'left' | 'returned' | 'session-revoked', reason: string): Promise<Done> {
    return valueOf(await this.#bus.call(identityPerson, { by, person, kind, reason }, patienceMs));
  }
}
