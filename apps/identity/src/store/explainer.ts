import type { Kysely } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import { instant } from '@sallyport/domain-model';
import { fail, ok, type Caller, type Reply, type TokenExplanation } from '@sallyport/platform-bus';
import { looksLikeTicket, TokenRefusedError } from '@sallyport/platform-identity';
import { StoreError, type Outbox } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import { candidateByKey } from '../candidates/candidates.ts';
import { blockedRefusal, type Stranger } from '../model/admit.ts';
import { explain, type Explained } from '../model/explain.ts';
import type { IdentityDatabase } from './database.ts';
import type { Registry } from './registry.ts';
import { firstUse } from './token-uses.ts';

const may = ['admin', 'operator'];

/** Tells people what a token would be, and why not. Nobody is let in by it, and the token's first use is still to come. */
export class Explainer {
  readonly #db: Kysely<IdentityDatabase>;
  readonly #outbox: Pick<Outbox, 'emit'>;
  readonly #registry: Registry;
  readonly #log: Log;

  constructor(db: Kysely<IdentityDatabase>, outbox: Pick<Outbox, 'emit'>, registry: Registry, log: Log) {
    this.#db = db;
    this.#outbox = outbox;
    this.#registry = registry;
    this.#log = log;
  }

  async explain(by: Caller, token: string): Promise<Reply<TokenExplanation>> {
    try {
      if (!may.some((role) => by.roles.includes(role))) {
        await this.#record(by, '', 'denied', null);
        return fail('denied', 'explaining a token needs the role admin or operator');
      }
      await this.#registry.follow();
      const { answer, use, stranger } = await this.#judge(token);
      const candidate = stranger === null ? null : await this.#candidate(stranger);
      const refused = candidate?.state === 'blocked' && answer.code === 'claims-unmatched' ? blockedRefusal : { code: answer.code, say: answer.say };
      const used = await this.#record(by, answer.machine ?? answer.person ?? answer.issuer ?? 'unknown', refused.code, use);
      return ok({ ...answer, ...refused, used, candidate });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#log.error('an explanation could not be recorded and is not given', { error });
      return fail('unavailable', 'this is only told when it can be recorded, and that is not possible now');
    }
  }

  async #judge(token: string): Promise<Explained> {
    const { inventory, verifier } = this.#registry;
    try {
      if (looksLikeTicket(token)) throw new TokenRefusedError('token-malformed', 'that is a ticket, which says nothing of itself: look for its exchange in the evidence (token.exchanged)');
      const examined = await verifier.examine(token);
      return explain(examined.token, examined.trouble, inventory);
    } catch (error) {
      if (!(error instanceof TokenRefusedError)) throw error;
      return { answer: { verdict: 'refused', code: error.code, say: error.message, issuer: null, machine: null, binding: null, person: null, behalf: null, expires: null, bindings: [] }, use: null, stranger: null };
    }
  }

  async #candidate({ issuer, key }: Stranger): Promise<TokenExplanation['candidate']> {
    const found = await candidateByKey(this.#db, issuer, key);
    if (found === null) return { id: null, state: 'new', attempts: 0, firstSeen: null, lastSeen: null };
    const { id, state, attempts, firstSeen, lastSeen } = found;
    return { id, state, attempts, firstSeen, lastSeen };
  }

  /** Who asked about whom, and what came of it; nothing of the token. */
  #record(by: Caller, object: string, code: string | null, use: Explained['use']): Promise<TokenExplanation['used']> {
    return this.#db.transaction().execute(async (trx) => {
      const first = use === null ? null : await firstUse(trx, use);
      await this.#outbox.emit(trx, 'operator.acted', { action: 'token.explain', object, ok: code !== 'denied', code }, { who: personWho(by.person) });
      return first === null || use === null ? null : { source: first.source, at: instant(first.at.getTime()), mode: use.mode };
    });
  }
}
