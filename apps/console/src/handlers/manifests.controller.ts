import { Body, Controller, Post } from '@nestjs/common';
import { approvalsManifest, manifestBody, type Bus, type Caller, type ManifestAnswer } from '@sallyport/platform-bus';
import { z } from 'zod';
import { Audit } from '../auth/audit.ts';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';

const submitBody = manifestBody.extend({ machine: z.string().min(1).max(63) });

/** Policy is asked about each statement. */
const patienceMs = 60_000;

/** Leave for many statements of a machine at once, asked for by a person. What becomes of it is an approval like others. */
@Controller('v1/manifests')
export class ManifestsController {
  readonly #bus: Bus;

  constructor(
    { bus }: BusOf,
    private readonly audit: Audit,
  ) {
    this.#bus = bus;
  }

  @Post()
  @Answers('asks people to agree to a list of statements of one machine on one target; nobody is asked where `refused` says that some of them would not run, or where policy allows all of them anyway', approvalsManifest.value)
  submit(@By() by: Caller, @Body({ schema: submitBody }) { machine, ...manifest }: z.output<typeof submitBody>): Promise<ManifestAnswer> {
    return this.audit.during(by, 'manifest.submit', machine, async () => valueOf(await this.#bus.call(approvalsManifest, { requester: `person:${by.person}`, machine, source: by.source.slice(0, 64), manifest }, patienceMs)));
  }
}
