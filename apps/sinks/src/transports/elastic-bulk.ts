import { z } from 'zod';
import type { Format, SignedCheckpoint, StoredEvent } from '@sallyport/engine-siem';
import type { HttpPost } from './http-post.ts';
import type { Secret } from './secret.ts';
import { asText, DeliveryError, type Delivery, type Transport } from './transport.ts';

const answer = z.object({ items: z.array(z.record(z.string(), z.object({ status: z.int(), error: z.object({ type: z.string() }).optional() }))) });

/**
 * Elasticsearch's `_bulk`. Each item has an answer of its own: 2xx is taken, 409 was there already (the id is the event's), 429 and 5xx come
 * again, in order, and anything else is refused for good, which stops the sink: nothing is skipped.
 */
export class ElasticBulk implements Transport {
  readonly most = { records: 500, bytes: 5 * 1024 * 1024 };
  readonly #of: { readonly url: URL; readonly http: HttpPost; readonly format: Format; readonly apiKey: Secret };

  constructor(of: { readonly url: URL; readonly http: HttpPost; readonly format: Format; readonly apiKey: Secret }) {
    this.#of = of;
  }

  render(stored: StoredEvent | SignedCheckpoint): string {
    return asText(this.#of.format(stored));
  }

  async send(records: readonly Delivery[], signal: AbortSignal): Promise<readonly Delivery[]> {
    const { url, http, apiKey } = this.#of;
    const { value } = await apiKey.get();
    const { text } = await http.post(new URL('/_bulk', url), { 'content-type': 'application/x-ndjson', authorization: `ApiKey ${value}` }, records.map((record) => record.text).join(''), signal);
    const items = itemsOf(text);
    if (items.length !== records.length) throw new DeliveryError('malformed-answer', `${items.length} answers for ${records.length} records`);
    const again: Delivery[] = [];
    for (const [i, record] of records.entries()) {
      const { status, error } = items[i] ?? { status: 500, error: undefined };
      if (status === 429 || status >= 500) again.push(record);
      else if ((status < 200 || status > 299) && status !== 409) throw new DeliveryError(status === 401 || status === 403 ? 'unauthenticated' : 'refused', `leaf ${record.leaf}: status ${status} ${error?.type.slice(0, 100) ?? ''}`);
    }
    if (again.length === records.length) throw new DeliveryError('throttled', 'no item was taken');
    return again;
  }

  close(): Promise<void> {
    this.#of.http.close();
    return Promise.resolve();
  }
}

function itemsOf(text: string): { readonly status: number; readonly error?: { readonly type: string } | undefined }[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new DeliveryError('malformed-answer', 'the answer is not JSON');
  }
  const parsed = answer.safeParse(json);
  if (!parsed.success) throw new DeliveryError('malformed-answer', 'the answer has no items');
  return parsed.data.items.flatMap((item) => Object.values(item));
}
