import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { isSecure } from '@sallyport/platform-config';
import { Failure } from './failure.ts';

/** Answers of the exchange are small; a certificate on an RSA key of 8192 bits is 4 KB. */
const maxAnswer = 256 * 1024;
const patience = 20_000;

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Where tokens are exchanged. Throws a Failure for an address that would send the token in the clear. */
export function tokenPlace(given: unknown, env: NodeJS.ProcessEnv): URL {
  const address = typeof given === 'string' ? given : env['SALLYPORT_TOKEN_URL'];
  if (address === undefined || address === '') throw new Failure('usage', 'SALLYPORT_TOKEN_URL is not set', 'run `. .sallyport/env`, or set it to where tokens are exchanged, like https://sallyport.example:8444');
  if (!URL.canParse(address)) throw new Failure('usage', 'SALLYPORT_TOKEN_URL is not a URL', 'it looks like https://sallyport.example:8444');
  if (!isSecure(address)) throw new Failure('usage', `${new URL(address).origin} is not https: the token would travel in the clear`, 'http is for loopback addresses only');
  return new URL(address);
}

/** One request. Follows no redirects: the token goes where it was meant to go. @param ca PEM of the authority, null for the system's */
export function askTokenPlace(place: URL, path: string, form: URLSearchParams | null, ca: string | null): Promise<Answer> {
  const body = form === null ? null : form.toString();
  const headers = body === null ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const unreachable = (why: string) => reject(new Failure('unavailable', `${place.origin} cannot be reached: ${why}`, 'is SALLYPORT_TOKEN_URL right, and SALLYPORT_CA the authority of its certificate?'));
    const send = place.protocol === 'https:' ? https : http;
    const outgoing = send(new URL(path, place), { method: body === null ? 'GET' : 'POST', headers, timeout: patience, ...(ca === null ? {} : { ca }) }, (incoming) => {
      const chunks: Buffer[] = [];
      let size = 0;
      incoming.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxAnswer) outgoing.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      incoming.on('error', (error) => unreachable(error.message));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 502, text: Buffer.concat(chunks).toString('utf8') }));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', (error) => unreachable(error.message));
    outgoing.end(body ?? undefined);
  });
}
