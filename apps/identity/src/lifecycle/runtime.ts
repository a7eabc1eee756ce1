import type { Kysely, Transaction } from 'kysely';
import type { Runtime } from '../model/inventory.ts';
import type { IdentityDatabase } from '../store/database.ts';
import type { NewLoginRevocation } from './login-revocations.ts';
import type { NewStatus } from './status.ts';
import type { NewWord } from './words.ts';

const iso = (ms: number) => new Date(ms).toISOString();
/** Rows of one statement: PostgreSQL takes 65,535 parameters. */
const most = 5000;

/** What stands: the last word of each source about each person, the last row of each cause of each machine, and until when whose logins were revoked. */
export async function readRuntime(db: Kysely<IdentityDatabase>): Promise<Runtime> {
  const words = await db.selectFrom('person_word').distinctOn(['person', 'source']).select(['person', 'source', 'change', 'at']).orderBy('person').orderBy('source').orderBy('id', 'desc').execute();
  const newest = db.selectFrom('machine_status').distinctOn(['machine', 'cause']).selectAll().orderBy('machine').orderBy('cause').orderBy('id', 'desc').as('newest');
  const statuses = await db.selectFrom(newest).select(['machine', 'cause', 'state', 'why', 'since', 'until', 'person']).where('state', '<>', 'cleared').execute();
  const revocations = await db.selectFrom('login_revocation').distinctOn('person').select(['person', 'before']).orderBy('person').orderBy('before', 'desc').execute();
  return {
    revocations: revocations.map(({ person, before }) => ({ person, before: before.getTime() })),
    words: words.map((word) => ({ ...word, at: word.at.getTime() })),
    statuses: statuses.flatMap(({ state, since, until, ...rest }) => (state === 'cleared' ? [] : [{ ...rest, state, since: since.getTime(), until: until?.getTime() ?? null }])),
  };
}

/** @param now milliseconds since 1970 */
export async function writeWords(trx: Transaction<IdentityDatabase>, words: readonly NewWord[], now: number): Promise<void> {
  for (let at = 0; at < words.length; at += most) {
    const rows = words.slice(at, at + most).map(({ person, source, change, at: when, toldBy, ref, reason }) => ({ person, source, change, at: iso(when), told_by: toldBy, ref, reason, recorded: iso(now) }));
    await trx.insertInto('person_word').values(rows).execute();
  }
}

/** @param now milliseconds since 1970 */
export async function writeStatuses(trx: Transaction<IdentityDatabase>, statuses: readonly NewStatus[], now: number): Promise<void> {
  for (let at = 0; at < statuses.length; at += most) {
    const rows = statuses.slice(at, at + most).map(({ machine, cause, state, why, since, until, person, setBy }) => ({
      machine, cause, state, why, since: iso(since), until: until === null ? null : iso(until), person, set_by: setBy, recorded: iso(now),
    }));
    await trx.insertInto('machine_status').values(rows).execute();
  }
}

/** @param now milliseconds since 1970 */
export async function writeRevocations(trx: Transaction<IdentityDatabase>, revocations: readonly NewLoginRevocation[], now: number): Promise<void> {
  if (revocations.length === 0) return;
  await trx.insertInto('login_revocation').values(revocations.map(({ person, before, source, toldBy, ref, reason }) => ({ person, before: iso(before), source, told_by: toldBy, ref, reason, recorded: iso(now) }))).execute();
}
