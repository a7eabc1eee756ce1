import type { Transaction } from 'kysely';
import type { Authority, On, Who } from '@sallyport/domain-events';
import { instant, millis, uuidv7 } from '@sallyport/domain-model';
import type { Outbox } from '@sallyport/platform-store';
import type { ApprovalEvent } from '../model/event.ts';
import { evidenceOf } from '../model/evidence.ts';
import { evolve, type ApprovalState } from '../model/state.ts';
import { noticeOf } from '../webhook/notice.ts';
import type { ApprovalsDatabase } from './database.ts';
import type { History } from './history.ts';

/** Whoever changed the state tells the bus right after the commit. When that has not happened within this time, it will not. */
const announceWithinMs = 5_000;

/** What storing an event needs besides the event. */
export interface Recorder {
  readonly outbox: Outbox;
  kind(target: string): string;
  url(approval: string): string;
  /** Whether anybody is to be told by webhook. */
  readonly notify: boolean;
}

/** Adds events to an approval with their evidence and notices, all in the caller's transaction. Returns the state after them. */
export async function append(trx: Transaction<ApprovalsDatabase>, to: Recorder, approval: string, before: History, events: readonly ApprovalEvent[], comment: Buffer | null): Promise<ApprovalState | null> {
  let state = before.state;
  let seq = before.length;
  for (const event of events) {
    const previous = state?.phase;
    state = evolve(state, event);
    await trx.insertInto('approval_event').values({ approval, seq, data: JSON.stringify(event), comment_sealed: event.type === 'voted' ? comment : null }).execute();
    const { type, data, who } = evidenceOf(approval, event, state);
    await to.outbox.emit(trx, type, data, partiesOf(to, approval, state, who));
    if (state.phase !== previous) await changed(trx, to, approval, seq, state, event.at);
    seq++;
  }
  return state;
}

/** For every evidence event about this approval: whose act, on what, under which authority. */
export function partiesOf(to: Recorder, approval: string, { asked }: ApprovalState, who: string): { who: Who; on: On | null; auth: Authority } {
  return {
    who: { id: who, npid: null, iss: null, tok: null, jti: null, owner: who === `machine:${asked.machine}` ? asked.owner : null },
    on: asked.target === null ? null : { target: asked.target, kind: to.kind(asked.target), env: asked.environment ?? 'unknown' },
    auth: { policy: null, slice: asked.slice, lease: null, approval },
  };
}

async function changed(trx: Transaction<ApprovalsDatabase>, to: Recorder, approval: string, seq: number, state: ApprovalState, at: string): Promise<void> {
  // Nobody waits for the news that something is pending: the one who asked has the answer to the request itself.
  if (state.phase !== 'pending') await trx.updateTable('approval').set({ state: state.phase, announce_after: instant(millis(at) + announceWithinMs) }).where('id', '=', approval).execute();
  if (!to.notify) return;
  const id = uuidv7();
  const body = JSON.stringify(noticeOf(id, approval, seq, to.url(approval), state));
  await trx.insertInto('notice').values({ id, approval, state: state.phase, body, created: at, due: at, ended: null, ok: null }).execute();
}
