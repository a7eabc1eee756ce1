import { Body, Controller, Post } from '@nestjs/common';
import { z } from 'zod';
import { evidenceExport, type Bus, type Caller } from '@sallyport/platform-bus';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';

const exported = z.strictObject({ origin: z.string().max(256), manifest: z.string().regex(/^[0-9a-f]{64}$/), scope: z.string().max(512), from: z.int().min(0), to: z.int().min(0), count: z.int().min(0) });

/** Examiner packs that people make with `sallyport evidence pack`. */
@Controller('v1/evidence/exports')
export class ExportsController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  @Post()
  @Answers('records that an examiner pack goes out, and gives the log’s signature for its manifest', evidenceExport.value)
  async export(@By() by: Caller, @Body({ schema: exported }) body: z.output<typeof exported>): Promise<z.output<typeof evidenceExport.value>> {
    return valueOf(await this.#bus.call(evidenceExport, { by, ...body }));
  }
}
