import { StoreError } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import { TooLarge, type Answer, type Asked } from '../asked.ts';
import { readFilter } from './filter.ts';
import { groupFilters, type GroupRow, type Groups } from './groups.ts';
import { described, groupResource, listSchema, maxResults, userResource } from './schemas.ts';
import { ScimError } from './scim-error.ts';
import { userFilters, type Page, type Users } from './users.ts';
import { membersOf } from './value.ts';

export interface ScimServerParts {
  readonly users: Users;
  readonly groups: Groups;
  /** Somebody may be gone or back: identity is told now. */
  readonly hurry: () => void;
  readonly log: Log;
}

const usualCount = 100;
/** What a list is asked with, from an address or from the body of a `.search`. */
type Wanted = (name: string) => string | null;

/** SCIM 2.0 (RFC 7643, 7644) for one directory at a time: users and groups, what the server is, and errors in the standard's form. */
export class ScimServer {
  readonly #of: ScimServerParts;

  constructor(of: ScimServerParts) {
    this.#of = of;
  }

  async answer(asked: Asked): Promise<Answer> {
    try {
      return await this.#route(asked);
    } catch (error) {
      const known = this.#known(error);
      return { status: known.status, body: known.body, ...(known.wait > 0 ? { headers: { 'retry-after': String(known.wait) } } : {}) };
    }
  }

  async #route(asked: Asked): Promise<Answer> {
    const { method, path, base } = asked;
    const [root = '', id = '', ...more] = path.split('/').filter((part) => part !== '');
    if (root === 'Bulk' || root === 'Me') throw new ScimError(501, null, `${root} is not served`);
    const description = described(path, base);
    if (description !== undefined) {
      if (method !== 'GET') throw new ScimError(405, null, 'this can only be read');
      if (asked.query.has('filter')) throw new ScimError(403, null, 'descriptions are not filtered');
      return { status: 200, body: description };
    }
    if ((root !== 'Users' && root !== 'Groups') || more.length > 0) throw new ScimError(404, null, 'there is no such resource');
    const done = root === 'Users' ? await this.#users(asked, id) : await this.#groups(asked, id);
    if (method !== 'GET') this.#of.hurry();
    return done;
  }

  async #users(asked: Asked, id: string): Promise<Answer> {
    const { users } = this.#of;
    const { base, directory: { name } } = asked;
    const show = (row: Parameters<typeof userResource>[0], wanted: Wanted) => pick(userResource(row, base), wanted);
    const inQuery: Wanted = (key) => asked.query.get(key);
    switch (`${asked.method} ${id === '' ? '*' : id === '.search' ? '.search' : 'one'}`) {
      case 'GET *':
      case 'POST .search': {
        const wanted = id === '' ? inQuery : await searchOf(asked);
        const page = pageOf(wanted);
        const { rows, total } = await users.list(name, readFilter(wanted('filter'), userFilters), page);
        return list(rows.map((row) => show(row, wanted)), total, page);
      }
      case 'POST *': {
        const row = await users.create(name, await json(asked));
        return { status: 201, body: show(row, inQuery), headers: { location: `${base}/Users/${row.id}` } };
      }
      case 'GET one':
        return { status: 200, body: show(await users.get(name, id), inQuery) };
      case 'PUT one':
        return { status: 200, body: show(await users.replace(name, id, await json(asked)), inQuery) };
      case 'PATCH one':
        return { status: 200, body: show(await users.patch(name, id, await json(asked)), inQuery) };
      case 'DELETE one':
        await users.remove(name, id);
        return { status: 204, body: null };
      default:
        throw new ScimError(405, null, 'that cannot be done with it');
    }
  }

  async #groups(asked: Asked, id: string): Promise<Answer> {
    const { groups } = this.#of;
    const { base, directory: { name } } = asked;
    const inQuery: Wanted = (key) => asked.query.get(key);
    // A list names members only where it is asked to: there may be thousands in each of its groups.
    const show = async (row: GroupRow, wanted: Wanted, members: boolean) => pick(groupResource(row, members && !names(wanted, 'excludedAttributes').includes('members') ? await groups.members(row.id) : null, base), wanted);
    switch (`${asked.method} ${id === '' ? '*' : id === '.search' ? '.search' : 'one'}`) {
      case 'GET *':
      case 'POST .search': {
        const wanted = id === '' ? inQuery : await searchOf(asked);
        const page = pageOf(wanted);
        const { rows, total } = await groups.list(name, readFilter(wanted('filter'), groupFilters), page);
        const shown: object[] = [];
        for (const row of rows) shown.push(await show(row, wanted, names(wanted, 'attributes').includes('members')));
        return list(shown, total, page);
      }
      case 'POST *': {
        const row = await groups.create(name, await json(asked));
        return { status: 201, body: await show(row, inQuery, true), headers: { location: `${base}/Groups/${row.id}` } };
      }
      case 'GET one':
        return { status: 200, body: await show(await groups.get(name, id), inQuery, true) };
      case 'PUT one':
        return { status: 200, body: await show(await groups.replace(name, id, await json(asked)), inQuery, true) };
      case 'PATCH one':
        return { status: 200, body: await show(await groups.patch(name, id, await json(asked)), inQuery, true) };
      case 'DELETE one':
        await groups.remove(name, id);
        return { status: 204, body: null };
      default:
        throw new ScimError(405, null, 'that cannot be done with it');
    }
  }

  #known(error: unknown): ScimError {
    if (error instanceof ScimError) return error;
    if (error instanceof TooLarge) return new ScimError(413, null, error.message);
    // Nothing was kept: the directory tries again, as it does after any 503.
    if (error instanceof StoreError) return new ScimError(503, null, 'this cannot be kept at this moment; try again', 2);
    this.#of.log.error('a SCIM request failed', { error });
    return new ScimError(500, null, 'our fault; the log has the rest');
  }
}

async function json({ type, body }: Asked): Promise<unknown> {
  if (!/^application\/(?:scim\+)?json(?:;|$)/i.test(type)) throw new ScimError(415, null, 'the body must be application/scim+json');
  try {
    return JSON.parse(await body());
  } catch (error) {
    if (error instanceof SyntaxError) throw new ScimError(400, 'invalidSyntax', 'the body is no JSON');
    throw error;
  }
}

async function searchOf(asked: Asked): Promise<Wanted> {
  const members = membersOf('a search', await json(asked));
  return (key) => {
    const value = members.get(key.toLowerCase());
    return Array.isArray(value) ? value.map(String).join(',') : typeof value === 'string' || typeof value === 'number' ? String(value) : null;
  };
}

function pageOf(wanted: Wanted): Page {
  const number = (name: string, usual: number) => {
    const text = wanted(name);
    if (text === null || text === '') return usual;
    if (!/^-?\d{1,9}$/.test(text)) throw new ScimError(400, 'invalidValue', `${name} must be a whole number`);
    return Number(text);
  };
  // RFC 7644, 3.4.2.4: less than 1 is 1, a negative count is 0.
  return { startIndex: Math.max(1, number('startIndex', 1)), count: Math.min(maxResults, Math.max(0, number('count', usualCount))) };
}

function list(resources: readonly object[], totalResults: number, { startIndex }: Page): Answer {
  return { status: 200, body: { schemas: [listSchema], totalResults, startIndex, itemsPerPage: resources.length, Resources: resources } };
}

const names = (wanted: Wanted, key: string) => (wanted(key) ?? '').split(',').map((name) => name.trim().toLowerCase().replace(/^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/, '')).filter((name) => name !== '');

/** RFC 7644, 3.9: `attributes` or `excludedAttributes`, of the first level; id and schemas are always there. */
function pick(resource: object, wanted: Wanted): object {
  const [only, without] = [names(wanted, 'attributes'), names(wanted, 'excludedAttributes')];
  const always = ['id', 'schemas'];
  return Object.fromEntries(Object.entries(resource).filter(([name]) => {
    const key = name.toLowerCase();
    return always.includes(key) || (only.length > 0 ? only.some((one) => one === key || one.startsWith(`${key}.`)) : !without.includes(key));
  }));
}
