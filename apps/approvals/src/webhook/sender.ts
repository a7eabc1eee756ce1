import type { Kysely } from 'kysely';
import { instant, type Clock } from '@sallyport/domain-model';
import type { Outbox } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { ApprovalsDatabase } from '../store/database.ts';
import type { Phase } from '../model/state.ts';
import { nextAttemptIn } from './retry.ts';
import { sign, signatureHeader } from './signature.ts';

/** A receiver that does not answer within this time has not received. */
const answerWithinMs = 10_000;
/** Notices in flight at once: a slow receiver holds up no more than these. */
const atOnce = 8;
/** A notice taken by a sender that died is free again after this time. */
const takenForMs = 3 * answerWithinMs;

export interface WebhookParts {
  readonly db: Kysely<ApprovalsDatabase>;
  readonly outbox: Outbox;
  readonly url: URL;
  readonly key: Uint8Array;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

interface Due {
  readonly id: string;
  readonly approval: string;
  readonly state: Phase;
  readonly body: string;
  readonly created: Date;
  readonly attempts: number;
}

/**
 * Sends due notices, up to eight at once. At least once, in no promised order: `id` and `seq` are in the body. Only 2xx counts as
 * received; redirects are not followed, since the URL is the operator's word on who may know.
 * @returns how many were due
 */
export async function sendDue(parts: WebhookParts): Promise<number> {
  const due = await take(parts);
  await Promise.all(due.map((notice) => deliver(parts, notice)));
  return due.length;
}

async function take({ db, clock }: WebhookParts): Promise<Due[]> {
  const now = clock.now();
  return db.transaction().execute(async (trx) => {
    const due = await trx
      .selectFrom('notice').select(['id', 'approval', 'state', 'body', 'created', 'attempts'])
      .where('ended', 'is', null).where('due', '<=', new Date(now)).orderBy('due').limit(atOnce).forUpdate().skipLocked().execute();
    if (due.length > 0) {
      await trx.updateTable('notice').set({ due: instant(now + takenForMs) }).where('id', 'in', due.map(({ id }) => id)).execute();
    }
    return due;
  });
}

async function deliver(parts: WebhookParts, notice: Due): Promise<void> {
  const attempts = notice.attempts + 1;
  const fault = await post(parts, notice);
  if (fault === null) return end(parts, notice, attempts, 'received');
  const now = parts.clock.now();
  const wait = nextAttemptIn(attempts, now - notice.created.getTime(), parts.random());
  parts.log.warn('a webhook notice was not received', { notice: notice.id, approval: notice.approval, attempts, fault, againInMs: wait });
  if (wait === null) return end(parts, notice, attempts, 'given-up');
  await parts.db.updateTable('notice').set({ attempts, due: instant(now + wait) }).where('id', '=', notice.id).execute();
}

/** Null when received, else what went wrong. */
async function post({ url, key, clock }: WebhookParts, { body }: Due): Promise<string | null> {
  try {
    const response = await fetch(url, {
      method: 'POST', body, redirect: 'manual', signal: AbortSignal.timeout(answerWithinMs),
      headers: { 'content-type': 'application/json', 'user-agent': 'sallyport-approvals', [signatureHeader]: sign(body, key, Math.floor(clock.now() / 1000)) },
    });
    await response.body?.cancel();
    return response.ok ? null : `status ${response.status}`;
  } catch (error) {
    return error instanceof Error ? error.name : 'failed';
  }
}

async function end({ db, outbox, clock }: WebhookParts, { id, approval, state }: Due, attempts: number, how: 'received' | 'given-up'): Promise<void> {
  const ok = how === 'received';
  await db.transaction().execute(async (trx) => {
    await trx.updateTable('notice').set({ attempts, ok, ended: instant(clock.now()) }).where('id', '=', id).execute();
    await outbox.emit(trx, 'approval.notified', { approval, state, attempts, ok });
  });
}
