import { sql, type ExpressionBuilder, type ExpressionWrapper, type Kysely, type SqlBool } from 'kysely';
import { instant } from '@sallyport/domain-model';
import { fail, ok, type AccessRequest, type Entitlement, type Reply } from '@sallyport/platform-bus';
import type { IdentityDatabase } from '../store/database.ts';
import { isUuid } from './ender.ts';
import type { GrantState } from './grants.ts';
import type { RequestRow } from './requests.ts';
import { shownGrant, shownRequest } from './shown.ts';

export interface Page {
  /** The last id of the page before. */
  readonly after: string | null;
  readonly limit: number;
}

interface GrantFilter extends Page {
  readonly machine: string | null;
  readonly target: string | null;
  readonly state: GrantState | null;
  readonly kind: 'standing' | 'jit' | 'break-glass' | null;
  readonly role: string | null;
  readonly document: string | null;
  readonly unusedDays: number | null;
}

interface RequestFilter extends Page {
  readonly machine: string | null;
  readonly target: string | null;
  readonly state: RequestRow['state'] | null;
  readonly kind: RequestRow['kind'] | null;
  readonly request: string | null;
}

type Grants = ExpressionBuilder<IdentityDatabase, 'entitlement'>;
type Conditions = ExpressionWrapper<IdentityDatabase, 'entitlement', SqlBool>[];

const maxSessions = 100;
const dayMs = 86_400_000;

/** Grants and requests in pages, newest first, each with how many there are in all. */
export class Lists {
  readonly #db: Kysely<IdentityDatabase>;
  readonly #now: () => number;

  constructor(db: Kysely<IdentityDatabase>, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  async entitlements(filter: GrantFilter): Promise<Reply<{ entitlements: Entitlement[]; total: number; next: string | null }>> {
    const { after, limit } = filter;
    if (after !== null && !isUuid(after)) return fail('invalid', 'after: is no id of an entitlement');
    const now = this.#now();
    const where = (eb: Grants) => eb.and(conditions(eb, filter, now));
    const [rows, { count }] = await Promise.all([
      this.#db.selectFrom('entitlement').selectAll().where(where).$if(after !== null, (query) => query.where('id', '<', after ?? '')).orderBy('id', 'desc').limit(limit + 1).execute(),
      this.#db.selectFrom('entitlement').select((eb) => eb.fn.countAll<string>().as('count')).where(where).executeTakeFirstOrThrow(),
    ]);
    const page = rows.slice(0, limit);
    return ok({ entitlements: page.map((row) => shownGrant(row, now)), total: Number(count), next: rows.length > limit ? (page.at(-1)?.id ?? null) : null });
  }

  async entitlement(id: string): Promise<Reply<{ entitlement: Entitlement; sessions: { session: string; at: string }[] }>> {
    const row = isUuid(id) ? await this.#db.selectFrom('entitlement').selectAll().where('id', '=', id).executeTakeFirst() : undefined;
    if (row === undefined) return fail('not-found', `there is no entitlement ${id}`);
    const sessions = await this.#db.selectFrom('entitlement_use').select(['session', 'at']).where('entitlement', '=', id).orderBy('at', 'desc').limit(maxSessions).execute();
    return ok({ entitlement: shownGrant(row, this.#now()), sessions: sessions.map(({ session, at }) => ({ session, at: instant(at.getTime()) })) });
  }

  async requests({ after, limit, machine, target, state, kind, request }: RequestFilter): Promise<Reply<{ requests: AccessRequest[]; total: number; next: string | null }>> {
    if ([after, request].some((id) => id !== null && !isUuid(id))) return fail('invalid', 'after, request: is no id of a request');
    const all = this.#db.selectFrom('access_request')
      .$if(machine !== null, (query) => query.where('access_request.machine', '=', machine ?? ''))
      .$if(target !== null, (query) => query.where('access_request.target', '=', target ?? ''))
      .$if(state !== null, (query) => query.where('access_request.state', '=', state ?? 'pending'))
      .$if(kind !== null, (query) => query.where('access_request.kind', '=', kind ?? 'jit'))
      .$if(request !== null, (query) => query.where('access_request.id', '=', request ?? ''));
    const [rows, { count }] = await Promise.all([
      all.leftJoin('entitlement', 'entitlement.request', 'access_request.id').selectAll('access_request').select('entitlement.id as granted')
        .$if(after !== null, (query) => query.where('access_request.id', '<', after ?? '')).orderBy('access_request.id', 'desc').limit(limit + 1).execute(),
      all.select((eb) => eb.fn.countAll<string>().as('count')).executeTakeFirstOrThrow(),
    ]);
    const page = rows.slice(0, limit);
    return ok({ requests: page.map(({ granted, ...row }) => shownRequest(row, granted)), total: Number(count), next: rows.length > limit ? (page.at(-1)?.id ?? null) : null });
  }

  /** One request with what was granted for it. */
  async shown(row: RequestRow): Promise<AccessRequest> {
    const granted = row.state === 'granted' ? await this.#db.selectFrom('entitlement').select('id').where('request', '=', row.id).executeTakeFirst() : undefined;
    return shownRequest(row, granted?.id ?? null);
  }
}

function conditions(eb: Grants, { machine, target, state, kind, role, document, unusedDays }: GrantFilter, now: number): Conditions {
  const found: Conditions = [];
  if (machine !== null) found.push(eb('machine', '=', machine));
  if (target !== null) found.push(eb('target', '=', target));
  if (kind !== null) found.push(eb('kind', '=', kind));
  if (role !== null) found.push(eb('role', '=', role));
  if (document !== null) found.push(eb('document', '=', document));
  if (state !== null) found.push(...ofState(eb, state, new Date(now)));
  if (unusedDays !== null) found.push(eb('ended', 'is', null), eb('until', '>', new Date(now)), eb(eb.fn.coalesce('last_used', 'starts'), '<', new Date(now - unusedDays * dayMs)));
  return found;
}

/** As `stateOf` says of one row. */
function ofState(eb: Grants, state: GrantState, now: Date): Conditions {
  const usedUp = sql<SqlBool>`(uses is not null and used >= uses)`;
  switch (state) {
    case 'live':
      return [eb('ended', 'is', null), eb('until', '>', now), eb.not(usedUp)];
    case 'used-up':
      return [eb('ended', 'is', null), eb('until', '>', now), eb.and([usedUp])];
    case 'expired':
      return [eb.or([eb('why', '=', 'time'), eb.and([eb('ended', 'is', null), eb('until', '<=', now)])])];
    case 'revoked':
    case 'superseded':
      return [eb('why', '=', state)];
  }
}
