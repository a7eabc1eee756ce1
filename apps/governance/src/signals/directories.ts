import { createHash, timingSafeEqual } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import { personWho, whoNamed, type Who } from '@sallyport/domain-events';
import { fail, ok, type Caller, type Directory, type Reply, type Transmitter } from '@sallyport/platform-bus';
import { isSecure } from '@sallyport/platform-config';
import { isUniqueViolation, type Outbox } from '@sallyport/platform-store';
import type { GovernanceDatabase } from '../store/database.ts';
import type { SignalsDatabase } from './database.ts';

type Row = Selectable<SignalsDatabase['directory']>;

/** A directory that has shown its token. */
export type KnownDirectory = Pick<Row, 'name' | 'kind' | 'issuer' | 'jwks_uri' | 'audience' | 'authority' | 'poll' | 'credential' | 'seen_at'>;

export interface DirectoriesParts {
  readonly db: Kysely<GovernanceDatabase>;
  readonly outbox: Outbox;
  readonly now: () => number;
}

/** How exactly it is known when a directory was heard, in milliseconds: a write for each request would cost more than it tells. */
const seenEvery = 60_000;

/** Who may tell us of people, each by its bearer token, which is kept by hash alone. */
export class Directories {
  readonly #of: DirectoriesParts;
  /** Why nothing can be fetched from a transmitter, by its name. */
  readonly #faults = new Map<string, string>();

  constructor(of: DirectoriesParts) {
    this.#of = of;
  }

  fault(name: string, say: string | null): void {
    if (say === null) this.#faults.delete(name);
    else this.#faults.set(name, say);
  }

  /** Whose token this is; null for nobody's and for one that was revoked. Throws StoreError. */
  async byToken(token: string): Promise<KnownDirectory | null> {
    const hash = createHash('sha256').update(token).digest();
    const row = await this.#of.db.selectFrom('directory').selectAll().where('token_hash', '=', hash).where('revoked_at', 'is', null).executeTakeFirst();
    // The index was asked with a hash, which says nothing of the token; the comparison that decides takes the same time whatever it finds.
    return row !== undefined && timingSafeEqual(row.token_hash, hash) ? row : null;
  }

  /** Transmitters that are asked for their events. */
  async polled(): Promise<readonly KnownDirectory[]> {
    return this.#of.db.selectFrom('directory').selectAll().where('kind', '=', 'ssf').where('poll', 'is not', null).where('revoked_at', 'is', null).orderBy('name').execute();
  }

  /** It was heard, now. */
  async seen({ name, seen_at }: Pick<Row, 'name' | 'seen_at'>): Promise<void> {
    const now = this.#of.now();
    if (seen_at !== null && now - seen_at.getTime() < seenEvery) return;
    await this.#of.db.updateTable('directory').set({ seen_at: new Date(now) }).where('name', '=', name).execute();
  }

  async list(): Promise<Directory[]> {
    const rows = await this.#of.db.selectFrom('directory').selectAll().orderBy('name').execute();
    const counts = await this.#of.db
      .selectFrom('directory_user')
      .select(({ fn }) => ['directory', fn.countAll<string>().as('users'), fn.countAll<string>().filterWhere('active', '=', false).as('inactive')])
      .groupBy('directory')
      .execute();
    return rows.map((row) => this.#shown(row, counts.find(({ directory }) => directory === row.name)));
  }

  async add(by: Caller, name: string, tokenHash: string, transmitter: Transmitter | null): Promise<Reply<{ directory: Directory }>> {
    const wrong = transmitter === null ? null : wrongOf(transmitter);
    if (wrong !== null) return fail('invalid', wrong);
    const values = {
      name, kind: transmitter === null ? ('scim' as const) : ('ssf' as const), token_hash: Buffer.from(tokenHash, 'hex'), added_at: new Date(this.#of.now()), added_by: by.person, revoked_at: null, seen_at: null,
      issuer: transmitter?.issuer ?? null, jwks_uri: transmitter?.jwksUri ?? null, audience: transmitter?.audience ?? null, authority: transmitter?.authority ?? null, poll: transmitter?.poll ?? null, credential: transmitter?.credential ?? null,
    };
    try {
      return await this.#of.db.transaction().execute(async (trx) => {
        const row = await trx.insertInto('directory').values(values).onConflict((conflict) => conflict.column('name').doNothing()).returningAll().executeTakeFirst();
        await this.#of.outbox.emit(trx, 'operator.acted', { action: 'directory.add', object: name, ok: row !== undefined, code: row === undefined ? 'exists' : null }, { who: personWho(by.person) });
        return row === undefined ? fail('exists', `there is a directory ${name} already: \`sallyport directories rotate ${name}\` gives it another token`) : ok({ directory: this.#shown(row, undefined) });
      });
    } catch (error) {
      if (isUniqueViolation(error, 'directory_token_once')) return fail('invalid', 'this token is another directory’s: make a new one');
      throw error;
    }
  }

  rotate(by: Caller, name: string, tokenHash: string): Promise<Reply<{ directory: Directory }>> {
    return this.#change(by, name, 'directory.rotate', { token_hash: Buffer.from(tokenHash, 'hex'), revoked_at: null });
  }

  revoke(by: Caller, name: string): Promise<Reply<{ directory: Directory }>> {
    return this.#change(by, name, 'directory.revoke', { revoked_at: new Date(this.#of.now()) });
  }

  async #change(by: Caller, name: string, action: string, set: { readonly token_hash?: Buffer; readonly revoked_at: Date | null }): Promise<Reply<{ directory: Directory }>> {
    try {
      return await this.#of.db.transaction().execute(async (trx) => {
        const row = await trx.updateTable('directory').set(set).where('name', '=', name).returningAll().executeTakeFirst();
        await this.#of.outbox.emit(trx, 'operator.acted', { action, object: name, ok: row !== undefined, code: row === undefined ? 'not-found' : null }, { who: personWho(by.person) });
        return row === undefined ? fail('not-found', `there is no directory ${name}`) : ok({ directory: this.#shown(row, undefined) });
      });
    } catch (error) {
      if (isUniqueViolation(error, 'directory_token_once')) return fail('invalid', 'this token is another directory’s: make a new one');
      throw error;
    }
  }

  #shown(row: Row, counts: { readonly users: string; readonly inactive: string } | undefined): Directory {
    const { issuer, jwks_uri: jwksUri, audience, authority, poll, credential } = row;
    return {
      name: row.name, kind: row.kind, state: row.revoked_at === null ? 'active' : 'revoked', added: { by: row.added_by, at: row.added_at.toISOString() }, seen: row.seen_at?.toISOString() ?? null,
      users: Number(counts?.users ?? 0), inactive: Number(counts?.inactive ?? 0),
      transmitter: issuer === null || jwksUri === null || audience === null ? null : { issuer, jwksUri, audience, authority, poll, credential }, fault: this.#faults.get(row.name) ?? null,
    };
  }
}

/** What a directory does is its own act. */
export const directoryWho = (name: string): Who => whoNamed(`directory:${name}`);

function wrongOf({ issuer, jwksUri, poll, credential }: Transmitter): string | null {
  if (!URL.canParse(issuer)) return 'the issuer must be a URL, as it stands in its events';
  if (!URL.canParse(jwksUri) || !isSecure(jwksUri)) return 'the address of its keys must be https; http is for loopback addresses only';
  if (poll !== null && (!URL.canParse(poll) || !isSecure(poll))) return 'the address that is polled must be https; http is for loopback addresses only';
  if ((poll === null) !== (credential === null)) return 'an address that is polled goes with the credential for it, and only with one';
  return null;
}
