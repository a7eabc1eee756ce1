import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { id, uuidv7, type SecretLease, type SessionId } from '@sallyport/domain-model';
import { isSecure } from '@sallyport/platform-config';
import { SecurityEventError } from '@sallyport/platform-identity';
import { every } from '@sallyport/platform-runtime';
import type { SecretSource } from '@sallyport/platform-secrets';
import type { Log } from '@sallyport/platform-telemetry';
import { z } from 'zod';
import type { Directories, KnownDirectory } from '../directories.ts';
import type { Receiver } from './receiver.ts';

export interface PollerParts {
  readonly directories: Directories;
  readonly receiver: Receiver;
  readonly secrets: SecretSource;
  readonly hurry: () => void;
  readonly log: Log;
  /** Milliseconds between two questions; what is promised of the lag counts on 5000. */
  readonly everyMs?: number;
}

const withinMs = 10_000;
const maxAnswer = 4 * 1024 * 1024;
const maxEvents = 100;
/** Rounds at a time where a transmitter always has more. */
const maxRounds = 20;

const answerOf = z.object({ sets: z.record(z.string(), z.string()).default({}), moreAvailable: z.boolean().default(false) });

interface Word {
  readonly ack: readonly string[];
  readonly setErrs: Readonly<Record<string, { readonly err: string; readonly description: string }>>;
}

/** Poll delivery (RFC 8936): fetches events of transmitters that do not push. What was taken, or refused, is acknowledged with the next question, after it is durable. */
export class Poller {
  readonly #of: PollerParts;
  #stop: () => Promise<void> = () => Promise.resolve();
  readonly #stopping = new AbortController();

  constructor(of: PollerParts) {
    this.#of = of;
  }

  start(): void {
    this.#stop = every({ ms: this.#of.everyMs ?? 5000, what: 'asking transmitters for security events', log: this.#of.log, first: 'now' }, async () => {
      await Promise.all((await this.#of.directories.polled()).map((one) => this.#ask(one)));
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#stop();
  }

  async #ask(directory: KnownDirectory): Promise<void> {
    try {
      let word: Word = { ack: [], setErrs: {} };
      for (let round = 0; round < maxRounds; round++) {
        const { sets, moreAvailable } = await this.#fetch(directory, word);
        const words = Object.keys(sets).length;
        word = await this.#takeAll(directory, sets);
        await this.#of.directories.seen(directory);
        // An answer without events has taken what was said; more of them, or acknowledgements still to give, need another question.
        if (words === 0 && !moreAvailable) break;
      }
      this.#of.directories.fault(directory.name, null);
    } catch (error) {
      const say = error instanceof Error ? error.message.slice(0, 200) : 'unknown fault';
      this.#of.directories.fault(directory.name, say);
      this.#of.log.warn('security events cannot be fetched; trying again', { directory: directory.name, error });
    }
  }

  async #takeAll(directory: KnownDirectory, sets: Readonly<Record<string, string>>): Promise<Word> {
    const ack: string[] = [];
    const setErrs: Record<string, { err: string; description: string }> = {};
    for (const [jti, compact] of Object.entries(sets)) {
      try {
        await this.#of.receiver.take(directory, compact);
        ack.push(jti);
      } catch (error) {
        if (!(error instanceof SecurityEventError) || error.code === 'unavailable') throw error;
        setErrs[jti] = { err: error.code, description: error.message };
      }
    }
    if (ack.length > 0) this.#of.hurry();
    return { ack, setErrs };
  }

  async #fetch({ name, poll, credential, authority }: KnownDirectory, { ack, setErrs }: Word): Promise<z.infer<typeof answerOf>> {
    if (poll === null || credential === null || !isSecure(poll)) throw new Error('it has no safe address to ask');
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(withinMs)]);
    await using lease = await this.#of.secrets.lease(credential, { session: id<SessionId>(uuidv7()), target: name }, signal);
    const question = JSON.stringify({ maxEvents, returnImmediately: true, ...(ack.length === 0 ? {} : { ack }), ...(Object.keys(setErrs).length === 0 ? {} : { setErrs }) });
    return answerOf.parse(JSON.parse(await post(poll, authority, lease, question, signal)));
  }
}

/** One POST without redirects, cookies or unlimited answers; the bearer token lives in this call. */
function post(url: string, ca: string | null, lease: SecretLease, question: string, signal: AbortSignal): Promise<string> {
  const headers = { 'content-type': 'application/json', accept: 'application/json', 'content-length': Buffer.byteLength(question), authorization: `Bearer ${lease.use(({ secret }) => Buffer.from(secret).toString('utf8'))}` };
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const outgoing = send(url, { method: 'POST', headers, signal, agent: false, ...(ca === null ? {} : { ca }) }, (incoming) => {
      const chunks: Buffer[] = [];
      let size = 0;
      incoming.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxAnswer) return void incoming.destroy(new Error(`the answer is larger than ${maxAnswer} bytes`));
        chunks.push(chunk);
      });
      incoming.on('error', reject);
      incoming.on('end', () => (incoming.statusCode === 200 ? resolve(Buffer.concat(chunks).toString('utf8')) : reject(new Error(`it answers with status ${incoming.statusCode ?? 'unknown'}`))));
    });
    outgoing.on('error', reject);
    outgoing.end(question);
  });
}
