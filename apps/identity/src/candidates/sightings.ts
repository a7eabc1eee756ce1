import { sql, type Transaction } from 'kysely';
import { uuidv7 } from '@sallyport/domain-model';
import type { EventToTell } from '@sallyport/platform-store';
import type { Stranger } from '../model/admit.ts';
import type { IdentityDatabase } from '../store/database.ts';
import { mostKept } from '../uses/machine-uses.ts';

/** A stranger at a door. */
export interface Sighting {
  /** Id of the attempt. */
  readonly attempt: string;
  readonly source: string;
  readonly door: string;
  readonly stranger: Stranger;
}

export interface Seen {
  /** Attempts of workloads that were blocked by name. */
  readonly blocked: ReadonlySet<string>;
  /** One for each that was not known before. */
  readonly events: readonly EventToTell[];
}

/**
 * Undecided candidates of one issuer that are kept: whoever can mint genuine tokens of it (every repository of a public provider can) fills this and no more; those that were not
 * seen for longest go.
 */
export const mostUndecided = 1000;
/** Claims of a longer text are nobody's whom one would adopt. The table has a bound too. */
const longestClaims = 16_000;

interface Gathered {
  readonly id: string;
  readonly last: Sighting;
  readonly attempts: string[];
  readonly sources: Set<string>;
  readonly doors: Set<string>;
}

/** Remembers who came and is bound to no machine. Part of the admissions' transaction, so that nobody is a candidate without the evidence of the attempt. */
export async function rememberSightings(trx: Transaction<IdentityDatabase>, sightings: readonly Sighting[], now: number): Promise<Seen> {
  const gathered = gather(sightings, now);
  if (gathered.length === 0) return { blocked: new Set(), events: [] };
  const before = await trx
    .selectFrom('candidate')
    .select(['issuer', 'key', 'state'])
    .where(({ eb, refTuple, tuple }) => eb(refTuple('issuer', 'key'), 'in', gathered.map(({ last: { stranger } }) => tuple(stranger.issuer, Buffer.from(stranger.key, 'hex')))))
    .orderBy('issuer')
    .orderBy('key')
    .forUpdate()
    .execute();
  const known = new Map(before.map(({ issuer, key, state }) => [`${issuer} ${key.toString('hex')}`, state]));
  const after = await write(trx, gathered, now);
  const fresh = gathered.filter((one) => known.get(keyOf(one)) === undefined && after.get(keyOf(one))?.id === one.id);
  await forgetOldest(trx, new Set(fresh.map(({ last }) => last.stranger.issuer)));
  return {
    blocked: new Set(gathered.flatMap((one) => (after.get(keyOf(one))?.state === 'blocked' ? one.attempts : []))),
    // Who was adopted and comes as somebody that the machine's binding does not name, is a candidate again.
    events: gathered.filter((one) => fresh.includes(one) || known.get(keyOf(one)) === 'adopted').map((one) => event(one, after.get(keyOf(one))?.id ?? one.id)),
  };
}

/** One entry for each workload, in the order in which rows are locked everywhere. */
function gather(sightings: readonly Sighting[], now: number): readonly Gathered[] {
  const found = new Map<string, Gathered>();
  for (const sighting of sightings) {
    const { stranger, attempt, source, door } = sighting;
    if (JSON.stringify(stranger.claims).length > longestClaims) continue;
    const key = `${stranger.issuer} ${stranger.key}`;
    const before = found.get(key);
    const one = { id: before?.id ?? uuidv7(now), last: sighting, attempts: before?.attempts ?? [], sources: before?.sources ?? new Set<string>(), doors: before?.doors ?? new Set<string>() };
    one.attempts.push(attempt);
    one.sources.add(source);
    one.doors.add(door);
    found.set(key, one);
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

async function write(trx: Transaction<IdentityDatabase>, gathered: readonly Gathered[], now: number): Promise<ReadonlyMap<string, { readonly id: string; readonly state: string }>> {
  const at = new Date(now).toISOString();
  const rows = gathered.map(({ id, last: { stranger }, attempts, sources, doors }) => ({
    id, issuer: stranger.issuer, key: Buffer.from(stranger.key, 'hex'), iss: stranger.iss, audience: stranger.audience, claims: JSON.stringify(stranger.claims), seen: JSON.stringify(stranger.seen),
    first_seen: at, last_seen: at, attempts: attempts.length, sources: [...sources].reverse().slice(0, mostKept), doors: [...doors].reverse().slice(0, mostKept),
  }));
  const written = await trx
    .insertInto('candidate')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['issuer', 'key']).doUpdateSet({
        last_seen: sql`greatest(candidate.last_seen, excluded.last_seen)`,
        attempts: sql`candidate.attempts + excluded.attempts`,
        audience: sql`excluded.audience`,
        seen: sql`excluded.seen`,
        sources: sql`newest_first(excluded.sources, candidate.sources, ${mostKept})`,
        doors: sql`newest_first(excluded.doors, candidate.doors, ${mostKept})`,
        state: sql`case candidate.state when 'adopted' then 'open' else candidate.state end`,
      }),
    )
    .returning(['id', 'issuer', 'key', 'state'])
    .execute();
  return new Map(written.map(({ id, issuer, key, state }) => [`${issuer} ${key.toString('hex')}`, { id, state }]));
}

async function forgetOldest(trx: Transaction<IdentityDatabase>, issuers: ReadonlySet<string>): Promise<void> {
  for (const issuer of issuers) {
    await sql`delete from candidate where id = any (array(select id from candidate where issuer = ${issuer} and state = 'open' order by last_seen desc, id desc offset ${mostUndecided} for update skip locked))`.execute(trx);
  }
}

function event({ last: { stranger, source } }: Gathered, candidate: string): EventToTell {
  const claims = Object.fromEntries(Object.entries(stranger.claims).map(([claim, value]) => [claim, String(value).slice(0, 200)]));
  return { type: 'nhi.candidate', data: { candidate, issuer: stranger.iss, claims, source }, who: null };
}

const keyOf = ({ last: { stranger } }: Gathered) => `${stranger.issuer} ${stranger.key}`;
