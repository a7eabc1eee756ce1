import { z } from 'zod';
import { id, uuidv7, type SessionId } from '@sallyport/domain-model';
import { parseClaimPath, readClaim } from '@sallyport/platform-config';
import { FetchError, fetchJson, TokenRefusedError, type VerifiedToken } from '@sallyport/platform-identity';
import type { SecretSource } from '@sallyport/platform-secrets';

/** How long a cluster's yes is remembered, in milliseconds: so long may a token outlive its pod here. */
const rememberFor = 10_000;
const most = 4096;
const withinMs = 5_000;

/** authentication.k8s.io/v1 TokenReview, as far as it is looked at. */
const review = z.looseObject({ status: z.looseObject({ authenticated: z.boolean().default(false), audiences: z.array(z.string()).default([]), user: z.looseObject({ uid: z.string().default('') }).optional() }) });

/**
 * Shows tokens of Kubernetes to the cluster that made them, where the issuer's document asks for it: a signature says nothing of a pod or an account that is gone. Who
 * cannot be asked lets nobody in.
 */
export class TokenReviews {
  readonly #secrets: Pick<SecretSource, 'lease'>;
  readonly #now: () => number;
  /** By the token's hash: until when the cluster's yes counts. */
  readonly #known = new Map<string, number>();

  constructor(secrets: Pick<SecretSource, 'lease'>, now: () => number) {
    this.#secrets = secrets;
    this.#now = now;
  }

  /** Throws TokenRefusedError: `token-revoked`, `issuer-unreachable`. */
  async check(compact: string, token: VerifiedToken): Promise<void> {
    const { tokenReview } = token.issuer.spec;
    if (tokenReview === undefined) return;
    if ((this.#known.get(token.hash) ?? 0) > this.#now()) return;
    const { status } = await this.#ask(compact, token, tokenReview);
    const uid = readClaim(token.claims, parseClaimPath('kubernetes\\.io.serviceaccount.uid'));
    if (!status.authenticated || status.user?.uid !== uid || !status.audiences.some((one) => token.audiences.includes(one))) throw new TokenRefusedError('token-revoked', 'the cluster does not know this token any more: its pod or its account is gone, or was made anew');
    const [oldest] = this.#known.keys();
    if (this.#known.size >= most && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(token.hash, this.#now() + rememberFor);
  }

  async #ask(compact: string, token: VerifiedToken, { server, ca, credential }: NonNullable<VerifiedToken['issuer']['spec']['tokenReview']>): Promise<z.output<typeof review>> {
    const unreachable = (say: string) => new TokenRefusedError('issuer-unreachable', `issuer ${token.issuer.metadata.name}: ${say}`);
    let bearer: string;
    try {
      await using lease = await this.#secrets.lease(credential, { session: id<SessionId>(uuidv7()), target: token.issuer.metadata.name }, AbortSignal.timeout(withinMs));
      bearer = lease.use(({ secret }) => Buffer.from(secret).toString('utf8'));
    } catch {
      throw unreachable('the credential for reviews of tokens cannot be had');
    }
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: compact, audiences: token.audiences } };
    try {
      return review.parse(await fetchJson(`${server.replace(/\/+$/, '')}/apis/authentication.k8s.io/v1/tokenreviews`, ca ?? null, { body, bearer }));
    } catch (error) {
      if (error instanceof FetchError || error instanceof z.ZodError) throw unreachable('its cluster does not review the token');
      throw error;
    }
  }
}
