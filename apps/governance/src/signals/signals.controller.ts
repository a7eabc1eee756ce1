import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import {
  fail, governanceDirectories, governanceDirectoryAdd, governanceDirectoryRevoke, governanceDirectoryRotate, governanceImportHr, governanceSignals, Handles, ok, type Caller, type Reply,
} from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import { Signals } from './signals.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** What people ask through the console about directories, what they told, and the HR file. */
@Controller()
export class SignalsController {
  constructor(private readonly signals: Signals) {}

  @Handles(governanceDirectories)
  directories({ by }: Request<typeof governanceDirectories>): Answer<typeof governanceDirectories> {
    return this.#answer(by, ['admin', 'auditor', 'operator'], null, async () => ok({ directories: await this.signals.directories.list() }));
  }

  @Handles(governanceDirectoryAdd)
  add({ by, name, tokenHash, transmitter }: Request<typeof governanceDirectoryAdd>): Answer<typeof governanceDirectoryAdd> {
    return this.#answer(by, ['admin'], ['directory.add', name], () => this.signals.directories.add(by, name, tokenHash, transmitter));
  }

  @Handles(governanceDirectoryRotate)
  rotate({ by, name, tokenHash }: Request<typeof governanceDirectoryRotate>): Answer<typeof governanceDirectoryRotate> {
    return this.#answer(by, ['admin'], ['directory.rotate', name], () => this.signals.directories.rotate(by, name, tokenHash));
  }

  @Handles(governanceDirectoryRevoke)
  revoke({ by, name }: Request<typeof governanceDirectoryRevoke>): Answer<typeof governanceDirectoryRevoke> {
    return this.#answer(by, ['admin'], ['directory.revoke', name], () => this.signals.directories.revoke(by, name));
  }

  @Handles(governanceSignals)
  list({ by, ...page }: Request<typeof governanceSignals>): Answer<typeof governanceSignals> {
    return this.#answer(by, ['admin', 'auditor'], null, async () => ok(await this.signals.list(page)));
  }

  @Handles(governanceImportHr)
  importHr({ by, text, dryRun }: Request<typeof governanceImportHr>): Answer<typeof governanceImportHr> {
    return this.#answer(by, ['admin'], ['people.import-hr', `${text.length} characters`], () => this.signals.hr.import(by, text, dryRun));
  }

  /** Who may not is refused, and that is recorded where it would have changed something. A database that is away is told as such. */
  async #answer<T>(by: Caller, roles: readonly string[], act: readonly [action: string, object: string] | null, work: () => Promise<Reply<T>>): Promise<Reply<T>> {
    try {
      if (by.roles.some((role) => roles.includes(role))) return await work();
      if (act !== null) await this.signals.refused(by, ...act);
      return fail('denied', `this needs ${roles.length === 1 ? 'the role' : 'one of the roles'} ${roles.join(', ')}`);
    } catch (error) {
      if (error instanceof StoreError) return fail('unavailable', 'this cannot be kept or read at this moment');
      throw error;
    }
  }
}
