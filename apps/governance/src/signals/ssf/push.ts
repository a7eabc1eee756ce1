import { SecurityEventError } from '@sallyport/platform-identity';
import { StoreError } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import { TooLarge, type Answer, type Asked } from '../asked.ts';
import type { Receiver } from './receiver.ts';

export interface PushParts {
  readonly receiver: Receiver;
  readonly hurry: () => void;
  readonly log: Log;
}

/** Push delivery (RFC 8935): one token in the body of a POST, answered 202 when it is durable, or with an error of section 2.4. */
export class PushServer {
  readonly #of: PushParts;

  constructor(of: PushParts) {
    this.#of = of;
  }

  async answer(asked: Asked): Promise<Answer> {
    if (asked.path !== '/events') return { status: 404, body: null };
    if (asked.method !== 'POST') return { status: 405, body: null, headers: { allow: 'POST' } };
    if (!/^application\/secevent\+jwt(?:;|$)/i.test(asked.type)) return refusal('invalid_request', 'the body must be application/secevent+jwt');
    try {
      await this.#of.receiver.take(asked.directory, (await asked.body()).trim());
      this.#of.hurry();
      return { status: 202, body: null };
    } catch (error) {
      return this.#refused(error);
    }
  }

  #refused(error: unknown): Answer {
    if (error instanceof TooLarge) return { status: 413, body: null };
    if (error instanceof SecurityEventError && error.code !== 'unavailable') return refusal(error.code, error.message);
    // Neither kept nor refused: the transmitter sends it again.
    if (error instanceof SecurityEventError || error instanceof StoreError) return { status: 503, body: null, headers: { 'retry-after': '5' } };
    this.#of.log.error('a security event failed', { error });
    return { status: 500, body: null };
  }
}

const refusal = (err: string, description: string): Answer => ({ status: 400, body: { err, description }, headers: { 'content-language': 'en' } });
