import type { Format, SignedCheckpoint, StoredEvent } from '@sallyport/engine-siem';
import type { HttpPost } from './http-post.ts';
import type { Secret } from './secret.ts';
import { asText, type Delivery, type Transport } from './transport.ts';

/**
 * Splunk's HTTP Event Collector: events one behind the other. 200 means parsed, not indexed; indexer acknowledgement is not asked for. Repeats are found by
 * `dedup event_id`, gaps by the field `leaf`.
 */
export class SplunkHec implements Transport {
  readonly most = { records: 500, bytes: 800 * 1024 };
  readonly #of: { readonly url: URL; readonly http: HttpPost; readonly format: Format; readonly token: Secret };

  constructor(of: { readonly url: URL; readonly http: HttpPost; readonly format: Format; readonly token: Secret }) {
    this.#of = of;
  }

  render(stored: StoredEvent | SignedCheckpoint): string {
    return asText(this.#of.format(stored));
  }

  async send(records: readonly Delivery[], signal: AbortSignal): Promise<readonly Delivery[]> {
    const { url, http, token } = this.#of;
    const { value } = await token.get();
    await http.post(new URL('/services/collector/event', url), { 'content-type': 'application/json', authorization: `Splunk ${value}` }, records.map(({ text }) => text).join('\n'), signal);
    return [];
  }

  close(): Promise<void> {
    this.#of.http.close();
    return Promise.resolve();
  }
}
