import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Kysely } from 'kysely';
import { id, uuidv7, type Digest } from '@sallyport/domain-model';
import { fail, ok, type HeldKeys, type Principal, type Reply } from '@sallyport/platform-bus';
import { CertificateRefusedError, isTicket, looksLikeTicket, ticketHash, TokenRefusedError, verifyUserCertificate, type VerifiedToken, type CertificateRefusal, type SshPublicKey, type TicketRefusal } from '@sallyport/platform-identity';
import { StoreError } from '@sallyport/platform-store';
import { counter, histogram, type Log } from '@sallyport/platform-telemetry';
import type { TokenReviews } from '../exchange/subjects/token-review.ts';
import { admit, refusedToken, type Expected, type Judgement, type Refused } from '../model/admit.ts';
import type { Inventory } from '../model/inventory.ts';
import { admitTicket, asked } from '../model/ticket.ts';
import { Admissions, AdmissionsFullError, type Judged, type Ruled } from './admissions.ts';
import type { IdentityDatabase } from './database.ts';
import type { Registry } from './registry.ts';
import { certificateBySerial, ticketBySecret } from './tickets.ts';

const attempts = counter('sallyport_identity_attempts_total', 'Credentials shown, by what came of it', ['outcome']);
const took = histogram('sallyport_identity_resolve_seconds', 'From the request to the recorded answer');

export interface ResolveRequest {
  readonly token: string;
  /** Base64 of an OpenSSH certificate's blob; then `token` is empty. */
  readonly certificate: string | null;
  readonly target: string | null;
  readonly role: string | null;
  readonly holds: HeldKeys | null;
  readonly door: string;
  readonly source: { readonly address: string; readonly port: number; readonly client: string | null };
  readonly session: string | null;
  readonly expect: Expected;
  /** For what is no JWT: proves it against the inventory of that moment. Throws TokenRefusedError. */
  readonly prove?: ((inventory: Inventory) => Promise<VerifiedToken>) | undefined;
}

export interface ResolverParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly registry: Registry;
  readonly admissions: Admissions;
  /** Who signs user certificates; none where there is no authority. */
  readonly authorities: readonly SshPublicKey[];
  /** Asks the clusters of Kubernetes tokens; absent where there is no way to their credentials. */
  readonly reviews?: Pick<TokenReviews, 'check'> | undefined;
  readonly log: Log;
  readonly now: () => number;
}

/** Who comes with this credential? Every answer, good or bad, was recorded before it is given. */
export class Resolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  async resolve(request: ResolveRequest): Promise<Reply<Principal>> {
    const settled = await this.settle(request);
    return settled.ok ? answer(settled.value) : settled;
  }

  /** The same, with all that is known. Fails with `unavailable` alone. */
  async settle(request: ResolveRequest): Promise<Reply<Ruled>> {
    const began = performance.now();
    const judge = () => this.#judge(request);
    try {
      const judged = await judge();
      const attempt = {
        id: uuidv7(),
        door: request.door.slice(0, 40),
        source: request.source.address.slice(0, 64),
        client: request.source.client,
        session: request.session?.slice(0, 64) ?? null,
        micros: Math.round((performance.now() - began) * 1000),
      };
      const ruled = await this.#parts.admissions.settle({ attempt, judged, judge });
      attempts.inc({ outcome: outcomeOf(ruled) });
      return ok(ruled);
    } catch (error) {
      if (!(error instanceof StoreError || error instanceof AdmissionsFullError)) throw error;
      attempts.inc({ outcome: 'unavailable' });
      this.#parts.log.error('an attempt could not be recorded and is refused', { error });
      return fail('unavailable', 'the attempt cannot be recorded now; try again');
    } finally {
      took.observe((performance.now() - began) / 1000);
    }
  }

  /** By one inventory from beginning to end, whose revision goes with the judgement. */
  async #judge(request: ResolveRequest): Promise<Judged> {
    const { inventory } = this.#parts.registry;
    const { revision } = inventory;
    try {
      if (request.certificate !== null) return { judgement: await this.#judgeCertificate(request, request.certificate, inventory), revision };
      if (looksLikeTicket(request.token)) return { judgement: await this.#judgeTicket(request, inventory), revision };
      const token = request.prove === undefined ? await this.#parts.registry.verifier.verify(request.token) : await request.prove(inventory);
      await this.#parts.reviews?.check(request.token, token);
      return { judgement: admit(token, inventory, request.expect), revision };
    } catch (error) {
      if (error instanceof TokenRefusedError) return { judgement: refusedToken(error, null), revision };
      if (error instanceof CertificateRefusedError) return { judgement: refusedUnknown(error.code, error.message), revision };
      throw error;
    }
  }

  async #judgeTicket({ token, target, role, holds, source, expect }: ResolveRequest, inventory: Inventory): Promise<Judgement> {
    if (expect !== 'machine') return refusedUnknown('ticket-not-for-people', 'a ticket is a machine’s: people come with their own tokens');
    if (!isTicket(token)) return refusedUnknown('ticket-malformed', 'that begins like a ticket and is none; was it cut off?');
    const hash = ticketHash(token);
    const ticket = await ticketBySecret(this.#parts.db, hash);
    if (ticket === null) return refusedUnknown('ticket-unknown', 'no such ticket was given, or it expired long ago');
    return admitTicket(ticket, { target, role, holds, source: source.address, hash: id<Digest>(hash.toString('hex')), now: this.#parts.now() }, inventory);
  }

  async #judgeCertificate({ token, target, role, source, expect }: ResolveRequest, encoded: string, inventory: Inventory): Promise<Judgement> {
    const { db, authorities, now } = this.#parts;
    if (expect !== 'machine' || token !== '') return refusedUnknown('certificate-unsupported', 'a certificate comes alone, and is a machine’s');
    if (authorities.length === 0) return refusedUnknown('certificate-unsupported', 'SSH certificates are not set up here');
    if (target === null) return refusedUnknown('ticket-target-unnamed', 'a certificate is for one door to a target, and this one names none');
    const blob = Buffer.from(encoded, 'base64');
    const at = now();
    const { serial } = verifyUserCertificate(blob, { authorities, now: at, source: source.address, principal: asked(target, role) });
    const ticket = await certificateBySerial(db, serial);
    if (ticket === null) return refusedUnknown('certificate-unknown', 'the certificate is signed by our authority, and we know nothing of it');
    const hash = id<Digest>(createHash('sha256').update(blob).digest('hex'));
    // That the client holds the certified key is the gateway's word; what the certificate is bound to is then held.
    const holds = ticket.key?.startsWith('ssh:') === true ? { ssh: ticket.key.slice(4), x5t: null, jkt: null } : null;
    return admitTicket(ticket, { target, role, holds, source: source.address, hash, now: at }, inventory);
  }
}

/** Nothing is known of whose it is, and no hash is kept: what was no genuine ticket may have been a password. */
const refusedUnknown = (code: TicketRefusal | CertificateRefusal, say: string): Refused => ({ kind: 'refuse', answer: 'unauthenticated', code, say, issuer: null, claims: {}, who: null });

const outcomeOf = ({ judgement, replayOf }: Ruled): string => (judgement.kind === 'refuse' ? judgement.code : replayOf === null ? 'ok' : 'replay');

/** What whoever asked is told of a refusal; null for an admission. */
export function refusalOf({ judgement, replayOf }: Ruled): { readonly answer: 'unauthenticated' | 'unauthorized'; readonly say: string } | null {
  if (judgement.kind === 'refuse') return { answer: judgement.answer, say: `${judgement.say} (${judgement.code})` };
  if (replayOf === null) return null;
  return { answer: 'unauthenticated', say: judgement.use?.mode === 'single_use' ? 'the token was used before, and may be used once (replay)' : 'the token was used from another address before (replay)' };
}

function answer(ruled: Ruled): Reply<Principal> {
  const refused = refusalOf(ruled);
  if (refused !== null) return fail(refused.answer, refused.say);
  const { judgement } = ruled;
  return judgement.kind === 'admit' ? ok(judgement.principal) : fail('internal', 'neither admitted nor refused');
}
