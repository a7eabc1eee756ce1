import { createHash } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { identityList, type Bus } from '@sallyport/platform-bus';
import { issuerDocument } from '@sallyport/platform-config';
import { oldestSecurityEvent, SecurityEventError, type EventIssuer, type SecurityEvent, type SecurityEventVerifier } from '@sallyport/platform-identity';
import type { Outbox } from '@sallyport/platform-store';
import type { GovernanceDatabase } from '../../store/database.ts';
import { directoryWho, type KnownDirectory } from '../directories.ts';
import { leaveWord, queue, type Word } from '../leave.ts';
import type { People } from '../people.ts';
import { isTold, meaningOf, shortType, timestampOf } from './meaning.ts';
import { subjectOf, type Subject } from './subject.ts';

export interface ReceiverParts {
  readonly db: Kysely<GovernanceDatabase>;
  readonly outbox: Outbox;
  readonly bus: Pick<Bus, 'call'>;
  readonly people: People;
  readonly verifier: SecurityEventVerifier;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** So long the Issuer documents are believed, in milliseconds. */
const issuersGoodFor = 60_000;

/** Takes security event tokens, from wherever they came: verified, once each by their `jti`, with what follows from them in one transaction. */
export class Receiver {
  readonly #of: ReceiverParts;
  #issuers: { readonly at: number; readonly names: ReadonlyMap<string, readonly string[]> } = { at: Number.NEGATIVE_INFINITY, names: new Map() };

  constructor(of: ReceiverParts) {
    this.#of = of;
  }

  /**
   * Returns when what it says is durable. A token that was taken before is fine, and nothing follows again. Throws SecurityEventError for a token that is not taken,
   * StoreError where it cannot be kept now.
   * @returns its `jti`
   */
  async take(directory: KnownDirectory, compact: string): Promise<string> {
    const event = await this.#of.verifier.verify(compact, issuerOf(directory));
    const about = await Promise.all([...event.events].map(async ([type, data]) => ({ type, at: timestampOf(data), ids: await this.#idsOf(subjectOf(event.subject) ?? subjectOf(data['subject'])) })));
    await this.#keep(directory, event, about);
    return event.jti;
  }

  async #keep(directory: KnownDirectory, event: SecurityEvent, about: readonly { readonly type: string; readonly at: number | null; readonly ids: readonly string[] }[]): Promise<void> {
    const { db, outbox, people, now } = this.#of;
    const jti_hash = createHash('sha256').update(event.jti).digest();
    await db.transaction().execute(async (trx) => {
      const until = new Date(event.issued + oldestSecurityEvent + 600_000);
      const first = await trx.insertInto('security_event').values({ directory: directory.name, jti_hash, until }).onConflict((conflict) => conflict.doNothing()).returning('until').executeTakeFirst();
      if (first === undefined) return;
      for (const { type, at, ids } of about) {
        const meaning = meaningOf(type);
        const told = isTold(meaning) && ids.length > 0;
        if (told) await tell(trx, { source: 'ssf', origin: `ssf:${directory.name}`, kind: meaning, ids, at: new Date((meaning === 'session-revoked' ? at : null) ?? event.happened), ref: event.jti, reason: `${shortType(type)} of ${directory.name}` }, now());
        const outcome = told ? `identity is told: ${meaning}` : meaning === undefined ? 'recorded: this type means nothing here' : isTold(meaning) ? 'recorded: it names no person' : 'recorded';
        await outbox.emit(trx, 'signal.received', { source: 'ssf', kind: shortType(type), person: people.match(ids)[0] ?? null, ref: event.jti.slice(0, 320), outcome }, { who: directoryWho(directory.name) });
      }
    });
  }

  /** Of an `iss_sub` the people who log in with exactly that first. */
  async #idsOf(subject: Subject | null): Promise<readonly string[]> {
    if (subject === null) return [];
    if (subject.issSub === null) return subject.ids;
    const { iss, sub } = subject.issSub;
    const people = ((await this.#issuerNames()).get(iss) ?? []).flatMap((name) => this.#of.people.bySubject(name, sub));
    return [...people, ...subject.ids];
  }

  async #issuerNames(): Promise<ReadonlyMap<string, readonly string[]>> {
    if (this.#of.now() - this.#issuers.at < issuersGoodFor) return this.#issuers.names;
    const reply = await this.#of.bus.call(identityList, { kind: 'Issuer', name: null });
    // Without identity a person is found by the ids of a directory alone, and by this one when it is asked again.
    if (!reply.ok) return this.#issuers.names;
    const names = new Map<string, string[]>();
    for (const document of reply.value.documents) {
      const parsed = issuerDocument.safeParse(document);
      if (parsed.success) names.set(parsed.data.spec.issuer, [...(names.get(parsed.data.spec.issuer) ?? []), parsed.data.metadata.name]);
    }
    this.#issuers = { at: this.#of.now(), names };
    return names;
  }
}

/** Whose session is over is not gone: nothing is remembered of it besides the word itself. */
const tell = (trx: Transaction<GovernanceDatabase>, word: Word, now: number): Promise<unknown> => (word.kind === 'session-revoked' ? queue(trx, word, now, null) : leaveWord(trx, word, now));

function issuerOf({ name, issuer, jwks_uri: jwksUri, audience, authority }: KnownDirectory): EventIssuer {
  if (issuer === null || jwksUri === null || audience === null) throw new SecurityEventError('invalid_issuer', 'this directory sends no security events');
  return { name, issuer, jwksUri, audience, authority };
}
