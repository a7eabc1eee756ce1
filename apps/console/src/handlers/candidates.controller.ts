import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { candidateState, identityCandidate, identityCandidateAdopt, identityCandidateDecide, identityCandidates, identityImport, type Bus, type Caller } from '@sallyport/platform-bus';
import { z } from 'zod';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { byId } from './shapes.ts';

const candidatesQuery = z.strictObject({ state: candidateState.optional(), issuer: z.string().max(63).optional(), before: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(1000).default(100) });
const reasonBody = z.strictObject({ reason: z.string().min(3).max(500).nullable().default(null) });
const { claims, justification, dryRun } = identityCandidateAdopt.request.shape;
const adoptBody = identityCandidateAdopt.request.omit({ by: true, candidate: true }).extend({ claims: claims.default(null), justification: justification.default(null), dryRun: dryRun.default(false) });
const importBody = identityImport.request.omit({ by: true }).extend({ dryRun: identityImport.request.shape.dryRun.default(false) });

/** An inventory of ten thousand machines is looked through for each part of an import. */
const patienceMs = 30_000;

/** Who came and is bound to no machine, and what directories and files name. Identity records each decision with the change. */
@Controller('v1')
export class CandidatesController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  @Get('candidates')
  @Answers('workloads that came with a genuine token and that no machine is bound to, newest first; `before` is the id of the last one of the page before', identityCandidates.value)
  async list(@By() by: Caller, @Query({ schema: candidatesQuery }) { state, issuer, before, limit }: z.output<typeof candidatesQuery>): Promise<z.output<typeof identityCandidates.value>> {
    return valueOf(await this.#bus.call(identityCandidates, { by, state: state ?? null, issuer: issuer ?? null, before: before ?? null, limit }));
  }

  @Get('candidates/:id')
  @Answers('one of them, with the binding that adopting it would write', identityCandidate.value)
  async show(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>): Promise<z.output<typeof identityCandidate.value>> {
    return valueOf(await this.#bus.call(identityCandidate, { by, candidate: id }));
  }

  @Post('candidates/:id/adopt')
  @Answers('drafts a machine of it, bound to its claims that never change hands; a person activates it', identityCandidateAdopt.value)
  async adopt(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: adoptBody }) body: z.output<typeof adoptBody>): Promise<z.output<typeof identityCandidateAdopt.value>> {
    return valueOf(await this.#bus.call(identityCandidateAdopt, { by, candidate: id, ...body }, patienceMs));
  }

  @Post('candidates/:id/block')
  @Answers('refuses its later attempts by name', identityCandidateDecide.value)
  block(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: reasonBody }) { reason }: z.output<typeof reasonBody>): Promise<z.output<typeof identityCandidateDecide.value>> {
    return this.#decide(by, id, 'block', reason);
  }

  @Post('candidates/:id/dismiss')
  @Answers('takes it off the list; its attempts are refused as before', identityCandidateDecide.value)
  dismiss(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: reasonBody }) { reason }: z.output<typeof reasonBody>): Promise<z.output<typeof identityCandidateDecide.value>> {
    return this.#decide(by, id, 'dismiss', reason);
  }

  @Post('candidates/:id/reopen')
  @Answers('takes a block or a dismissal back', identityCandidateDecide.value)
  reopen(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: reasonBody }) { reason }: z.output<typeof reasonBody>): Promise<z.output<typeof identityCandidateDecide.value>> {
    return this.#decide(by, id, 'reopen', reason);
  }

  @Post('imports')
  @Answers('drafts machines of what a directory or a file names, up to 200 at once; who is known stays as it is', identityImport.value)
  async import(@By() by: Caller, @Body({ schema: importBody }) body: z.output<typeof importBody>): Promise<z.output<typeof identityImport.value>> {
    return valueOf(await this.#bus.call(identityImport, { by, ...body }, patienceMs));
  }

  async #decide(by: Caller, candidate: string, decision: 'block' | 'dismiss' | 'reopen', reason: string | null): Promise<z.output<typeof identityCandidateDecide.value>> {
    return valueOf(await this.#bus.call(identityCandidateDecide, { by, candidate, decision, reason }));
  }
}
