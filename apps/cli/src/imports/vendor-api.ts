import { request as http, type IncomingHttpHeaders } from 'node:http';
import { request as https } from 'node:https';
import { rootCertificates } from 'node:tls';
import { isLoopback } from '@sallyport/platform-config';
import { Failure } from '../failure.ts';

/** A page of a directory is the largest answer there is. */
const maxAnswerBytes = 16 * 1024 * 1024;
const timeoutMs = 30_000;
/** How often one request is tried while the vendor says "later", and the longest wait that is worth it, in seconds. */
const maxTries = 6;
const longestWait = 300;

export interface VendorAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface VendorApiOptions {
  /** For messages: `Microsoft Graph`. */
  readonly vendor: string;
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  /** PEM text of a private authority, besides the system's. */
  readonly ca: string | null;
  /** Told what is waited for. */
  warn(line: string): void;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * A vendor's HTTP API, read with the operator's own credential: over TLS (plain HTTP on loopback only), without following redirects, and never to another origin than the one that it was made for, so that a link in an
 * answer cannot lead the credential elsewhere. `429`, `503` and GitHub's exhausted `403` are waited for as the answer says. Every other way of failing is a Failure; what is a status of one object, the caller looks at.
 */
export class VendorApi {
  readonly #options: VendorApiOptions;
  readonly #base: URL;

  constructor(options: VendorApiOptions) {
    if (!URL.canParse(options.base)) throw new Failure('usage', `the address of ${options.vendor} is not a URL`, 'it looks like https://api.example');
    this.#base = new URL(options.base);
    if (this.#base.protocol !== 'https:' && !(this.#base.protocol === 'http:' && isLoopback(this.#base.hostname))) throw new Failure('usage', `${options.vendor} is asked over https only: the credential would cross the network in the clear`);
    this.#options = options;
  }

  /** @param path under the base, or a link of an answer. Throws a Failure for 401, for a vendor that has no time, and for a link that leads elsewhere. */
  async get(path: string): Promise<VendorAnswer> {
    return this.#tried('GET', this.#at(path), null);
  }

  async postForm(path: string, form: URLSearchParams): Promise<VendorAnswer> {
    return this.#tried('POST', this.#at(path), form.toString());
  }

  #at(path: string): URL {
    const url = path.startsWith('http') ? new URL(path) : new URL(`${this.#base.pathname.replace(/\/+$/, '')}${path}`, this.#base);
    if (url.origin !== this.#base.origin) throw new Failure('malformed', `${this.#options.vendor} sent a link to ${url.origin}; the credential is for ${this.#base.origin} and goes nowhere else`);
    return url;
  }

  async #tried(method: 'GET' | 'POST', url: URL, body: string | null): Promise<VendorAnswer> {
    const { vendor, warn, sleep } = this.#options;
    for (let tried = 1; ; tried++) {
      const answer = await this.#once(method, url, body);
      const wait = waitOf(answer, tried);
      if (wait === null) return answer;
      if (tried === maxTries || wait > longestWait) throw new Failure('rate-limited', `${vendor} wants no more requests for ${wait} s (HTTP ${answer.status})`, 'try again later; what is known already is found again');
      warn(`${vendor} is busy: waiting ${wait} s`);
      await sleep(wait * 1000);
    }
  }

  #once(method: 'GET' | 'POST', url: URL, body: string | null): Promise<VendorAnswer> {
    const { vendor, headers, ca } = this.#options;
    const sent = { accept: 'application/json', 'user-agent': 'sallyport', ...headers, ...(body === null ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) }) };
    return new Promise((resolve, reject) => {
      const outgoing = (url.protocol === 'https:' ? https : http)(url, { method, headers: sent, timeout: timeoutMs, ...(ca === null ? {} : { ca: [...rootCertificates, ca] }) }, (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.byteLength;
          if (size > maxAnswerBytes) outgoing.destroy(new Failure('malformed', `${vendor} answered more than ${maxAnswerBytes / 1024 / 1024} MiB at once`));
          else chunks.push(chunk);
        });
        incoming.on('error', (error) => reject(unreachable(vendor, url, error)));
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: json(Buffer.concat(chunks)) }));
      });
      outgoing.on('timeout', () => outgoing.destroy(new Failure('unreachable', `no answer of ${vendor} within ${timeoutMs / 1000} s`)));
      outgoing.on('error', (error) => reject(unreachable(vendor, url, error)));
      outgoing.end(body ?? undefined);
    });
  }
}

/** The body of an answer that must be good. Throws a Failure that says what was asked, what came, and what to do. */
export function bodyOf(vendor: string, { status, body }: VendorAnswer, what: string, needs: string): unknown {
  if (status === 200) return body;
  if (status === 401) throw new Failure('unauthenticated', `${vendor} does not take the credential (HTTP 401)`, needs);
  if (status === 403 || status === 404) throw new Failure('forbidden', `${vendor} does not show ${what} (HTTP ${status})`, needs);
  throw new Failure('unavailable', `${vendor} failed to show ${what} (HTTP ${status})`);
}

/** Seconds to wait before the same is asked again; null for an answer that is one. */
function waitOf({ status, headers }: VendorAnswer, tried: number): number | null {
  const exhausted = status === 403 && headers['x-ratelimit-remaining'] === '0';
  if (status !== 429 && status !== 503 && !exhausted && !(status === 403 && headers['retry-after'] !== undefined)) return null;
  return retryAfter(headers['retry-after']) ?? reset(headers['x-ratelimit-reset']) ?? 2 ** (tried - 1);
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfter(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}

/** GitHub: the second of the epoch at which the limit begins anew. */
function reset(text: string | string[] | undefined): number | null {
  return typeof text === 'string' && /^\d{1,12}$/.test(text) ? Math.max(1, Math.ceil(Number(text) - Date.now() / 1000)) : null;
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

function unreachable(vendor: string, url: URL, error: NodeJS.ErrnoException): Failure {
  if (error instanceof Failure) return error;
  if (error.code !== undefined && /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|EPROTO/.test(error.code)) return new Failure('tls', `the certificate of ${url.host} is not trusted (${error.code})`, 'name the PEM file of its authority with --ca');
  return new Failure('unreachable', `${vendor} cannot be reached at ${url.origin} (${error.code ?? error.message})`);
}
