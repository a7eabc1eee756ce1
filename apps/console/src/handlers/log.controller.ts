import { Controller, Get, Query } from '@nestjs/common';
import type { z } from 'zod';
import { logCheckpoint, logTile, type Bus } from '@sallyport/platform-bus';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { checkpointQuery, tileQuery } from './shapes.ts';

/** The log as those who verify it need it: signatures and hashes, nothing of what they are of. Not recorded. */
@Controller('v1/log')
export class LogController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  @Get('checkpoint')
  @Answers('the newest signed checkpoint of the log, or the newest that is not larger than `size` and, if asked for, has a timestamp: a C2SP signed note, and the key that verifies it', logCheckpoint.value)
  async checkpoint(@Query({ schema: checkpointQuery }) { size, stamped }: z.output<typeof checkpointQuery>): Promise<z.output<typeof logCheckpoint.value>> {
    return valueOf(await this.#bus.call(logCheckpoint, { size: size ?? null, stamped: stamped === 'true' }));
  }

  @Get('tile')
  @Answers('hashes of a tile of the log (C2SP tlog-tiles), base64: level 0 are the leaves', logTile.value)
  async tile(@Query({ schema: tileQuery }) tile: z.output<typeof tileQuery>): Promise<z.output<typeof logTile.value>> {
    return valueOf(await this.#bus.call(logTile, tile));
  }
}
