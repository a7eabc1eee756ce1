import type { Kysely } from 'kysely';
import type { Clock } from '@sallyport/domain-model';
import { subjects, type Bus } from '@sallyport/platform-bus';
import { say } from '../model/say.ts';
import type { ApprovalState } from '../model/state.ts';
import type { Acted } from './approvals.ts';
import type { ApprovalsDatabase } from './database.ts';
import { histories } from './history.ts';

/**
 * Tells the bus of each change of state after its commit. The bus keeps nothing, so what could not be told (bus away, service
 * killed between commit and publish) stays marked and is told by `catchUp` some seconds later: at least once, as long as somebody listens.
 */
export class Announcer {
  readonly #db: Kysely<ApprovalsDatabase>;
  readonly #bus: Bus;
  readonly #clock: Clock;

  constructor(db: Kysely<ApprovalsDatabase>, bus: Bus, clock: Clock) {
    this.#db = db;
    this.#bus = bus;
    this.#clock = clock;
  }

  async announce(approval: string, { state, changed }: Acted): Promise<void> {
    if (changed && state !== null) await this.#tell(approval, state);
  }

  async catchUp(): Promise<number> {
    const ids = (await this.#db.selectFrom('approval').select('id').where('announce_after', '<=', new Date(this.#clock.now())).limit(200).execute()).map(({ id }) => id);
    for (const [id, { state }] of await histories(this.#db, ids)) if (state !== null) await this.#tell(id, state);
    return ids.length;
  }

  async #tell(approval: string, state: ApprovalState): Promise<void> {
    if (!this.#bus.connected) return;
    this.#bus.publish(subjects.approvalChanged, { approval, session: state.asked.session, subject: state.asked.subject, state: state.phase, say: say(state) });
    // Only this state: a later one that came in between is still to be told.
    await this.#db.updateTable('approval').set({ announce_after: null }).where('id', '=', approval).where('state', '=', state.phase).execute();
  }
}
