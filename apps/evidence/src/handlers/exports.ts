import type { Kysely } from 'kysely';
import { isEpochOf } from '@sallyport/engine-evidence';
import { personWho, type EventData } from '@sallyport/domain-events';
import { fail, ok, type Caller, type Reply } from '@sallyport/platform-bus';
import type { Outbox } from '@sallyport/platform-store';
import type { Notary } from '../log/notary.ts';
import type { EvidenceDatabase } from '../store/database.ts';

export interface ExportsOf {
  readonly db: Kysely<EvidenceDatabase>;
  readonly outbox: Outbox;
  readonly notary: Notary;
  /** The log's name. */
  readonly name: string;
}

/** Packs that go out: recorded first, then signed for. What is in a pack is not looked at; the signature says who made it known, and the proofs in it speak for the events. */
export class Exports {
  readonly #of: ExportsOf;

  constructor(of: ExportsOf) {
    this.#of = of;
  }

  async sign(by: Caller, exported: EventData['evidence.exported']): Promise<Reply<{ readonly note: string }>> {
    const { db, outbox, notary, name } = this.#of;
    if (!isEpochOf(name)(exported.origin)) return fail('invalid', 'origin: is not one of this log');
    if (exported.from > exported.to || exported.count > exported.to - exported.from) return fail('invalid', 'from, to, count: are not leaves and how many of them are shown');
    const who = personWho(by.person);
    await db.transaction().execute((trx) => outbox.emit(trx, 'evidence.exported', exported, { who }));
    return ok({ note: await notary.signPack(exported.origin, exported.manifest) });
  }
}
