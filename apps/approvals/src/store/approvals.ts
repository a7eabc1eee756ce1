import { sql, type Kysely, type Transaction } from 'kysely';
import { shownParameters, type Approval, type ApprovalKind, type ApprovalSubject } from '@sallyport/platform-bus';
import { instant, millis, uuidv7, type Clock, type ShownParameters } from '@sallyport/domain-model';
import { decide, type ApprovalCommand, type RefusedCode } from '../model/decide.ts';
import type { Requested } from '../model/event.ts';
import type { ApprovalState, Phase } from '../model/state.ts';
import { append, partiesOf, type Recorder } from './append.ts';
import type { ApprovalsDatabase } from './database.ts';
import { empty, histories, isId, lock } from './history.ts';
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
export type Actor = `person:${string}` | 'its-machine' | 'a-service' | null;

type CommandOn = (state: ApprovalState, at: string) => ApprovalCommand;

/** `voided`: earlier requests of the same subject that ended with this one. The bus is to be told of them. */
export interface Opened {
  readonly id: string;
  readonly expires: string;
  readonly voided: readonly Ended[];
}

export interface Ended {
  readonly id: string;
  readonly acted: Acted;
}

export interface Wanted {
  readonly state: Phase | null;
  readonly kind: ApprovalKind | null;
  /** The last id of the page before. */
  readonly before: string | null;
  readonly limit: number;
}

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

  /**
   * Opens a request. The same command asked again (its answer was lost) gets the same approval, and so does the same subject with the same binding; a subject with another
   * binding makes an earlier request of it void.
   * @param more written in the same transaction, for a fresh request only
   */
  async open({ request, text, parameters, expiresIn }: Asked, more: (trx: Transaction<ApprovalsDatabase>, id: string, state: ApprovalState) => Promise<void> = () => Promise.resolve()): Promise<Opened> {
    const at = this.now();
    const id = uuidv7();
    const expires = instant(millis(at) + expiresIn * 1000);
    return this.#db.transaction().execute(async (trx) => {
      if (request.subject !== null) await sql`select pg_advisory_xact_lock(hashtextextended(${`sallyport.approvals.${request.subject.kind}.${request.subject.id}`}, 0))`.execute(trx);
      const alive = request.subject?.kind === 'manifest' ? await this.#alive(trx, request.subject, at) : null;
      if (alive !== null) return alive;
      const fresh = await trx
        .insertInto('approval')
        .values({
          id, session: request.session, command: request.command, machine: request.machine, target: request.target, state: 'pending', created: at, expires,
          subject_kind: request.subject?.kind ?? null, subject_id: request.subject?.id ?? null, binding: request.binding,
          text_sealed: this.#seal.seal(text, { approval: id, part: 'text' }),
          parameters_sealed: parameters === null ? null : this.#seal.seal(JSON.stringify(parameters), { approval: id, part: 'parameters' }),
          announce_after: null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (fresh.numInsertedOrUpdatedRows === 0n) return { ...(await this.#again(trx, request)), voided: [] };
      const voided = request.subject === null ? [] : await this.#void(trx, request.subject, id, at);
      const { events } = decide(null, { do: 'open', at, request: { ...request, expires } });
      const state = await append(trx, this.#recorder, id, empty, events, null);
      if (state !== null) await more(trx, id, state);
      return { id, expires, voided };
    });
  }

  /** A manifest has no id of its own: `subject.id` is its digest, and the same one may be asked for every night. While one is alive, it is that one. */
  async #alive(trx: Transaction<ApprovalsDatabase>, { kind, id: digest }: ApprovalSubject, at: string): Promise<Opened | null> {
    const found = await trx
      .selectFrom('approval').select('id')
      .where('subject_kind', '=', kind).where('subject_id', '=', digest).where('state', 'in', ['pending', 'approved']).where('expires', '>', sql<Date>`${at}::timestamptz`).executeTakeFirst();
    const state = found === undefined ? undefined : (await histories(trx, [found.id])).get(found.id)?.state;
    return found === undefined || state === undefined || state === null ? null : { id: found.id, expires: state.asked.expires, voided: [] };
  }

  async #again(trx: Transaction<ApprovalsDatabase>, { subject, command, binding }: Asked['request']): Promise<{ id: string; expires: string }> {
    const query = trx.selectFrom('approval').select('id');
    const asked = subject === null ? query.where('command', '=', command) : query.where('subject_kind', '=', subject.kind).where('subject_id', '=', subject.id).where('binding', '=', binding);
    const { id } = await asked.executeTakeFirstOrThrow();
    const state = (await histories(trx, [id])).get(id)?.state;
    if (state?.asked.binding !== binding) throw new Error('one command id was used for two different commands');
    return { id, expires: state.asked.expires };
  }

  /** Of one subject there is one request that people can say yes to, and one yes that can be spent: the newest. */
  async #void(trx: Transaction<ApprovalsDatabase>, { kind, id: subject }: ApprovalSubject, newest: string, at: string): Promise<Ended[]> {
    const earlier = await trx
      .selectFrom('approval').select('id')
      .where('subject_kind', '=', kind).where('subject_id', '=', subject).where('state', 'in', ['pending', 'approved']).where('id', '!=', newest).forUpdate().execute();
    const ended: Ended[] = [];
    for (const { id } of earlier) ended.push({ id, acted: await this.#run(trx, id, null, () => ({ do: 'withdraw', at, why: 'it was asked for anew, with other content', by: 'service' }), null) });
    return ended;
  }

  /** Runs one command on one approval; where it stands is known to `commandOn`. A refusal by an actor is recorded in the same transaction. */
  async act(id: string, actor: Actor, commandOn: CommandOn, comment: string | null = null): Promise<Acted> {
    return this.#db.transaction().execute((trx) => this.#run(trx, id, actor, commandOn, comment));
  }

  async #run(trx: Transaction<ApprovalsDatabase>, id: string, actor: Actor, commandOn: CommandOn, comment: string | null): Promise<Acted> {
    const history = await lock(trx, id);
    if (history === null) return notFound;
    const { events, refused } = decide(history.state, commandOn(history.state, this.now()));
    const sealed = comment === null ? null : this.#seal.seal(comment, { approval: id, part: `comment:${history.length}` });
    const state = await append(trx, this.#recorder, id, history, events, sealed);
    if (refused !== null && actor !== null) {
      const { asked } = history.state;
      const by = actor === 'its-machine' ? `machine:${asked.machine ?? ''}` : actor === 'a-service' ? 'service:approvals' : actor;
      await this.#recorder.outbox.emit(trx, 'approval.refused', { approval: id, by, ...refused }, partiesOf(this.#recorder, id, history.state, by));
    }
    return { state, changed: state?.phase !== history.state.phase, refused };
  }

  /** Newest first, without texts and comments, and how many there are in all. */
  async list({ state, kind, before, limit }: Wanted): Promise<{ readonly approvals: Approval[]; readonly total: number }> {
    let fitting = this.#db.selectFrom('approval');
    if (state !== null) fitting = fitting.where('state', '=', state);
    if (kind !== null) fitting = kind === 'command' ? fitting.where('subject_kind', 'is', null) : fitting.where('subject_kind', '=', kind);
    const { total } = await fitting.select((of) => of.fn.countAll<string>().as('total')).executeTakeFirstOrThrow();
    const page = before === null ? fitting : fitting.where('id', '<', before);
    const ids = (await page.select('id').orderBy('id', 'desc').limit(limit).execute()).map(({ id }) => id);
    const found = await histories(this.#db, ids);
    const approvals = ids.flatMap((id) => {
      const state = found.get(id)?.state;
      return state === undefined || state === null ? [] : [view(id, state)];
    });
    return { approvals, total: Number(total) };
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
