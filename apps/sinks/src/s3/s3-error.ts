import { pauseOf, type WholeAnswer } from '../transports/http-post.ts';
import { DeliveryError } from '../transports/transport.ts';

/** What an answer of S3 that is not 2xx means. Only its status and code are told: its text can hold the key id and what was signed. */
export function s3Error({ status, text, headers }: WholeAnswer, now: number): DeliveryError {
  const code = /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(text.slice(0, 8192))?.[1] ?? 'no code';
  const say = `status ${status}, ${code}`;
  const region = [headers['x-amz-bucket-region']].flat()[0];
  if (code === 'RequestTimeTooSkewed') return new DeliveryError('clock', `${say}: ${skew([headers['date']].flat()[0], now)}`);
  if (code === 'NoSuchBucket') return new DeliveryError('no-bucket', `${say}: the bucket does not exist`);
  if (status === 301 || status === 307 || code === 'AuthorizationHeaderMalformed') return new DeliveryError('no-bucket', `${say}: the bucket is in another region${region === undefined ? '' : `, ${region.replaceAll(/[^a-z0-9-]/g, '').slice(0, 32)}`}`);
  if (/^(InvalidRequest|InvalidBucketState)$/.test(code) && /object ?lock/i.test(text)) return new DeliveryError('no-lock', `${say}: the bucket has no Object Lock`);
  if (status === 401 || status === 403 || code === 'ExpiredToken' || code === 'InvalidToken') return new DeliveryError('unauthenticated', say);
  if (status === 429 || /^(SlowDown|Throttling|ThrottlingException|RequestLimitExceeded|TooManyRequests|Busy)$/.test(code)) return new DeliveryError('throttled', say, pauseOf(headers['retry-after']));
  // Damaged or cut off on the way, or overtaken by another write: the same again will do.
  if (status >= 500 || status === 408 || /^(RequestTimeout|BadDigest|XAmzContentSHA256Mismatch|IncompleteBody|ConditionalRequestConflict|OperationAborted)$/.test(code)) return new DeliveryError('unavailable', say, pauseOf(headers['retry-after']));
  return new DeliveryError('refused', say);
}

function skew(date: string | undefined, now: number): string {
  const seconds = Math.round((Date.parse(date ?? '') - now) / 1000);
  return Number.isNaN(seconds) ? 'the clocks are too far apart' : `the clock here is ${Math.abs(seconds)} s ${seconds > 0 ? 'behind' : 'ahead of'} that of the store`;
}
