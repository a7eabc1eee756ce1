import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Format, SignedCheckpoint, StoredEvent } from '@sallyport/engine-siem';
import { asText, type Delivery, type Gather, type Range, type Transport } from '../transports/transport.ts';
import type { Bucket } from './bucket.ts';

const compress = promisify(gzip);

/**
 * Lines of JSON, gzipped, one object for each batch. Its name says which leaves it stands for, so that the same batch after a crash is the same object, and a gap is seen in
 * a listing; leaves that are not for this sink are in the range and not in the object, and a range without any has none.
 */
export class S3Objects implements Transport {
  readonly most = { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
  readonly gather: Gather;
  readonly #of: { readonly bucket: Bucket; readonly prefix: string; readonly format: Format };

  constructor(of: { readonly bucket: Bucket; readonly prefix: string; readonly format: Format; readonly gather: Gather }) {
    this.#of = of;
    this.gather = of.gather;
  }

  render(stored: StoredEvent | SignedCheckpoint): string {
    const text = asText(this.#of.format(stored));
    return text.endsWith('\n') ? text : `${text}\n`;
  }

  async send(records: readonly Delivery[], signal: AbortSignal, range: Range): Promise<readonly Delivery[]> {
    const { bucket, prefix } = this.#of;
    const body = await compress(Buffer.from(records.map(({ text }) => text).join('')));
    await bucket.put(`${prefix}/${objectName(range)}`, body, { type: 'application/gzip' }, signal);
    return [];
  }

  close(): Promise<void> {
    this.#of.bucket.close();
    return Promise.resolve();
  }
}

/**
 * `yyyy/mm/dd/<first>-<last>.jsonl.gz`, the day (UTC) being that of the first leaf, numbers in 15 digits; `<size>-checkpoint-<epoch>.jsonl.gz` for checkpoints alone. After the ledger
 * was found set back, `-r<times>` is added: what was delivered before stays.
 */
export function objectName({ first, last, at, turn, epoch }: Range): string {
  const day = new Date(at).toISOString().slice(0, 10).replaceAll('-', '/');
  const range = last < first ? `${number(first)}-checkpoint-${epoch}` : `${number(first)}-${number(last)}`;
  return `${day}/${range}${turn === 0 ? '' : `-r${turn}`}.jsonl.gz`;
}

const number = (leaf: number): string => String(leaf).padStart(15, '0');
