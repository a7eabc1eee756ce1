import type { Msg } from '@nats-io/transport-node';
import type { Bus } from './bus.ts';
import { PullFailedError } from './errors.ts';

/** A message of a stream. */
export type Pulled = Pick<Msg, 'subject' | 'data' | 'reply'>;

export interface Burst {
  /** Most messages. */
  readonly messages: number;
  /** Most bytes: more than the largest message has, or that one is never taken. */
  readonly bytes: number;
  /** How long to wait for the first message, in milliseconds. */
  readonly waitMs: number;
}

/** A server that says nothing for this long, in milliseconds, within a burst is done with it. */
const silenceMs = 1000;

/**
 * Takes messages from a durable consumer in bursts: what lies there comes at once and wakes the reader once. (The client's own `consume`
 * wakes it for each message, which costs more than the message where few come.) Source: NATS, ADR-13 "Pull Subscribe internals".
 */
export class PullConsumer {
  readonly #bus: Pick<Bus, 'nc' | 'inbox'>;
  readonly #subject: string;
  #stop: (() => void) | null = null;
  #closed = false;

  constructor(bus: Pick<Bus, 'nc' | 'inbox'>, stream: string, consumer: string) {
    this.#bus = bus;
    this.#subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
  }

  /**
   * What is there now; when nothing is, what comes first within `waitMs`; none when nothing comes, or after `close`. Each message is to be
   * acknowledged by `acknowledge`, else it comes again. One call at a time.
   * A consumer that is not there cannot be told from one that has nothing.
   * @throws PullFailedError when the server refuses, or the bus is closed
   */
  take({ messages, bytes, waitMs }: Burst): Promise<Pulled[]> {
    if (this.#closed) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const { nc } = this.#bus;
      const taken: Pulled[] = [];
      const end = (error: Error | null) => {
        clearTimeout(timer);
        subscription.unsubscribe();
        this.#stop = null;
        if (error === null || taken.length > 0) resolve(taken);
        else reject(error);
      };
      const timer = setTimeout(() => end(null), waitMs + silenceMs);
      const inbox = this.#bus.inbox();
      const subscription = nc.subscribe(inbox, {
        callback: (error, message) => {
          if (error !== null) return end(new PullFailedError('the answer cannot be read', { cause: error }));
          const code = message.headers?.code ?? 0;
          if (code === 0) {
            taken.push(message);
            if (taken.length === messages) end(null);
          } else if (code !== 100) end(ends.has(code) ? null : new PullFailedError(`the server says ${code} ${message.headers?.description ?? ''}`));
        },
      });
      this.#stop = () => end(null);
      try {
        nc.publish(this.#subject, JSON.stringify({ batch: messages, max_bytes: bytes, no_wait: true, expires: waitMs * 1_000_000 }), { reply: inbox });
      } catch (cause) {
        end(new PullFailedError('the bus is closed', { cause }));
      }
    });
  }

  /** The server will not send it again. Not confirmed: should it get lost, the message does come again. */
  acknowledge(message: Pulled): void {
    if (message.reply !== undefined && !this.#bus.nc.isClosed()) this.#bus.nc.publish(message.reply, ack);
  }

  /** Ends a `take` that waits. What the server sends to it afterwards comes again to another. */
  close(): void {
    this.#closed = true;
    this.#stop?.();
  }
}

const ack = Buffer.from('+ACK');
/** No messages, or the time is over. Anything else is an end only behind messages, as 409 is where a bound of the request is reached. */
const ends: ReadonlySet<number> = new Set([404, 408]);
