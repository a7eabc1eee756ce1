import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import type { z } from 'zod';
import { identityList, maskingList, sinksList, type Bus, type Caller } from '@sallyport/platform-bus';
import { isKind, kindNames, ownerOf } from '@sallyport/platform-config';
import { Audit } from '../auth/audit.ts';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { ApiError, valueOf } from '../errors/api-error.ts';
import { apply, type Plan } from '../model/apply.ts';
import { Answers } from './answers.ts';
import { applyBody, documents, ofKind, ofKindAndName, plan } from './shapes.ts';

@Controller('v1')
export class ApplyController {
  readonly #bus: Bus;

  constructor(
    { bus }: BusOf,
    private readonly audit: Audit,
  ) {
    this.#bus = bus;
  }

  @Post('apply')
  @Answers('make the installation as these documents and policies say', plan)
  apply(@By() by: Caller, @Body({ schema: applyBody }) body: z.output<typeof applyBody>): Promise<Plan> {
    const work = () => apply(this.#bus, by, body);
    return body.dryRun ? work() : this.audit.during(by, 'configuration.apply', `${body.documents.length} documents, ${body.policies.length} policy files${body.prune ? ', pruning' : ''}`, work);
  }

  @Get('resources/:kind')
  @Answers('documents of a kind', documents)
  list(@Param({ schema: ofKind }) { kind }: z.output<typeof ofKind>): Promise<z.output<typeof documents>> {
    return this.#documents(kind, null);
  }

  @Get('resources/:kind/:name')
  @Answers('one document', documents)
  async get(@Param({ schema: ofKindAndName }) { kind, name }: z.output<typeof ofKindAndName>): Promise<z.output<typeof documents>> {
    const found = await this.#documents(kind, name);
    if (found.documents.length === 0) throw new ApiError('not-found', `there is no ${kind} ${name}`);
    return found;
  }

  async #documents(kind: string, name: string | null): Promise<z.output<typeof documents>> {
    if (!isKind(kind)) throw new ApiError('not-found', `there is no kind ${kind}; there are ${kindNames.join(', ')}`);
    switch (ownerOf(kind)) {
      case 'masking':
        return valueOf(await this.#bus.call(maskingList, { name }));
      case 'sinks':
        return valueOf(await this.#bus.call(sinksList, { name }));
      case 'identity':
        return valueOf(await this.#bus.call(identityList, { kind, name }));
    }
  }
}
