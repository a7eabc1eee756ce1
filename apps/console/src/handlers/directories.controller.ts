import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import {
  directoryName, governanceDirectories, governanceDirectoryAdd, governanceDirectoryRevoke, governanceDirectoryRotate, governanceImportHr, governanceSignals, tokenDigest, transmitter, type Bus, type Caller,
} from '@sallyport/platform-bus';
import { z } from 'zod';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';

const byName = z.strictObject({ name: directoryName });
const addBody = z.strictObject({ name: directoryName, tokenHash: tokenDigest, transmitter: transmitter.nullable().default(null) });
const tokenBody = z.strictObject({ tokenHash: tokenDigest });
const signalsQuery = z.strictObject({ pending: z.enum(['true', 'false']).default('false'), before: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(1000).default(50) });
const importBody = z.strictObject({ text: z.string().max(900_000), dryRun: z.boolean().default(false) });

/** A file of ten thousand people is gone through in one transaction. */
const patienceMs = 60_000;

/** Who tells us that people come and go, and what they told. Governance records each change with it. */
@Controller('v1')
export class DirectoriesController {
  readonly #bus: Bus;

  constructor({ bus }: BusOf) {
    this.#bus = bus;
  }

  @Get('directories')
  @Answers('directories (SCIM) and transmitters of security events, without their tokens', governanceDirectories.value)
  async list(@By() by: Caller): Promise<z.output<typeof governanceDirectories.value>> {
    return valueOf(await this.#bus.call(governanceDirectories, { by }));
  }

  @Post('directories')
  @Answers('a new one. Whoever asks makes its bearer token (32 random bytes at least) and sends the SHA-256 of it; with `transmitter`, one that sends security events', governanceDirectoryAdd.value)
  async add(@By() by: Caller, @Body({ schema: addBody }) body: z.output<typeof addBody>): Promise<z.output<typeof governanceDirectoryAdd.value>> {
    return valueOf(await this.#bus.call(governanceDirectoryAdd, { by, ...body }));
  }

  @Post('directories/:name/rotate')
  @Answers('another token from now on; the one before is worth nothing', governanceDirectoryRotate.value)
  async rotate(@By() by: Caller, @Param({ schema: byName }) { name }: z.output<typeof byName>, @Body({ schema: tokenBody }) { tokenHash }: z.output<typeof tokenBody>): Promise<z.output<typeof governanceDirectoryRotate.value>> {
    return valueOf(await this.#bus.call(governanceDirectoryRotate, { by, name, tokenHash }));
  }

  @Post('directories/:name/revoke')
  @Answers('it is not heard any more; what it told stays', governanceDirectoryRevoke.value)
  async revoke(@By() by: Caller, @Param({ schema: byName }) { name }: z.output<typeof byName>): Promise<z.output<typeof governanceDirectoryRevoke.value>> {
    return valueOf(await this.#bus.call(governanceDirectoryRevoke, { by, name }));
  }

  @Get('signals')
  @Answers('who left and who came back, as directories, security events and the HR file told, newest first, and what came of it; `before` is the id of the last one of the page before', governanceSignals.value)
  async signals(@By() by: Caller, @Query({ schema: signalsQuery }) { pending, before, limit }: z.output<typeof signalsQuery>): Promise<z.output<typeof governanceSignals.value>> {
    return valueOf(await this.#bus.call(governanceSignals, { by, pending: pending === 'true', before: before ?? null, limit }));
  }

  @Post('people/import-hr')
  @Answers('the HR file (CSV): who is gone, and who will be after a last day. All of it or nothing; `dryRun` changes nothing', governanceImportHr.value)
  async importHr(@By() by: Caller, @Body({ schema: importBody }) body: z.output<typeof importBody>): Promise<z.output<typeof governanceImportHr.value>> {
    return valueOf(await this.#bus.call(governanceImportHr, { by, ...body }, patienceMs));
  }
}
