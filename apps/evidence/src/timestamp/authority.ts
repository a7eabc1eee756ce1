import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { timestampRequest, tokenOf } from './request.ts';
import { longestToken } from './token.ts';
import { verifyTimestamp } from './verify-token.ts';

/** A timestamp authority (RFC 3161 over HTTP). */
export interface Authority {
  readonly url: string;
  /** PEM file with the certificates that end a chain. */
  readonly caFile: string;
}

export interface StampedToken {
  readonly token: Uint8Array;
  readonly time: Date;
}

const patienceMs = 20_000;

/** The URL and the file, with white space between them; null of an empty text. Throws RangeError. */
export function parseAuthority(text: string): Authority | null {
  const [url, caFile, ...more] = text.trim().split(/\s+/);
  if (url === undefined || url === '') return null;
  if (!/^https?:\/\//.test(url) || !URL.canParse(url) || caFile === undefined || more.length > 0) throw new RangeError('a timestamp authority is its URL and the PEM file of its CA, with a space between them');
  return { url, caFile };
}

/** Throws with the path when there is no certificate in it. */
export function readCertificates(path: string): X509Certificate[] {
  const found = readFileSync(path, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw new Error(`${path} has no certificate in PEM`);
  return found.map((pem) => new X509Certificate(pem));
}

/** Has an imprint (SHA-256) stamped, and verifies the token. Throws TimestampError, and what fetch throws. */
export async function stamp(url: string, trusted: readonly X509Certificate[], imprint: Uint8Array): Promise<StampedToken> {
  const { der, nonce } = timestampRequest(imprint);
  const response = await fetch(url, {
    method: 'POST', body: der.slice().buffer, redirect: 'error', signal: AbortSignal.timeout(patienceMs),
    headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
  });
  const answer = await bytesOf(response);
  if (!response.ok || answer === null) throw new Error(`the timestamp authority answers ${response.status}${answer === null ? ' and too much' : ''}`);
  const token = tokenOf(answer);
  return { token, time: verifyTimestamp({ token, imprint, nonce, trusted }).time };
}

/** Null as soon as it is too long. */
async function bytesOf(response: Response): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > longestToken) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
