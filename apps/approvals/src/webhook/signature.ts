import { createHmac, timingSafeEqual } from 'node:crypto';

export const signatureHeader = 'Sallyport-Signature';

/**
 * `t=<unix seconds>,v1=<hex HMAC-SHA-256 of "<t>.<body>">`. The time is inside the signature, so that an old message cannot be
 * sent again later: receivers refuse what is more than a few minutes old.
 */
export function sign(body: string, key: Uint8Array, unixSeconds: number): string {
  return `t=${unixSeconds},v1=${mac(body, key, unixSeconds).toString('hex')}`;
}

/** What a receiver does; here for tests and as the example in the README. */
export function verify(header: string, body: string, key: Uint8Array, now: number, toleranceSeconds = 300): boolean {
  const match = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header);
  if (match?.[1] === undefined || match[2] === undefined) return false;
  const at = Number(match[1]);
  return Math.abs(now - at) <= toleranceSeconds && timingSafeEqual(Buffer.from(match[2], 'hex'), mac(body, key, at));
}

const mac = (body: string, key: Uint8Array, at: number) => createHmac('sha256', key).update(`${at}.${body}`).digest();
