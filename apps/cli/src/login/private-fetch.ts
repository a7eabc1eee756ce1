import { readFileSync } from 'node:fs';
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { CustomFetch } from 'openid-client';
import { Failure } from '../failure.ts';

/** Discovery documents, keys and token answers are small. */
const maxAnswerBytes = 1024 * 1024;

/** `fetch` that trusts one more authority, for one issuer, without touching the process. Follows no redirects. Throws a Failure for an unreadable file. */
export function privateFetch(caFile: string): CustomFetch {
  const ca = [...rootCertificates, read(caFile)];
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const at = new URL(url);
      const send = at.protocol === 'https:' ? https : http;
      const payload = body === undefined || body === null ? null : body instanceof URLSearchParams ? body.toString() : typeof body === 'string' ? body : null;
      const outgoing = send(at, { method, headers: { ...headers, ...(payload === null ? {} : { 'content-length': Buffer.byteLength(payload) }) }, ca, ...(signal === undefined ? {} : { signal }) }, (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.byteLength;
          if (size > maxAnswerBytes) outgoing.destroy(new TypeError('the answer is too large'));
          else chunks.push(chunk);
        });
        incoming.on('error', reject);
        incoming.on('end', () => {
          const answered = new Headers();
          for (const [name, values] of Object.entries(incoming.headersDistinct)) for (const value of values ?? []) answered.append(name, value);
          const status = incoming.statusCode ?? 502;
          resolve(new Response(status === 204 || status === 304 ? null : Buffer.concat(chunks), { status, headers: answered }));
        });
      });
      // As fetch does, so that both ways of failing look alike.
      outgoing.on('error', (cause) => reject(cause.name === 'AbortError' ? cause : new TypeError('fetch failed', { cause })));
      outgoing.end(payload ?? undefined);
    });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new Failure('usage', `the issuer's authority ${path} cannot be read`, 'it is the PEM file of the authority that signed the certificate of the issuer');
  }
}
