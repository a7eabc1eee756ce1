import { z } from 'zod';
import { defaults, otlpRequest, type Format, type Settings, type SignedCheckpoint, type StoredEvent } from '@sallyport/engine-siem';
import type { HttpPost } from './http-post.ts';
import type { Secret } from './secret.ts';
import { asText, DeliveryError, type Delivery, type Transport } from './transport.ts';

const answer = z.object({ partialSuccess: z.object({ rejectedLogRecords: z.coerce.number().default(0) }).nullish() });

/** OTLP 1 over HTTP with JSON. A collector that rejects some records does not say which: the sink stops, and nothing is skipped. */
export class OtlpLogs implements Transport {
  readonly most = { records: 500, bytes: 2 * 1024 * 1024 };
  readonly #of: { readonly url: URL; readonly http: HttpPost; readonly format: Format; readonly token: Secret | null };
  readonly #around: readonly [string, string];

  constructor(of: { readonly url: URL; readonly http: HttpPost; readonly format: Format; readonly token: Secret | null; readonly settings: Partial<Settings> }) {
    this.#of = of;
    const [before = '', after = ''] = JSON.stringify(otlpRequest([], { ...defaults, ...of.settings })).split('"logRecords":[]');
    this.#around = [`${before}"logRecords":[`, `]${after}`];
  }

  render(stored: StoredEvent | SignedCheckpoint): string {
    return asText(this.#of.format(stored));
  }

  async send(records: readonly Delivery[], signal: AbortSignal): Promise<readonly Delivery[]> {
    const { url, http, token } = this.#of;
    const authorization = token === null ? {} : { authorization: `Bearer ${(await token.get()).value}` };
    const to = url.pathname === '/' ? new URL('/v1/logs', url) : url;
    const { text } = await http.post(to, { 'content-type': 'application/json', ...authorization }, `${this.#around[0]}${records.map((record) => record.text).join(',')}${this.#around[1]}`, signal);
    const rejected = rejectedIn(text);
    if (rejected > 0) throw new DeliveryError('refused', `${rejected} of ${records.length} records were rejected`);
    return [];
  }

  close(): Promise<void> {
    this.#of.http.close();
    return Promise.resolve();
  }
}

function rejectedIn(text: string): number {
  if (text.trim() === '') return 0;
  try {
    return answer.parse(JSON.parse(text)).partialSuccess?.rejectedLogRecords ?? 0;
  } catch {
    throw new DeliveryError('malformed-answer', 'the answer does not say what was taken');
  }
}
