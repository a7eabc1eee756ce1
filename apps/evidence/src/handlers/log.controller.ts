import { Controller } from '@nestjs/common';
import { fail, Handles, logCheckpoint, logCheckpoints, logTile, ok, type Reply } from '@sallyport/platform-bus';
import type { z } from 'zod';
import { LogStore } from '../log/log-store.ts';
import { VerifierKeyText } from '../log/notary.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** The log's signatures and hashes, for whoever verifies it. */
@Controller()
export class LogController {
  constructor(
    private readonly store: LogStore,
    private readonly key: VerifierKeyText,
  ) {}

  @Handles(logCheckpoint)
  async checkpoint({ size, stamped }: Request<typeof logCheckpoint>): Answer<typeof logCheckpoint> {
    const found = await this.store.signedCheckpoint(size, stamped);
    return found === null ? fail('not-found', 'no checkpoint of that size or a smaller one is signed yet') : ok({ ...found, key: this.key.text, rotations: (await this.store.rotations()).map(({ note }) => note) });
  }

  @Handles(logCheckpoints)
  async checkpoints({ after, limit }: Request<typeof logCheckpoints>): Answer<typeof logCheckpoints> {
    return ok({ checkpoints: await this.store.signedAfter(after, limit) });
  }

  @Handles(logTile)
  async tile({ level, index, width }: Request<typeof logTile>): Answer<typeof logTile> {
    const hashes = await this.store.tile(level, index, width);
    return hashes.length < width * 32 ? fail('not-found', 'the log is not that large') : ok({ hashes: Buffer.from(hashes).toString('base64') });
  }
}
