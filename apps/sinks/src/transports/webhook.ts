import { createHmac } from 'node:crypto';
import type { Format, SignedCheckpoint, StoredEvent } from '@sallyport/engine-siem';
import type { HttpPost } from './http-post.ts';
import type { Secret } from './secret.ts';
import { asText, type Delivery, type Transport } from './transport.ts';

/**
 * Batches of CloudEvents (`application/cloudevents-batch+json`, JSON format 1.0.2 section 4). `Sallyport-Signature` is
 * `t=<unix seconds>,v1=<hex HMAC-SHA-256 of "<t>.<body>">`, as approval notices have it. Only 2xx is taken for received.
 */
export class Webhook implements Transport {
  readonly most = { records: 100, bytes: 1024 * 1024 };
  readonly #of: { readonly url: URL; readonly http: HttpPost; readonly format: Format; readonly secret: Secret; readonly now: () => number };

  constructor(of: { readonly url: URL; readonly http: HttpPost; readonly format: Format; readonly secret: Secret; readonly now: () => number }) {
    this.#of = of;
  }

  render(stored: StoredEvent | SignedCheckpoint): string {
    return asText(this.#of.format(stored));
  }

  async send(records: readonly Delivery[], signal: AbortSignal): Promise<readonly Delivery[]> {
    const { url, http, secret, now } = this.#of;
    const body = `[${records.map(({ text }) => text).join(',')}]`;
    const { value } = await secret.get();
    const at = Math.floor(now() / 1000);
    const mac = createHmac('sha256', value).update(`${at}.${body}`).digest('hex');
    await http.post(url, { 'content-type': 'application/cloudevents-batch+json', 'sallyport-signature': `t=${at},v1=${mac}` }, body, signal);
    return [];
  }

  close(): Promise<void> {
    this.#of.http.close();
    return Promise.resolve();
  }
}
