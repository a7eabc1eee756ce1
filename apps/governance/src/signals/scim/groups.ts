import type { Kysely, Selectable } from 'kysely';
import { isUniqueViolation } from '@sallyport/platform-store';
import type { GovernanceDatabase } from '../../store/database.ts';
import type { SignalsDatabase } from '../database.ts';
import { directoryWho } from '../directories.ts';
import type { ScimParts, Trx } from './change.ts';
import { readFilter, type Alternatives } from './filter.ts';
import { readPatch, type Operation } from './patch.ts';
import { groupSchema } from './schemas.ts';
import { ScimError } from './scim-error.ts';
import { isId, notThere, type Page } from './users.ts';
import { membersOf, optionalTextOf, textOf } from './value.ts';

export type GroupRow = Selectable<SignalsDatabase['directory_group']>;

/** Attributes that a list can be filtered by. */
export const groupFilters = ['id', 'displayname', 'externalid', 'members'];
const kept = ['displayname', 'externalid', 'members'];
const maxMembers = 20_000;

interface GroupFacts {
  readonly displayName: string;
  readonly externalId: string | null;
}

/** Groups of one directory: it can write them and read them back. Nothing follows from them. Throws ScimError, StoreError. */
export class Groups {
  readonly #db: Kysely<GovernanceDatabase>;
  readonly #of: ScimParts;

  constructor(db: Kysely<GovernanceDatabase>, of: ScimParts) {
    this.#db = db;
    this.#of = of;
  }

  async create(directory: string, body: unknown): Promise<GroupRow> {
    const { members, ...facts } = readGroup(body);
    return this.#once(async (trx) => {
      const at = new Date(this.#of.now());
      const row = await trx.insertInto('directory_group').values({ directory, ...columns(facts), created_at: at, changed_at: at }).returningAll().executeTakeFirstOrThrow();
      await addMembers(trx, directory, row.id, members);
      await this.#tell(trx, directory, 'group.created', row);
      return row;
    });
  }

  async get(directory: string, id: string): Promise<GroupRow> {
    const row = isId(id) ? await this.#db.selectFrom('directory_group').selectAll().where('directory', '=', directory).where('id', '=', id).executeTakeFirst() : undefined;
    return row ?? notThere();
  }

  async members(group: string): Promise<readonly string[]> {
    const rows = await this.#db.selectFrom('directory_member').select('user_id').where('group_id', '=', group).orderBy('user_id').execute();
    return rows.map(({ user_id }) => user_id);
  }

  async list(directory: string, alternatives: Alternatives | null, { startIndex, count }: Page): Promise<{ readonly rows: readonly GroupRow[]; readonly total: number }> {
    const found = this.#db.selectFrom('directory_group').where('directory', '=', directory).$if(alternatives !== null, (query) =>
      query.where(({ eb, or, and, exists, selectFrom }) =>
        or((alternatives ?? []).map((one) =>
          and([...one].map(([attribute, given]) => {
            const value = String(given);
            switch (attribute) {
              case 'id':
                return isId(value) ? eb('id', '=', value) : eb.lit(false);
              case 'displayname':
                return eb('display_key', '=', value.toLowerCase());
              case 'externalid':
                return eb('external_id', '=', value);
              case 'members':
                return isId(value) ? exists(selectFrom('directory_member').select('user_id').whereRef('group_id', '=', 'directory_group.id').where('user_id', '=', value)) : eb.lit(false);
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

  async replace(directory: string, id: string, body: unknown): Promise<GroupRow> {
    const { members, ...facts } = readGroup(body);
    return this.#change(directory, id, facts, [{ op: 'replace', attribute: 'members', where: null, value: members.map((value) => ({ value })) }]);
  }

  patch(directory: string, id: string, body: unknown): Promise<GroupRow> {
    return this.#change(directory, id, null, readPatch('Group', body, kept));
  }

  async remove(directory: string, id: string): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      const row = isId(id) ? await trx.deleteFrom('directory_group').where('directory', '=', directory).where('id', '=', id).returningAll().executeTakeFirst() : undefined;
      if (row === undefined) return notThere();
      await this.#tell(trx, directory, 'group.deleted', row);
    });
  }

  #change(directory: string, id: string, replaced: GroupFacts | null, operations: readonly Operation[]): Promise<GroupRow> {
    return this.#once(async (trx) => {
      const row = isId(id) ? await trx.selectFrom('directory_group').selectAll().where('directory', '=', directory).where('id', '=', id).forUpdate().executeTakeFirst() : undefined;
      if (row === undefined) return notThere();
      let facts: GroupFacts = replaced ?? { displayName: row.display_name, externalId: row.external_id };
      let moved = 0;
      for (const operation of operations) {
        if (operation.attribute === 'members') moved += await moveMembers(trx, directory, id, operation);
        else facts = changed(facts, operation);
      }
      if (moved === 0 && facts.displayName === row.display_name && facts.externalId === row.external_id) return row;
      const now = await trx.updateTable('directory_group').set({ ...columns(facts), changed_at: new Date(this.#of.now()) }).where('id', '=', id).returningAll().executeTakeFirstOrThrow();
      await this.#tell(trx, directory, 'group.changed', now);
      return now;
    });
  }

  #tell(trx: Trx, directory: string, kind: string, { external_id, display_name }: GroupRow): Promise<string> {
    return this.#of.outbox.emit(trx, 'signal.received', { source: 'scim', kind, person: null, ref: external_id ?? display_name, outcome: 'kept' }, { who: directoryWho(directory) });
  }

  async #once<T>(work: (trx: Trx) => Promise<T>): Promise<T> {
    try {
      return await this.#db.transaction().execute(work);
    } catch (error) {
      if (isUniqueViolation(error, 'directory_group_name_once')) throw new ScimError(409, 'uniqueness', 'there is a group of this displayName already');
      throw error;
    }
  }
}

function changed(facts: GroupFacts, { op, attribute, value }: Operation): GroupFacts {
  if (attribute === 'externalid') return { ...facts, externalId: op === 'remove' ? null : optionalTextOf('externalId', value) };
  if (op === 'remove') throw new ScimError(400, 'invalidValue', 'displayName cannot be taken away');
  return { ...facts, displayName: textOf('displayName', value) };
}

/** @returns how many memberships came or went */
async function moveMembers(trx: Trx, directory: string, group: string, { op, where, value }: Operation): Promise<number> {
  if (op === 'add') return addMembers(trx, directory, group, membersIn(value));
  if (op === 'remove' && where === null && (value === undefined || value === null)) return removeMembers(trx, group, null);
  if (op === 'remove') return removeMembers(trx, group, where === null ? membersIn(value) : memberOfFilter(where));
  if (where !== null) throw new ScimError(400, 'invalidPath', 'members are added and removed, or replaced all together');
  const wanted = membersIn(value);
  const there = (await trx.selectFrom('directory_member').select('user_id').where('group_id', '=', group).execute()).map(({ user_id }) => user_id);
  const gone = there.filter((one) => !wanted.includes(one));
  return (gone.length === 0 ? 0 : await removeMembers(trx, group, gone)) + (await addMembers(trx, directory, group, wanted));
}

async function addMembers(trx: Trx, directory: string, group: string, members: readonly string[]): Promise<number> {
  if (members.length === 0) return 0;
  const known = await trx.selectFrom('directory_user').select('id').where('directory', '=', directory).where('id', 'in', [...members]).execute();
  if (known.length < members.length) throw new ScimError(400, 'invalidValue', `${members.length - known.length} of the members are no users of this directory`);
  const { numInsertedOrUpdatedRows } = await trx.insertInto('directory_member').values(members.map((user_id) => ({ group_id: group, user_id }))).onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
  return Number(numInsertedOrUpdatedRows ?? 0);
}

async function removeMembers(trx: Trx, group: string, members: readonly string[] | null): Promise<number> {
  if (members?.length === 0) return 0;
  const { numDeletedRows } = await trx.deleteFrom('directory_member').where('group_id', '=', group).$if(members !== null, (query) => query.where('user_id', 'in', [...(members ?? [])])).executeTakeFirst();
  return Number(numDeletedRows);
}

/** Members as lists of `{ value }`, of ids, or a single one of these. Entra adds `"$ref": null`. */
function membersIn(value: unknown): readonly string[] {
  const list: readonly unknown[] = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
  if (list.length > maxMembers) throw new ScimError(400, 'invalidValue', `no more than ${maxMembers} members at once`);
  return [...new Set(list.map((one) => {
    const id: unknown = typeof one === 'string' ? one : membersOf('a member', one).get('value');
    if (typeof id !== 'string' || !isId(id)) throw new ScimError(400, 'invalidValue', 'a member is named by the id of a user');
    return id.toLowerCase();
  }))];
}

function memberOfFilter(where: string): readonly string[] {
  return (readFilter(where, ['value']) ?? []).flatMap((one) => [...one.values()].map((value) => ({ value: String(value) }))).flatMap(membersIn);
}

function readGroup(body: unknown): GroupFacts & { readonly members: readonly string[] } {
  const members = membersOf('a group', body);
  const schemas = members.get('schemas');
  if (!Array.isArray(schemas) || !schemas.includes(groupSchema)) throw new ScimError(400, 'invalidSyntax', `schemas must name ${groupSchema}`);
  return { displayName: textOf('displayName', members.get('displayname')), externalId: optionalTextOf('externalId', members.get('externalid')), members: membersIn(members.get('members')) };
}

const columns = ({ displayName, externalId }: GroupFacts) => ({ display_name: displayName, display_key: displayName.toLowerCase(), external_id: externalId });
