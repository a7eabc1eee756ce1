import { readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isSecure } from '@sallyport/platform-config';

/** Whole fetch, in milliseconds, and its largest answer in bytes: key sets of the large providers are under 20 KB. */
const timeoutMs = 5_000;
const maxBytes = 512 * 1024;

export class FetchError extends Error {
  readonly code = 'ERR_ISSUER_FETCH';
}

export interface Post {
  readonly body: unknown;
  /** Goes into the header of this request, and nowhere else. */
  readonly bearer: string;
}

/**
 * One GET of a JSON document, or a POST of one with an answer, without redirects, cookies, proxies or unlimited answers. https, or http to a loopback address.
 * @param authority PEM text, or `file:` and the path of a PEM file, that *replaces* the system's authorities; null for those
 */
export async function fetchJson(url: string, authority: string | null, post: Post | null = null): Promise<unknown> {
  if (!isSecure(url)) throw new FetchError('the address is not https');
  const ca = authority === null ? null : authority.startsWith('file:') ? await readFile(authority.slice('file:'.length), 'utf8') : authority;
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await ask(url, ca, post, signal);
  if (response.statusCode !== 200 && !(post !== null && response.statusCode === 201)) {
    response.destroy();
    throw new FetchError(`HTTP status ${response.statusCode ?? 'unknown'}`);
  }
  const text = await body(response);
  try {
    return JSON.parse(text);
  } catch {
    throw new FetchError('the answer is not JSON');
  }
}

function ask(url: string, ca: string | null, post: Post | null, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'application/json, application/jwk-set+json', ...(post === null ? {} : { 'content-type': 'application/json', authorization: `Bearer ${post.bearer}` }) };
    const options = { signal, headers, agent: false, method: post === null ? 'GET' : 'POST' };
    const request = url.startsWith('https:') ? httpsRequest(url, ca === null ? options : { ...options, ca }) : httpRequest(url, options);
    request.on('response', resolve).on('error', (cause) => reject(new FetchError(signal.aborted ? `no answer within ${timeoutMs} ms` : cause.message, { cause })));
    request.end(post === null ? undefined : JSON.stringify(post.body));
  });
}

async function body(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) throw new FetchError(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
