import { Controller } from '@nestjs/common';
import { evidenceErase, evidenceHold, evidenceHolds, evidenceRelease, evidenceRetention, fail, Handles, ok, type Caller, type Reply } from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import type { z } from 'zod';
import { Retention } from '../retention/retention.ts';
import { RetentionStore } from '../retention/retention-store.ts';
import { Reads } from './reads.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

const readers = ['auditor', 'operator', 'admin'];
/** Who keeps evidence from going. */
const keepers = ['auditor', 'admin'];
/** Who lets it go before its time. */
const erasers = ['admin'];

/** Holds, erasures, and what retention would let go. What is refused for want of a role is recorded. */
@Controller()
export class RetentionController {
  constructor(
    private readonly retention: Retention,
    private readonly store: RetentionStore,
    private readonly reads: Reads,
  ) {}

  @Handles(evidenceHolds)
  async holds({ by, all }: Request<typeof evidenceHolds>): Answer<typeof evidenceHolds> {
    if (!has(by, readers)) return this.refused(by, 'evidence.holds', '', 'holds are shown to auditors, operators and administrators');
    return withDatabase(async () => ok({ holds: [...(await this.retention.holds.list(all))] }));
  }

  @Handles(evidenceHold)
  async hold({ by, scope, reason }: Request<typeof evidenceHold>): Answer<typeof evidenceHold> {
    if (!has(by, keepers)) return this.refused(by, 'evidence.hold', '', 'a hold is placed by an auditor or an administrator');
    return withDatabase(() => this.retention.holds.place(by, scope, reason));
  }

  @Handles(evidenceRelease)
  async release({ by, hold, reason }: Request<typeof evidenceRelease>): Answer<typeof evidenceRelease> {
    if (!has(by, keepers)) return this.refused(by, 'evidence.release', hold, 'a hold is released by two people who are auditors or administrators');
    return this.told(by, 'evidence.release', hold, () => this.retention.holds.release(by, hold, reason));
  }

  @Handles(evidenceErase)
  async erase({ by, session, reason }: Request<typeof evidenceErase>): Answer<typeof evidenceErase> {
    if (!has(by, erasers)) return this.refused(by, 'evidence.erase', session, 'an erasure is ordered by two people who are administrators');
    return this.told(by, 'evidence.erase', session, () => this.retention.erasures.order(by, session, reason));
  }

  @Handles(evidenceRetention)
  async plan({ by, at }: Request<typeof evidenceRetention>): Answer<typeof evidenceRetention> {
    if (!has(by, readers)) return this.refused(by, 'evidence.retention', '', 'retention is shown to auditors, operators and administrators');
    return withDatabase(async () => {
      const { delivered, items } = await this.retention.plan(at);
      return ok({ classes: [...(await this.store.classes())], delivered, items: [...items], erasures: [...(await this.retention.erasures.list())] });
    });
  }

  /** A step that one of two people may not take alone, and tried to, is worth knowing. */
  private async told<T>(by: Caller, action: string, object: string, work: () => Promise<Reply<T>>): Promise<Reply<T>> {
    const reply = await withDatabase(work);
    if (!reply.ok && (reply.error.code === 'denied' || reply.error.code === 'held')) await this.reads.note(by, 'operator.acted', { action, object, ok: false, code: reply.error.code });
    return reply;
  }

  private async refused(by: Caller, action: string, object: string, say: string): Promise<Reply<never>> {
    await this.reads.note(by, 'operator.acted', { action, object: object.slice(0, 64), ok: false, code: 'denied' });
    return fail('denied', say);
  }
}

const has = (by: Caller, roles: readonly string[]): boolean => by.roles.some((role) => roles.includes(role));

/** A database that is away is told as such, so that the caller tries again. Anything else is a fault of this service. */
async function withDatabase<T>(work: () => Promise<Reply<T>>): Promise<Reply<T>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError && /^(E|08|53|57|58)/.test(error.code)) return fail('unavailable', 'the ledger cannot be read or written now');
    throw error;
  }
}
