import type { Kysely } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import { fail, ok, type Caller, type Reply } from '@sallyport/platform-bus';
import { StoreError, type Outbox } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { IdentityDatabase } from '../store/database.ts';

/** What a person asked for is not done. Thrown inside an act, so that nothing of it is written. */
export class RefusedAct extends Error {
  readonly code: string;

  constructor(code: string, say: string) {
    super(say);
    this.code = code;
  }
}

export interface ActingParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly outbox: Pick<Outbox, 'emit'>;
  readonly log: Log;
}

/** Runs what a person does, or (null) a review. What is refused is recorded before it is told; what cannot be recorded is not done. */
export async function acting<T>(parts: ActingParts, by: Caller | null, action: string, object: string, work: () => Promise<T>): Promise<Reply<T>> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof StoreError) return unavailable(parts.log, error, action);
    if (!(error instanceof RefusedAct)) throw error;
    const { code, message } = error;
    try {
      await parts.db.transaction().execute((trx) => parts.outbox.emit(trx, 'operator.acted', { action, object: object.slice(0, 200), ok: false, code }, { who: by === null ? null : personWho(by.person) }));
    } catch (failed) {
      if (failed instanceof StoreError) return unavailable(parts.log, failed, action);
      throw failed;
    }
    return fail(code, message);
  }
}

export function unavailable<T>(log: Log, error: StoreError, action: string): Reply<T> {
  log.error('an act could not be recorded and is not done', { error, action });
  return fail('unavailable', 'this is only done when it can be recorded, and that is not possible now; try again');
}


/** Throws RefusedAct for who has none of these roles. */
export function demand(by: Caller, roles: readonly string[], what: string): void {
  if (!roles.some((role) => by.roles.includes(role))) throw new RefusedAct('denied', `${what} needs the role ${roles.join(' or ')}`);
}
