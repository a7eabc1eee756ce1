import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { DeliveryError } from './transport.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface WholeAnswer extends Answer {
  readonly headers: IncomingHttpHeaders;
}

export interface Question {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A whole exchange, in milliseconds, and what is read of an answer, in bytes. */
const withinMs = 30_000;
const mostAnswer = 16 * 1024 * 1024;
const longestPauseMs = 300_000;

/** Asks over one kept connection. Redirects are not followed: the URL is the operator's word on where evidence may go. */
export class HttpPost {
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;
  readonly #withinMs: number;

  /** @param ca PEM of the receiver's authority; null: those that the system trusts */
  constructor(url: URL, ca: string | null, within = withinMs) {
    const secure = url.protocol === 'https:';
    this.#agent = secure ? new HttpsAgent({ keepAlive: true, maxSockets: 1, ...(ca === null ? {} : { ca }) }) : new HttpAgent({ keepAlive: true, maxSockets: 1 });
    this.#request = secure ? httpsRequest : httpRequest;
    this.#withinMs = within;
  }

  /** An answer of 2xx. Throws DeliveryError for any other and for none. */
  async post(url: URL, headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<Answer> {
    const answer = await this.exchange({ method: 'POST', url, headers, body: Buffer.from(body) }, signal);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw errorOf(answer);
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Any whole answer. Throws DeliveryError for none. */
  exchange({ method, url, headers, body }: Question, signal: AbortSignal): Promise<WholeAnswer> {
    const deadline = AbortSignal.timeout(this.#withinMs);
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => reject(deadline.aborted ? new DeliveryError('timeout', `no whole answer within ${this.#withinMs} ms`) : new DeliveryError('unreachable', `the connection failed: ${wordOf(error)}`));
      const outgoing = this.#request(url, { method, agent: this.#agent, signal: AbortSignal.any([signal, deadline]), headers: { ...headers, ...(method === 'PUT' || method === 'POST' ? { 'content-length': String(body.byteLength) } : {}), 'user-agent': 'sallyport-sinks' } }, (incoming) => {
        read(incoming).then((text) => resolve({ status: incoming.statusCode ?? 0, text, headers: incoming.headers }), fail);
      });
      outgoing.once('error', fail);
      outgoing.end(body);
    });
  }
}

async function read(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming) {
    if (!(part instanceof Buffer)) continue;
    size += part.byteLength;
    if (size > mostAnswer) throw new Error('the answer is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function errorOf({ status, text, headers: { 'retry-after': retryAfter } }: WholeAnswer): DeliveryError {
  const say = `status ${status}: ${text.slice(0, 200).replaceAll(/[^\x20-\x7e]/g, ' ')}`;
  if (status === 401 || status === 403) return new DeliveryError('unauthenticated', `status ${status}`);
  if (status === 429) return new DeliveryError('throttled', say, pauseOf(retryAfter));
  if (status >= 500 || status === 408) return new DeliveryError('unavailable', say, pauseOf(retryAfter));
  return new DeliveryError('refused', say);
}

/** `Retry-After` in seconds or as a date (RFC 9110 10.2.3), bounded; in milliseconds. */
export function pauseOf(header: string | undefined): number | null {
  if (header === undefined) return null;
  const ms = /^\d{1,6}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), longestPauseMs);
}

/** The network's code, not its words: they can hold the address with what stands in it. */
function wordOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'broken off';
}
