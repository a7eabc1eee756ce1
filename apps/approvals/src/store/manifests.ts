import { sql, type Kysely, type Transaction } from 'kysely';
import { instant, type Clock } from '@sallyport/domain-model';
import type { Approval } from '@sallyport/platform-bus';
import { decide, type Outcome } from '../model/decide.ts';
import type { ApprovalEvent, Requested, StatementRun } from '../model/event.ts';
import { evidenceOf } from '../model/evidence.ts';
import type { Plan } from '../model/manifest.ts';
import type { ApprovalState } from '../model/state.ts';
import { append, partiesOf, type Recorder } from './append.ts';
import type { Acted } from './approvals.ts';
import type { ApprovalsDatabase } from './database.ts';
import { lock } from './history.ts';

interface Parts {
  readonly db: Kysely<ApprovalsDatabase>;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

/** One run that a gateway wants: its statement's hash, and by which command of which session. */
export interface Run {
  readonly statement: string;
  readonly session: string;
  readonly command: string;
}

/** The statements that manifests let pass, and how often they did. Texts are in the approvals; here are hashes, shapes and counts. */
export class Manifests {
  readonly #db: Kysely<ApprovalsDatabase>;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor({ db, recorder, clock }: Parts) {
    this.#db = db;
    this.#recorder = recorder;
    this.#clock = clock;
  }

  /** Written with the approval that asks for them, and told to the ledger. */
  async add(trx: Transaction<ApprovalsDatabase>, approval: string, state: ApprovalState, role: string | null, { entries, slice, digest }: Plan): Promise<void> {
    const { machine, target } = state.asked;
    if (machine === null || target === null) throw new Error('a manifest is of a machine on a target');
    const left = entries.reduce((sum, { statement, times }) => sum + (statement === null ? 0 : times), 0);
    await trx.insertInto('manifest').values({ approval, machine, target, role, slice, uses_left: left }).execute();
    await trx.insertInto('manifest_statement').values(entries.map(({ place, statement, shape, times }) => ({ approval, place, statement, shape, times }))).execute();
    const data = { approval, manifest: digest, count: entries.length, runs: left, machine, target };
    await this.#recorder.outbox.emit(trx, 'approval.manifest', data, partiesOf(this.#recorder, approval, state, state.asked.requester ?? `machine:${machine}`));
  }

  /** An approved manifest under which a statement may run now; of several the one that ends first. Promises nothing: `use` decides. */
  async covering(statement: string): Promise<{ readonly id: string; readonly expires: string } | null> {
    const now = instant(this.#clock.now());
    const found = await this.#db
      .selectFrom('manifest_statement as one').innerJoin('approval', 'approval.id', 'one.approval').select(['approval.id', 'approval.expires'])
      .where('one.statement', '=', statement).whereRef('one.used', '<', 'one.times').where('approval.state', '=', 'approved').where('approval.expires', '>', sql<Date>`${now}::timestamptz`)
      .orderBy('approval.expires').orderBy('approval.id').limit(1).executeTakeFirst();
    return found === undefined ? null : { id: found.id, expires: instant(found.expires.getTime()) };
  }

  /** One run of a statement, counted under the approval's row: of twenty that want the last one at once, one gets it. The very last run spends the whole. */
  async use(approval: string, run: Run, barred: (asked: Requested) => string | null): Promise<Acted> {
    return this.#db.transaction().execute(async (trx) => {
      const history = await lock(trx, approval);
      if (history === null) return { state: null, changed: false, refused: { code: 'not-found', say: 'there is no such approval' } };
      const { state: before } = history;
      const at = instant(this.#clock.now());
      const may = decide(before, { do: 'use', at, barred: barred(before.asked) });
      const { events, refused } = may.refused === null ? await this.#claim(trx, approval, before, run, at) : may;
      const after = await append(trx, this.#recorder, approval, history, events, null);
      if (refused !== null) {
        const by = `machine:${before.asked.machine ?? ''}`;
        await this.#recorder.outbox.emit(trx, 'approval.refused', { approval, by, ...refused }, partiesOf(this.#recorder, approval, before, by));
      }
      return { state: after, changed: after?.phase !== before.phase, refused };
    });
  }

  async #claim(trx: Transaction<ApprovalsDatabase>, approval: string, state: ApprovalState, { statement, session, command }: Run, at: string): Promise<Outcome> {
    const had = await trx.selectFrom('manifest_use').select('use').where('command', '=', command).executeTakeFirst();
    if (had !== undefined) return { events: [], refused: { code: 'spent', say: 'this command has had its run' } };
    const place = trx
      .selectFrom('manifest_statement').select('place')
      .where('approval', '=', approval).where('statement', '=', statement).whereRef('used', '<', 'times').orderBy('place').limit(1);
    const counted = await trx
      .updateTable('manifest_statement').set((of) => ({ used: of('used', '+', 1) }))
      .where('approval', '=', approval).where('place', '=', place).returning(['place', 'used', 'times', 'shape']).executeTakeFirst();
    if (counted === undefined) return { events: [], refused: { code: 'spent', say: 'this statement ran as often as the manifest says, or is not in it' } };
    await trx.insertInto('manifest_use').values({ approval, place: counted.place, use: counted.used, session, command, at }).execute();
    const { uses_left: left } = await trx.updateTable('manifest').set((of) => ({ uses_left: of('uses_left', '-', 1) })).where('approval', '=', approval).returning('uses_left').executeTakeFirstOrThrow();
    const consumed = spentBy({ place: counted.place, use: counted.used, times: counted.times, shape: counted.shape }, session, command, at);
    if (left === 0) return { events: [consumed], refused: null };
    const { type, data, who } = evidenceOf(approval, consumed, state);
    await this.#recorder.outbox.emit(trx, type, data, partiesOf(this.#recorder, approval, state, who));
    return { events: [], refused: null };
  }

  /** How many others of this machine wait for people. */
  async waiting(machine: string, digest: string): Promise<number> {
    const { waiting } = await this.#db
      .selectFrom('approval').select((of) => of.fn.countAll<string>().as('waiting'))
      .where('machine', '=', machine).where('subject_kind', '=', 'manifest').where('subject_id', '!=', digest).where('state', '=', 'pending').executeTakeFirstOrThrow();
    return Number(waiting);
  }

  /** What `show` tells of a manifest; null for other approvals. */
  async view(approval: string): Promise<Approval['manifest']> {
    const head = await this.#db.selectFrom('manifest').select('role').where('approval', '=', approval).executeTakeFirst();
    if (head === undefined) return null;
    const rows = await this.#db.selectFrom('manifest_statement').select(['place', 'statement', 'shape', 'times', 'used']).where('approval', '=', approval).orderBy('place').execute();
    return { role: head.role, statements: rows.map(({ place, statement, shape, times, used }) => ({ place, shape, decision: statement === null ? 'allow' : 'hold', times, used })) };
  }
}

const spentBy = (run: StatementRun, session: string, command: string, at: string): ApprovalEvent => ({ type: 'consumed', at, session, command, run });
