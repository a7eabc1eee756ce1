import type { Kysely, Transaction } from 'kysely';
import { shownParameters, type Approval } from '@sallyport/platform-bus';
import { instant, millis, uuidv7, type Clock, type ShownParameters } from '@sallyport/domain-model';
import { decide, type ApprovalCommand, type RefusedCode } from '../model/decide.ts';
import type { Requested } from '../model/event.ts';
import type { ApprovalState, Phase } from '../model/state.ts';
import { append, partiesOf, type Recorder } from './append.ts';
import type { ApprovalsDatabase } from './database.ts';
import { empty, histories, type History } from './history.ts';
import type { TextSeal } from './seal.ts';
import { view } from './view.ts';

export interface Asked {
  readonly request: Omit<Requested, 'type' | 'at' | 'expires'>;
  readonly text: string;
  /** As people will be shown them. */
  readonly parameters: ShownParameters | null;
  /** Seconds. */
  readonly expiresIn: number;
}

/** What a command did. `state` is null when there is no such approval. */
export interface Acted {
  readonly state: ApprovalState | null;
  readonly changed: boolean;
  readonly refused: { readonly code: RefusedCode | 'not-found'; readonly say: string } | null;
}

/** Whose command it is, for the record of a refusal; null when a refusal is nobody's fault and is not recorded. */
export type Actor = `person:${string}` | 'its-machine' | null;

interface Parts {
  readonly db: Kysely<ApprovalsDatabase>;
  readonly recorder: Recorder;
  readonly seal: TextSeal;
  readonly clock: Clock;
}

/**
 * The stored approvals. Each command runs in one transaction that holds the approval's row: its events, the evidence of them, the
 * webhook notices and the state are written together or not at all, and two commands on one approval follow each other.
 */
export class Approvals {
  readonly #db: Kysely<ApprovalsDatabase>;
  readonly #recorder: Recorder;
  readonly #seal: TextSeal;
  readonly #clock: Clock;

  constructor({ db, recorder, seal, clock }: Parts) {
    this.#db = db;
    this.#recorder = recorder;
    this.#seal = seal;
    this.#clock = clock;
  }

  now(): string {
    return instant(this.#clock.now());
  }

  /** Opens a request. The same command asked again (its answer was lost) gets the same approval. */
  async open({ request, text, parameters, expiresIn }: Asked): Promise<{ readonly id: string; readonly expires: string }> {
    const at = this.now();
    const id = uuidv7();
    const expires = instant(millis(at) + expiresIn * 1000);
    return this.#db.transaction().execute(async (trx) => {
      const fresh = await trx
        .insertInto('approval')
        .values({
          id, session: request.session, command: request.command, machine: request.machine, target: request.target, state: 'pending', created: at, expires,
          text_sealed: this.#seal.seal(text, { approval: id, part: 'text' }),
          parameters_sealed: parameters === null ? null : this.#seal.seal(JSON.stringify(parameters), { approval: id, part: 'parameters' }),
          announce_after: null,
        })
        .onConflict((conflict) => conflict.column('command').doNothing())
        .executeTakeFirst();
      if (fresh.numInsertedOrUpdatedRows === 0n) return this.#again(trx, request);
      const { events } = decide(null, { do: 'open', at, request: { ...request, expires } });
      await append(trx, this.#recorder, id, empty, events, null);
      return { id, expires };
    });
  }

  async #again(trx: Transaction<ApprovalsDatabase>, request: Asked['request']): Promise<{ id: string; expires: string }> {
    const { id } = await trx.selectFrom('approval').select('id').where('command', '=', request.command).executeTakeFirstOrThrow();
    const state = (await histories(trx, [id])).get(id)?.state;
    if (state?.asked.binding !== request.binding) throw new Error('one command id was used for two different commands');
    return { id, expires: state.asked.expires };
  }

  /** Runs one command on one approval; what is asked is known to `commandOn`. A refusal by an actor is recorded in the same transaction. */
  async act(id: string, actor: Actor, commandOn: (asked: Requested, at: string) => ApprovalCommand, comment: string | null = null): Promise<Acted> {
    if (!isId(id)) return notFound;
    return this.#db.transaction().execute(async (trx) => {
      const history = await this.#lock(trx, id);
      if (history?.state === undefined || history.state === null) return notFound;
      const { events, refused } = decide(history.state, commandOn(history.state.asked, this.now()));
      const sealed = comment === null ? null : this.#seal.seal(comment, { approval: id, part: `comment:${history.length}` });
      const state = await append(trx, this.#recorder, id, history, events, sealed);
      if (refused !== null && actor !== null) {
        const by = actor === 'its-machine' ? `machine:${history.state.asked.machine}` : actor;
        await this.#recorder.outbox.emit(trx, 'approval.refused', { approval: id, by, ...refused }, partiesOf(this.#recorder, id, history.state, by));
      }
      return { state, changed: state?.phase !== history.state.phase, refused };
    });
  }

  async #lock(trx: Transaction<ApprovalsDatabase>, id: string): Promise<History | undefined> {
    const row = await trx.selectFrom('approval').select('id').where('id', '=', id).forUpdate().executeTakeFirst();
    return row === undefined ? undefined : (await histories(trx, [id])).get(id);
  }

  /** Newest first, without texts and comments. */
  async list(phase: Phase | null, limit: number): Promise<Approval[]> {
    let query = this.#db.selectFrom('approval').select('id').orderBy('id', 'desc').limit(limit);
    if (phase !== null) query = query.where('state', '=', phase);
    const ids = (await query.execute()).map(({ id }) => id);
    const found = await histories(this.#db, ids);
    return ids.flatMap((id) => {
      const state = found.get(id)?.state;
      return state === undefined || state === null ? [] : [view(id, state)];
    });
  }

  /** One approval; with `open`, its text, parameters and comments too. Null when there is none. */
  async show(id: string, open: 'with-text' | 'without-text'): Promise<Approval | null> {
    if (!isId(id)) return null;
    const row = await this.#db.selectFrom('approval').select(['text_sealed', 'parameters_sealed']).where('id', '=', id).executeTakeFirst();
    const history = (await histories(this.#db, [id])).get(id);
    if (row === undefined || history?.state === undefined || history.state === null) return null;
    if (open === 'without-text') return view(id, history.state);
    return view(id, history.state, {
      text: this.#seal.open(row.text_sealed, { approval: id, part: 'text' }),
      parameters: row.parameters_sealed === null ? null : shownParameters.parse(JSON.parse(this.#seal.open(row.parameters_sealed, { approval: id, part: 'parameters' }))),
      comment: (by) => {
        const found = history.comments.get(by);
        return found === undefined ? null : this.#seal.open(found.sealed, { approval: id, part: `comment:${found.seq}` });
      },
    });
  }
}

const notFound: Acted = { state: null, changed: false, refused: { code: 'not-found', say: 'there is no such approval' } };
const isId = (id: string) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(id);
