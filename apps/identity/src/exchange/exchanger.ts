import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { EventData } from '@sallyport/domain-events';
import { instant, partyId, uuidv7 } from '@sallyport/domain-model';
import { certificateLine, certify, looksLikeTicket, newTicket, ticketHash, verifyX509Svid } from '@sallyport/platform-identity';
import type { MachineDocument } from '@sallyport/platform-config';
import { StoreError, type Outbox } from '@sallyport/platform-store';
import { counter, type Log } from '@sallyport/platform-telemetry';
import { whyStopped, type Admitted } from '../model/admit.ts';
import { whyNotFor } from '../model/behalf.ts';
import type { Inventory } from '../model/inventory.ts';
import type { IdentityDatabase } from '../store/database.ts';
import { shareRevision } from '../store/documents.ts';
import type { Registry } from '../store/registry.ts';
import { refusalOf, type ResolveRequest, type Resolver } from '../store/resolver.ts';
import { addTicket, type NewTicket } from '../store/tickets.ts';
import type { SshAuthorities } from './authorities.ts';
import { delegate } from './delegate.ts';
import { backdated, grant, type Asker, type Grant } from './grant.ts';
import { OAuthError } from './oauth-error.ts';
import type { ExchangeRequest } from './request.ts';
import { verifyAssertion } from './subjects/saml-assertion.ts';
import { sshCertificateType, ticketType } from './token-types.ts';

const exchanges = counter('sallyport_identity_exchanges_total', 'Token exchanges, by what came of them', ['outcome']);
const maxRounds = 3;

/** RFC 8693 section 2.2.1. */
export interface Exchanged {
  readonly access_token: string;
  readonly issued_token_type: string;
  readonly token_type: 'Bearer' | 'DPoP' | 'N_A';
  readonly expires_in: number;
}

export interface ExchangerParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly outbox: Pick<Outbox, 'emit'>;
  readonly registry: Registry;
  readonly resolver: Resolver;
  /** Null: no SSH certificates here. */
  readonly authorities: SshAuthorities | null;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Turns a machine's token, or with it that of the party that it acts for, into a ticket or an SSH certificate: verified and recorded as every use of a token is, then granted, remembered and recorded in one transaction. */
export class Exchanger {
  readonly #parts: ExchangerParts;

  constructor(parts: ExchangerParts) {
    this.#parts = parts;
  }

  /** Throws OAuthError, for everything that is not given. */
  async exchange(request: ExchangeRequest, asker: Asker): Promise<Exchanged> {
    try {
      const exchanged = await this.#exchange(request, asker);
      exchanges.inc({ outcome: request.type });
      return exchanged;
    } catch (error) {
      if (error instanceof OAuthError) exchanges.inc({ outcome: error.reason });
      if (!(error instanceof StoreError)) throw error;
      exchanges.inc({ outcome: 'unavailable' });
      this.#parts.log.error('an exchange could not be recorded and is refused', { error });
      throw new OAuthError('temporarily_unavailable', 'unavailable', 'the exchange cannot be recorded now; try again');
    }
  }

  async #exchange(request: ExchangeRequest, asker: Asker): Promise<Exchanged> {
    if (looksLikeTicket(request.subjectToken)) throw new OAuthError('invalid_request', 'subject-is-ticket', 'a ticket is not exchanged for another: exchange the token that it came of');
    if (request.actorToken !== null && looksLikeTicket(request.actorToken)) throw new OAuthError('invalid_request', 'actor-is-ticket', 'a ticket does not act: bring the machine’s own token as actor_token');
    if (request.type === 'ssh-certificate' && this.#parts.authorities === null) throw new OAuthError('invalid_request', 'no-authority', 'SSH certificates are not set up here (SALLYPORT_SSH_CA_DIR): ask for a ticket');
    if (request.actorToken === null) return this.#give(request, await this.#verified(request.subjectToken, 'machine', this.#proofOf(request, asker), asker), null, asker);
    const subject = await this.#verified(request.subjectToken, 'subject', undefined, asker);
    return this.#give(request, await this.#verified(request.actorToken, 'actor', undefined, asker), subject, asker);
  }

  /** Verified and recorded as every use of a token is. Throws OAuthError. */
  async #verified(token: string, of: 'machine' | 'subject' | 'actor', prove: ResolveRequest['prove'], { address }: Asker): Promise<Admitted> {
    const settled = await this.#parts.resolver.settle({
      token, certificate: null, target: null, role: null, holds: null, door: 'token-exchange', source: { address, port: 0, client: null }, session: null, expect: of === 'subject' ? 'subject' : 'machine', prove,
    });
    if (!settled.ok) throw new OAuthError('temporarily_unavailable', 'unavailable', settled.error.say);
    const refused = refusalOf(settled.value);
    if (refused !== null) throw new OAuthError('invalid_request', of === 'actor' ? 'actor-refused' : 'subject-refused', of === 'machine' ? refused.say : `the ${of} token: ${refused.say}`);
    const { judgement } = settled.value;
    if (judgement.kind !== 'admit') throw new OAuthError('server_error', 'internal', 'neither admitted nor refused');
    return judgement;
  }

  /** How a subject that is no JWT is verified; undefined for JWTs, which are verified as everywhere. */
  #proofOf({ subjectKind, subjectToken }: ExchangeRequest, { chain }: Asker): ResolveRequest['prove'] {
    const { now } = this.#parts;
    switch (subjectKind) {
      case 'jwt':
        return undefined;
      case 'saml':
        return ({ issuers }) => verifyAssertion(subjectToken, issuers, now());
      case 'x509-svid':
        return ({ issuers }) => Promise.resolve(verifyX509Svid(chain, issuers, now()));
    }
  }

  async #give(request: ExchangeRequest, admitted: Admitted, subject: Admitted | null, asker: Asker): Promise<Exchanged> {
    const { registry, now } = this.#parts;
    const { origin } = admitted;
    if (origin === null) throw new OAuthError('invalid_request', 'not-exchangeable', 'this token is not exchanged');
    for (let round = 0; round < maxRounds; round++) {
      const { inventory } = registry;
      const at = now();
      const granted = await this.#granted(admitted, asker, () => {
        const delegation = subject === null ? null : delegate(admitted, subject, inventory);
        return grant(request, { admitted, origin, delegation, asker, inventory, now: at });
      });
      const machine = inventory.machines.get(granted.machine);
      const stopped = machine === undefined ? { say: 'the machine left the inventory' } : (whyStopped(machine, inventory) ?? whyNotAny(machine, granted, inventory));
      if (stopped !== null) throw new OAuthError('invalid_request', 'machine-stopped', stopped.say);
      const id = uuidv7(at);
      const made = await this.#make(request, granted, id, at);
      if (await this.#record({ ...granted, ...made.remember, id, issued: at }, admitted, inventory.revision)) {
        return { ...made.answer, expires_in: Math.floor((granted.expires - at) / 1000) };
      }
      await registry.reload();
    }
    throw new OAuthError('temporarily_unavailable', 'unavailable', 'the inventory is changing; try again');
  }

  /** What is genuine and still not granted is recorded before it is told. */
  async #granted({ binding, who }: Admitted, { address }: Asker, judge: () => Grant): Promise<Grant> {
    try {
      return judge();
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      const { db, outbox } = this.#parts;
      await db.transaction().execute((trx) => outbox.emit(trx, 'token.refused', { code: error.reason, say: error.message.slice(0, 500), binding, source: address.slice(0, 64) }, { who }));
      throw error;
    }
  }

  async #make(request: ExchangeRequest, granted: Grant, id: string, now: number): Promise<{ readonly remember: Pick<NewTicket, 'secret' | 'serial'>; readonly answer: Omit<Exchanged, 'expires_in'> }> {
    const { authorities } = this.#parts;
    if (request.type === 'ticket') {
      const ticket = newTicket();
      return { remember: { secret: ticketHash(ticket), serial: null }, answer: { access_token: ticket, issued_token_type: ticketType, token_type: granted.key?.startsWith('jkt:') === true ? 'DPoP' : 'Bearer' } };
    }
    if (authorities === null || request.publicKey === null) throw new OAuthError('server_error', 'internal', 'a certificate without its authority or its key');
    // 63 random bits: nobody learns from a serial how many there are.
    const serial = randomBytes(8).readBigUInt64BE() >> 1n;
    const keyId = `machine:${granted.machine} ticket:${id}`;
    const blob = await certify(request.publicKey, {
      kind: 'user', serial, keyId, principals: granted.targets, extensions: granted.extensions,
      validAfter: BigInt(Math.floor((now - backdated) / 1000)), validBefore: BigInt(granted.expires / 1000),
      criticalOptions: granted.sources.length === 0 ? new Map() : new Map([['source-address', granted.sources.join(',')]]),
    }, authorities.user);
    return { remember: { secret: null, serial }, answer: { access_token: certificateLine(blob, keyId.replace(' ', '/')), issued_token_type: sshCertificateType, token_type: 'N_A' } };
  }

  /**
   * False when the inventory was changed since the machine was looked at. The share lock makes a suspension wait for this commit, so that it finds and revokes what is
   * given here; or this wait for it, and see it.
   */
  #record(ticket: NewTicket, { binding, who }: Admitted, revision: number): Promise<boolean> {
    const { db, outbox } = this.#parts;
    return db.transaction().execute(async (trx) => {
      if ((await shareRevision(trx)) !== revision) return false;
      await addTicket(trx, ticket);
      await outbox.emit(trx, 'token.exchanged', told(ticket, binding), { who });
      return true;
    });
  }
}

/** Everything but the ticket. */
function told({ kind, id, serial, targets, key, maxUses, sources, extensions, act, behalf, expires, source }: NewTicket, binding: string): EventData['token.exchanged'] {
  return { kind, id, serial: serial === null ? null : String(serial), binding, targets, key, uses: maxUses, sources, extensions, act, expires: instant(expires), source, ...(behalf === null ? {} : { behalf: partyId(behalf) }) };
}

/** A token of the machine's own hand that is a person's: whoever it acts for may have left since it was looked at. */
const whyNotAny = (machine: MachineDocument, { behalf, behalfSince }: Grant, inventory: Inventory) => (behalf === null ? null : whyNotFor(machine, { party: behalf, since: behalfSince }, inventory));
