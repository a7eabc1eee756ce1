import type { Kysely, Selectable } from 'kysely';
import { isUniqueViolation } from '@sallyport/platform-store';
import type { GovernanceDatabase } from '../../store/database.ts';
import type { SignalsDatabase } from '../database.ts';
import { followChange, type ScimParts, type Trx, type UserFacts } from './change.ts';
import type { Alternatives } from './filter.ts';
import { readPatch } from './patch.ts';
import { userSchema } from './schemas.ts';
import { ScimError } from './scim-error.ts';
import { booleanOf, membersOf, optionalTextOf, textOf } from './value.ts';

export type UserRow = Selectable<SignalsDatabase['directory_user']>;

export interface Page {
  /** From 1. */
  readonly startIndex: number;
  readonly count: number;
}

/** Attributes that a list can be filtered by. */
export const userFilters = ['id', 'username', 'externalid', 'active'];
const kept = ['username', 'externalid', 'active'];

/** Users of one directory, each change with what follows from it in one transaction. Throws ScimError, StoreError. */
export class Users {
  readonly #db: Kysely<GovernanceDatabase>;
  readonly #of: ScimParts;

  constructor(db: Kysely<GovernanceDatabase>, of: ScimParts) {
    this.#db = db;
    this.#of = of;
  }

  async create(directory: string, body: unknown): Promise<UserRow> {
    const facts = readUser(body);
    return this.#once(async (trx) => {
      const at = new Date(this.#of.now());
      const row = await trx.insertInto('directory_user').values({ directory, ...columns(facts), created_at: at, changed_at: at }).returningAll().executeTakeFirstOrThrow();
      await followChange(this.#of, trx, directory, null, facts);
      return row;
    });
  }

  async get(directory: string, id: string): Promise<UserRow> {
    const row = isId(id) ? await this.#db.selectFrom('directory_user').selectAll().where('directory', '=', directory).where('id', '=', id).executeTakeFirst() : undefined;
    return row ?? notThere();
  }

  async list(directory: string, alternatives: Alternatives | null, { startIndex, count }: Page): Promise<{ readonly rows: readonly UserRow[]; readonly total: number }> {
    const found = this.#db.selectFrom('directory_user').where('directory', '=', directory).$if(alternatives !== null, (query) =>
      query.where(({ eb, or, and }) =>
        or((alternatives ?? []).map((one) =>
          and([...one].map(([attribute, value]) => {
            switch (attribute) {
              case 'id':
                return isId(String(value)) ? eb('id', '=', String(value)) : eb.lit(false);
              case 'username':
                return eb('user_key', '=', String(value).toLowerCase());
              case 'externalid':
                return eb('external_id', '=', String(value));
              case 'active':
                return eb('active', '=', booleanOf('active', value));
              default:
                throw new ScimError(400, 'invalidFilter', 'no such filter');
            }
          })),
        )),
      ));
    const { total } = await found.select(({ fn }) => fn.countAll<string>().as('total')).executeTakeFirstOrThrow();
    const rows = count === 0 ? [] : await found.selectAll().orderBy('created_at').orderBy('id').offset(startIndex - 1).limit(count).execute();
    return { rows, total: Number(total) };
  }

  replace(directory: string, id: string, body: unknown): Promise<UserRow> {
    const facts = readUser(body);
    return this.#change(directory, id, () => facts);
  }

  patch(directory: string, id: string, body: unknown): Promise<UserRow> {
    const operations = readPatch('User', body, kept);
    return this.#change(directory, id, (before) => {
      let facts = before;
      for (const { op, attribute, value } of operations) {
        if (attribute === 'externalid') facts = { ...facts, externalId: op === 'remove' ? null : optionalTextOf('externalId', value) };
        else if (op === 'remove') throw new ScimError(400, 'invalidValue', `${attribute === 'active' ? 'active' : 'userName'} cannot be taken away`);
        else if (attribute === 'active') facts = { ...facts, active: booleanOf('active', value) };
        else facts = { ...facts, userName: textOf('userName', value) };
      }
      return facts;
    });
  }

  async remove(directory: string, id: string): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      const row = isId(id) ? await trx.deleteFrom('directory_user').where('directory', '=', directory).where('id', '=', id).returningAll().executeTakeFirst() : undefined;
      if (row === undefined) return notThere();
      await followChange(this.#of, trx, directory, factsOf(row), null);
    });
  }

  #change(directory: string, id: string, to: (before: UserFacts) => UserFacts): Promise<UserRow> {
    return this.#once(async (trx) => {
      const row = isId(id) ? await trx.selectFrom('directory_user').selectAll().where('directory', '=', directory).where('id', '=', id).forUpdate().executeTakeFirst() : undefined;
      if (row === undefined) return notThere();
      const before = factsOf(row);
      const after = to(before);
      if (before.userName === after.userName && before.externalId === after.externalId && before.active === after.active) return row;
      const changed = await trx.updateTable('directory_user').set({ ...columns(after), changed_at: new Date(this.#of.now()) }).where('id', '=', id).returningAll().executeTakeFirstOrThrow();
      await followChange(this.#of, trx, directory, before, after);
      return changed;
    });
  }

  async #once<T>(work: (trx: Trx) => Promise<T>): Promise<T> {
    try {
      return await this.#db.transaction().execute(work);
    } catch (error) {
      if (isUniqueViolation(error, 'directory_user_name_once')) throw new ScimError(409, 'uniqueness', 'there is a user of this userName already');
      throw error;
    }
  }
}

/** A user as POST and PUT have it. What is not kept is not looked at. */
function readUser(body: unknown): UserFacts {
  const members = membersOf('a user', body);
  const schemas = members.get('schemas');
  if (!Array.isArray(schemas) || !schemas.includes(userSchema)) throw new ScimError(400, 'invalidSyntax', `schemas must name ${userSchema}`);
  const active = members.get('active');
  return { userName: textOf('userName', members.get('username')), externalId: optionalTextOf('externalId', members.get('externalid')), active: active === undefined || active === null ? true : booleanOf('active', active) };
}

const columns = ({ userName, externalId, active }: UserFacts) => ({ user_name: userName, user_key: userName.toLowerCase(), external_id: externalId, active });
const factsOf = ({ user_name: userName, external_id: externalId, active }: UserRow): UserFacts => ({ userName, externalId, active });

export const isId = (text: string): boolean => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);

export function notThere(): never {
  throw new ScimError(404, null, 'there is none of this id');
}
