import { sql, type Kysely, type Transaction } from 'kysely';
import { personWho, whoNamed, type Who } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import type { Caller } from '@sallyport/platform-bus';
import { isUniqueViolation, type Outbox } from '@sallyport/platform-store';
import type { GovernanceDatabase } from '../store/database.ts';
import type { Content } from './content.ts';
import type { ChangeRow, PartRow } from './rows.ts';
import type { StoredState } from './tables.ts';
import type { TriedPart } from './try-share.ts';

type Db = Kysely<GovernanceDatabase> | Transaction<GovernanceDatabase>;

export interface NewChange {
  readonly title: string;
  readonly ticket: string | null;
  readonly content: Content;
  readonly kinds: readonly string[];
  readonly count: number;
  readonly digest: string;
  readonly rollsBack: string | null;
}

/** What became of something whose state somebody else may have changed meanwhile. */
export type Moved = 'moved' | 'not-in-that-state';

/** The stored changes. What a person does to one and the event of it are one transaction. */
export class ChangeStore {
  readonly #db: Kysely<GovernanceDatabase>;
  readonly #outbox: Pick<Outbox, 'emitAll'>;
  readonly #now: () => number;

  constructor(db: Kysely<GovernanceDatabase>, outbox: Pick<Outbox, 'emitAll'>, now: () => number) {
    this.#db = db;
    this.#outbox = outbox;
    this.#now = now;
  }

  /** Null when what it rolls back is rolled back already, or about to be. */
  async insert(by: Caller, { title, ticket, content, kinds, count, digest, rollsBack }: NewChange): Promise<string | null> {
    const id = uuidv7(this.#now());
    const at = this.#at();
    try {
      await this.#db.transaction().execute(async (trx) => {
        await trx
          .insertInto('change')
          .values({
            id, title, ticket, author: by.person, documents: JSON.stringify(content.documents), policies: JSON.stringify(content.policies), remove: JSON.stringify(content.remove), prune: content.prune,
            kinds: [...kinds], count, digest, rolls_back: rollsBack, say: 'to be tested', created: at, changed: at,
          })
          .execute();
        await this.#outbox.emitAll(trx, [{ type: 'change.proposed', data: { change: id, title, ticket, kinds, count, digest, rolls_back: rollsBack }, who: person(by) }]);
      });
    } catch (error) {
      if (isUniqueViolation(error, 'change_rolled_back_once')) return null;
      throw error;
    }
    return id;
  }

  /** Undefined when there is none. */
  async find(id: string): Promise<ChangeRow | undefined> {
    return rows(this.#db).where('change.id', '=', id).executeTakeFirst();
  }

  /** Those of the newest round; of all rounds with `every`. */
  async parts(id: string, which: 'newest' | 'every' = 'newest'): Promise<PartRow[]> {
    const all = this.#db.selectFrom('change_part').selectAll().where('change', '=', id).orderBy('round').orderBy('owner');
    return which === 'every' ? all.execute() : all.where('round', '=', (of) => of.selectFrom('change').select('round').where('id', '=', id)).execute();
  }

  async page(state: StoredState | null, before: string | null, limit: number): Promise<{ readonly found: ChangeRow[]; readonly total: number }> {
    let query = rows(this.#db).orderBy('change.id', 'desc').limit(limit);
    let counted = this.#db.selectFrom('change').select((of) => of.fn.countAll<string>().as('total'));
    if (state !== null) {
      query = query.where('change.state', '=', state);
      counted = counted.where('state', '=', state);
    }
    if (before !== null) query = query.where('change.id', '<', before);
    const [found, { total }] = await Promise.all([query.execute(), counted.executeTakeFirstOrThrow()]);
    return { found, total: Number(total) };
  }

  /** A good test: a new round, of which the parts that need leave are to be asked for. */
  tested(by: Caller | null, { id, round }: ChangeRow, parts: readonly TriedPart[], texts: readonly string[], changedDecisions: number | null): Promise<Moved> {
    const asking = parts.some(({ terms }) => terms.kinds.length > 0);
    return this.#db.transaction().execute(async (trx) => {
      const say = asking ? 'waits for approval' : 'needs nobody’s approval; may be activated';
      const { numUpdatedRows } = await trx
        .updateTable('change')
        .set({ state: asking ? 'waiting' : 'approved', say, round: round + 1, changed_decisions: changedDecisions, changed: this.#at() })
        .where('id', '=', id).where('round', '=', round).where('state', 'in', ['proposed', 'waiting', 'approved'])
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return 'not-in-that-state';
      const values = parts.map(({ owner, steps, warnings, terms, before }, i) => ({
        change: id, round: round + 1, owner, steps: JSON.stringify(steps), warnings: JSON.stringify(warnings), kinds: [...terms.kinds], approvers: JSON.stringify(terms.approvers), binding: terms.binding,
        text: texts[i] ?? '', before: JSON.stringify(before),
      }));
      if (values.length > 0) await trx.insertInto('change_part').values(values).execute();
      const warnings = parts.reduce((sum, part) => sum + part.warnings.length, 0);
      await this.#outbox.emitAll(trx, [{ type: 'change.tested', data: { change: id, ok: true, say, warnings, changed_decisions: changedDecisions }, who: person(by) }]);
      return 'moved';
    });
  }

  /** It has to be tested (again): the test failed, an approval expired, or what it was tested against has moved. */
  unfit(by: Caller | null, { id, round }: Pick<ChangeRow, 'id' | 'round'>, say: string, from: readonly StoredState[]): Promise<Moved> {
    return this.#db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx.updateTable('change').set({ state: 'proposed', say: say.slice(0, 4000), changed: this.#at() }).where('id', '=', id).where('round', '=', round).where('state', 'in', [...from]).executeTakeFirst();
      if (numUpdatedRows === 0n) return 'not-in-that-state';
      await this.#outbox.emitAll(trx, [{ type: 'change.tested', data: { change: id, ok: false, say: say.slice(0, 500), warnings: 0, changed_decisions: null }, who: person(by) }]);
      return 'moved';
    });
  }

  async asked({ change, round, owner }: PartRow, approval: string): Promise<void> {
    await this.#db.updateTable('change_part').set({ approval, approval_state: 'pending' }).where('change', '=', change).where('round', '=', round).where('owner', '=', owner).where('approval', 'is', null).execute();
  }

  /** People said yes to a part. The change is approved when they have to all parts that need it. */
  approved({ change, round, owner, approval }: PartRow, by: readonly string[]): Promise<Moved> {
    return this.#db.transaction().execute(async (trx) => {
      await trx.selectFrom('change').select('id').where('id', '=', change).forUpdate().execute();
      const { numUpdatedRows } = await trx
        .updateTable('change_part').set({ approval_state: 'approved', approved_by: [...by] })
        .where('change', '=', change).where('round', '=', round).where('owner', '=', owner).where('approval_state', '=', 'pending').executeTakeFirst();
      if (numUpdatedRows === 0n) return 'not-in-that-state';
      const open = await trx.selectFrom('change_part').select('kinds').where('change', '=', change).where('round', '=', round).where((of) => of.or([of('approval_state', 'is', null), of('approval_state', '<>', 'approved')])).execute();
      if (open.every(({ kinds }) => kinds.length === 0)) {
        await trx.updateTable('change').set({ state: 'approved', say: 'approved; may be activated', changed: this.#at() }).where('id', '=', change).where('round', '=', round).where('state', '=', 'waiting').execute();
      }
      await this.#outbox.emitAll(trx, [{ type: 'change.approved', data: { change, approval: approval ?? '', by } }]);
      return 'moved';
    });
  }

  rejected({ change, round, owner, approval }: PartRow, by: string): Promise<Moved> {
    return this.#db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('change').set({ state: 'rejected', say: `rejected by ${by}`, changed: this.#at() })
        .where('id', '=', change).where('round', '=', round).where('state', '=', 'waiting').executeTakeFirst();
      if (numUpdatedRows === 0n) return 'not-in-that-state';
      await trx.updateTable('change_part').set({ approval_state: 'rejected' }).where('change', '=', change).where('round', '=', round).where('owner', '=', owner).execute();
      await this.#outbox.emitAll(trx, [{ type: 'change.rejected', data: { change, approval: approval ?? '', by } }]);
      return 'moved';
    });
  }

  async approvalEnded({ change, round, owner }: PartRow, state: string): Promise<void> {
    await this.#db.updateTable('change_part').set({ approval_state: state }).where('change', '=', change).where('round', '=', round).where('owner', '=', owner).execute();
  }

  withdraw(by: Caller, id: string, why: string): Promise<Moved> {
    return this.#db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx.updateTable('change').set({ state: 'withdrawn', say: `withdrawn by ${by.person}: ${why}`, changed: this.#at() }).where('id', '=', id).where('state', 'in', ['proposed', 'waiting', 'approved']).executeTakeFirst();
      if (numUpdatedRows === 0n) return 'not-in-that-state';
      await this.#outbox.emitAll(trx, [{ type: 'change.withdrawn', data: { change: id, why }, who: person(by) }]);
      return 'moved';
    });
  }

  /** Begins the activation. From here on it is carried on until every part is in force, or one is refused. */
  claim(by: Caller, { id, round }: ChangeRow): Promise<Moved> {
    return this.#db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('change').set({ state: 'activating', say: `being activated by ${by.person}`, activator: JSON.stringify(by), claimed: this.#at(), changed: this.#at() })
        .where('id', '=', id).where('round', '=', round).where('state', '=', 'approved').executeTakeFirst();
      if (numUpdatedRows === 0n) return 'not-in-that-state';
      await this.#outbox.emitAll(trx, [{ type: 'operator.acted', data: { action: 'change.activate', object: id, ok: true, code: null }, who: person(by) }]);
      return 'moved';
    });
  }

  async applied({ change, round, owner }: PartRow): Promise<void> {
    await this.#db.updateTable('change_part').set({ applied: true }).where('change', '=', change).where('round', '=', round).where('owner', '=', owner).execute();
  }

  /** Every part is in force. The event of it is written once, whoever gets here first. */
  activated(by: Caller, { id, round, digest }: ChangeRow, approval: string | null): Promise<Moved> {
    return this.#db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx.updateTable('change').set({ state: 'activated', say: `activated by ${by.person}`, changed: this.#at() }).where('id', '=', id).where('round', '=', round).where('state', '=', 'activating').executeTakeFirst();
      if (numUpdatedRows === 0n) return 'not-in-that-state';
      await this.#outbox.emitAll(trx, [{ type: 'change.activated', data: { change: id, digest, approval }, who: person(by) }]);
      return 'moved';
    });
  }

  /** A person's act that is not done. */
  async refused(by: Caller, change: string, code: string, say: string): Promise<void> {
    await this.#db.transaction().execute((trx) => this.#outbox.emitAll(trx, [{ type: 'config.refused', data: { kind: 'change', name: change, code, say: say.slice(0, 500) }, who: person(by) }]));
  }

  /** Parts of the newest rounds that need leave: those that nobody was asked about yet, or with `all` also those whose approval may have come to something. Any of them where there are more. */
  async open(which: 'all' | 'not-asked', limit: number): Promise<PartRow[]> {
    const open = this.#db
      .selectFrom('change_part').innerJoin('change', (join) => join.onRef('change.id', '=', 'change_part.change').onRef('change.round', '=', 'change_part.round'))
      .selectAll('change_part').where('change.state', 'in', ['waiting', 'approved']).where(sql<boolean>`cardinality(change_part.kinds) > 0`).orderBy(sql`random()`).limit(limit);
    return (which === 'all' ? open.where((of) => of.or([of('change_part.approval_state', 'is', null), of('change_part.approval_state', 'in', ['pending', 'approved'])])) : open.where('change_part.approval_state', 'is', null)).execute();
  }

  /** Parts whose approval is for nothing any more: of an earlier round, or of a change that is to be tested anew or has ended. */
  async forNothing(limit: number): Promise<PartRow[]> {
    return this.#db
      .selectFrom('change_part').innerJoin('change', 'change.id', 'change_part.change').selectAll('change_part').where('change_part.approval_state', 'in', ['pending', 'approved']).where('change_part.applied', '=', false)
      .where((of) => of.or([of('change_part.round', '<', of.ref('change.round')), of('change.state', 'in', ['proposed', 'rejected', 'withdrawn'])])).limit(limit).execute();
  }

  /** Activations that nobody has worked on since. */
  async halfDone(since: Date, limit: number): Promise<ChangeRow[]> {
    return rows(this.#db).where('change.state', '=', 'activating').where('change.claimed', '<', since).limit(limit).execute();
  }

  async byApproval(approval: string): Promise<PartRow | undefined> {
    return this.#db.selectFrom('change_part').selectAll().where('approval', '=', approval).executeTakeFirst();
  }

  #at(): Date {
    return new Date(this.#now());
  }
}

const rows = (db: Db) =>
  db.selectFrom('change').selectAll('change').select((of) =>
    of.selectFrom('change as later').select('later.id').whereRef('later.rolls_back', '=', 'change.id').where('later.state', 'not in', ['rejected', 'withdrawn']).limit(1).as('rolled_back_by'));

const person = (by: Caller | null): Who => (by === null ? whoNamed('service:governance') : personWho(by.person));
