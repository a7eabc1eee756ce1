import { z } from 'zod';
import type { Format, SignedCheckpoint, StoredEvent } from '@sallyport/engine-siem';
import type { HttpPost } from './http-post.ts';
import type { Secret } from './secret.ts';
import { asText, DeliveryError, type Delivery, type Transport } from './transport.ts';

export interface AzureOptions {
  /** The data collection endpoint, or the rule's own. */
  readonly url: URL;
  readonly http: HttpPost;
  readonly rule: string;
  readonly stream: string;
  readonly tenant: string;
  readonly authority: URL;
  /** To the authority: it has another certificate. */
  readonly login: HttpPost;
  /** User name: the client id. */
  readonly client: Secret;
  readonly format: Format;
  readonly now: () => number;
}

const granted = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().min(1) });
/** A token is renewed this long before it ends, in milliseconds. */
const early = 60_000;

/** Azure Monitor's Logs Ingestion API, with a token by client credentials (OAuth 2.0, Microsoft identity platform v2). A call takes 1 MB. */
export class AzureMonitor implements Transport {
  readonly most = { records: 500, bytes: 900 * 1024 };
  readonly #of: AzureOptions;
  #token: { readonly value: string; readonly until: number } | null = null;

  constructor(of: AzureOptions) {
    this.#of = of;
  }

  render(stored: StoredEvent | SignedCheckpoint): string {
    return asText(this.#of.format(stored));
  }

  async send(records: readonly Delivery[], signal: AbortSignal): Promise<readonly Delivery[]> {
    const { url, http, rule, stream } = this.#of;
    const to = new URL(`/dataCollectionRules/${rule}/streams/${stream}?api-version=2023-01-01`, url);
    try {
      await http.post(to, { 'content-type': 'application/json', authorization: `Bearer ${await this.#bearer(signal)}` }, `[${records.map(({ text }) => text).join(',')}]`, signal);
      return [];
    } catch (error) {
      if (error instanceof DeliveryError && error.code === 'unauthenticated') this.#token = null;
      throw error;
    }
  }

  close(): Promise<void> {
    this.#of.http.close();
    this.#of.login.close();
    return Promise.resolve();
  }

  async #bearer(signal: AbortSignal): Promise<string> {
    const { authority, tenant, client, login, now } = this.#of;
    if (this.#token !== null && this.#token.until > now()) return this.#token.value;
    const { user, value } = await client.get();
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: user, client_secret: value, scope: 'https://monitor.azure.com/.default' });
    const { text } = await login.post(new URL(`/${tenant}/oauth2/v2.0/token`, authority), { 'content-type': 'application/x-www-form-urlencoded' }, form.toString(), signal).catch(loginFailed);
    const { access_token, expires_in } = tokenOf(text);
    this.#token = { value: access_token, until: now() + expires_in * 1000 - early };
    return access_token;
  }
}

/** 400 is what the authority says to a wrong secret; its words can name the client. */
function loginFailed(error: unknown): never {
  throw error instanceof DeliveryError && error.code === 'refused' ? new DeliveryError('unauthenticated', 'the authority gives no token') : error;
}

function tokenOf(text: string): z.output<typeof granted> {
  let json: unknown = null;
  try {
    json = JSON.parse(text);
  } catch {
    // Told below.
  }
  const parsed = granted.safeParse(json);
  if (!parsed.success) throw new DeliveryError('malformed-answer', 'the authority answers without a token');
  return parsed.data;
}
