import { createHash } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';
import type { HttpPost, Question, WholeAnswer } from '../transports/http-post.ts';
import type { Secret } from '../transports/secret.ts';
import { DeliveryError } from '../transports/transport.ts';
import { s3Error } from './s3-error.ts';

export interface BucketOptions {
  /** The service's address, without the bucket. */
  readonly endpoint: URL;
  readonly region: string;
  readonly bucket: string;
  readonly addressing: 'virtual-host' | 'path';
  readonly http: Pick<HttpPost, 'exchange' | 'close'>;
  /** User name: the access key id; value: the secret access key. */
  readonly credentials: Pick<Secret, 'get' | 'forget'>;
  readonly encryption: 'bucket' | 'AES256' | 'aws:kms';
  readonly kmsKey: string | null;
  readonly now: () => number;
}

export interface PutOptions {
  readonly type: string;
  /** Locked in compliance mode until then (milliseconds since 1970), and only written where nothing stands under the name. */
  readonly lockUntil?: number;
  /** Locked as well, but the name may have versions. */
  readonly replace?: boolean;
}

export interface ObjectHead {
  /** As the writer noted it in the object's metadata, hex. */
  readonly sha256: string | null;
  readonly lock: { readonly mode: string; readonly until: number } | null;
}

/** One bucket of an S3-compatible store. Requests are signed with SigV4, their bodies' hashes included, and are sent over our own HTTP. */
export class Bucket {
  readonly #of: BucketOptions;

  constructor(of: BucketOptions) {
    this.#of = of;
  }

  /** @returns `there` when something stands under a name that is written once. Throws DeliveryError. */
  async put(key: string, body: Buffer, { type, lockUntil, replace = false }: PutOptions, signal: AbortSignal): Promise<'written' | 'there'> {
    const sha256 = createHash('sha256').update(body);
    const base64 = sha256.copy().digest('base64');
    const headers = {
      'content-type': type,
      // Older stores ask for it where there is a lock, newer ones for the other.
      'content-md5': createHash('md5').update(body).digest('base64'),
      'x-amz-checksum-sha256': base64,
      'x-amz-meta-sha256': sha256.digest('hex'),
      ...this.#encryption(),
      ...(lockUntil === undefined ? {} : { 'x-amz-object-lock-mode': 'COMPLIANCE', 'x-amz-object-lock-retain-until-date': new Date(lockUntil).toISOString(), ...(replace ? {} : { 'if-none-match': '*' }) }),
    };
    const answer = await this.#ask('PUT', key, headers, body, signal);
    if (answer.status === 412 && lockUntil !== undefined && !replace) return 'there';
    this.#expect(answer);
    return 'written';
  }

  /** Null where there is no such object. Throws DeliveryError. */
  async head(key: string, signal: AbortSignal): Promise<ObjectHead | null> {
    const answer = await this.#ask('HEAD', key, {}, nothing, signal);
    if (answer.status === 404) return null;
    this.#expect(answer);
    const text = (name: string) => [answer.headers[name]].flat()[0] ?? null;
    const [mode, until] = [text('x-amz-object-lock-mode'), text('x-amz-object-lock-retain-until-date')];
    return { sha256: text('x-amz-meta-sha256'), lock: mode === null || until === null ? null : { mode, until: Date.parse(until) } };
  }

  /** Whether the bucket was made with Object Lock. Throws DeliveryError, also where the key may not ask. */
  async locksObjects(signal: AbortSignal): Promise<boolean> {
    const answer = await this.#ask('GET', '', {}, nothing, signal, '?object-lock');
    if (answer.status === 404 && answer.text.includes('ObjectLockConfigurationNotFound')) return false;
    this.#expect(answer);
    return /<ObjectLockEnabled>\s*Enabled\s*<\/ObjectLockEnabled>/.test(answer.text);
  }

  close(): void {
    this.#of.http.close();
  }

  async #ask(method: Question['method'], key: string, headers: Readonly<Record<string, string>>, body: Buffer, signal: AbortSignal, query = ''): Promise<WholeAnswer> {
    const { http, credentials, region, now } = this.#of;
    const { user, value } = await credentials.get();
    const signed = await new AwsV4Signer({
      method, url: `${this.#place(key)}${query}`, service: 's3', region, accessKeyId: user, secretAccessKey: value,
      headers: { ...headers, 'x-amz-content-sha256': createHash('sha256').update(body).digest('hex') },
      datetime: new Date(now()).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    }).sign();
    return http.exchange({ method, url: signed.url, headers: Object.fromEntries(signed.headers), body }, signal);
  }

  #expect(answer: WholeAnswer): void {
    if (answer.status >= 200 && answer.status < 300) return;
    const error = s3Error(answer, this.#of.now());
    // It may have been replaced: look again at once.
    if (error.code === 'unauthenticated') this.#of.credentials.forget();
    throw error;
  }

  #place(key: string): string {
    const { endpoint, bucket, addressing } = this.#of;
    return addressing === 'path' ? `${endpoint.protocol}//${endpoint.host}/${bucket}/${key}` : `${endpoint.protocol}//${bucket}.${endpoint.host}/${key}`;
  }

  #encryption(): Record<string, string> {
    const { encryption, kmsKey } = this.#of;
    if (encryption === 'bucket') return {};
    return { 'x-amz-server-side-encryption': encryption, ...(encryption === 'aws:kms' && kmsKey !== null ? { 'x-amz-server-side-encryption-aws-kms-key-id': kmsKey } : {}) };
  }
}

const nothing = Buffer.alloc(0);

/** Of an archive, which is written once: throws DeliveryError `conflict` unless what stands there is the same. */
export async function mustBeSame(bucket: Bucket, key: string, body: Buffer, signal: AbortSignal): Promise<void> {
  const there = await bucket.head(key, signal);
  if (there?.sha256 !== createHash('sha256').update(body).digest('hex')) throw new DeliveryError('conflict', `another object stands under ${key}`);
}
