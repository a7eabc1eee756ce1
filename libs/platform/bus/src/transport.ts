import { ServerNats, type NatsContext } from '@nestjs/microservices';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { histogram, spanFrom, type Log } from '@sallyport/platform-telemetry';
import type { Bus } from './bus.ts';
import { fail, type Reply } from './contracts/reply.ts';
import { json } from './nats-bus.ts';

const served = histogram('sallyport_bus_serve_seconds', 'Time of served requests, by subject', ['subject']);
const drainMs = 5000;

/**
 * Nest's NATS transport on the service's one connection: plain JSON in, plain JSON out (no pattern/data envelope, so any NATS client
 * can ask), all replicas of a service in one queue group, traces continued from the request's headers.
 *
 * A request is answered only when its reply subject is an inbox: otherwise a client could make this service publish, with this
 * service's rights, on a subject of the client's choice.
 */
export class BusTransport extends ServerNats {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #queue: string;
  readonly #heard: Subscription[] = [];
  #running = 0;
  #idle: (() => void) | null = null;

  constructor(bus: Bus, queue: string, log: Log) {
    super({ deserializer: { deserialize: (message: Msg) => ({ pattern: message.subject, id: message.reply, data: json(message) }) } });
    this.#bus = bus;
    this.#queue = queue;
    this.#log = log;
  }

  override createNatsClient() {
    return Promise.resolve(this.#bus.nc);
  }

  override bindEvents(client: NatsConnection): void {
    for (const channel of this.messageHandlers.keys()) this.#heard.push(client.subscribe(channel, { queue: this.#queue, callback: (error, message) => this.#heardOn(channel, error, message) }));
  }

  #heardOn(channel: string, error: Error | null, message: Msg): void {
    if (error === null) void this.handleMessage(channel, message).catch((thrown: unknown) => this.#log.error('a request could not be served', { subject: channel, error: thrown }));
    else this.#log.error('a subject can no longer be served', { subject: channel, error });
  }

  /** The bus follows its connection itself. */
  override handleStatusUpdates(): Promise<void> {
    return Promise.resolve();
  }

  override async handleMessage(channel: string, message: Msg): Promise<void> {
    if (message.reply === undefined || !/^_INBOX[._]/.test(message.reply)) return this.#log.warn('dropped a request without an inbox for the answer', { subject: channel });
    const end = served.startTimer({ subject: channel });
    this.#running++;
    try {
      const header = (name: string) => message.headers?.get(name) ?? '';
      await spanFrom(header, `serve ${channel}`, {}, async () => {
        await super.handleMessage(channel, message);
      });
    } finally {
      end();
      if (--this.#running === 0) this.#idle?.();
    }
  }

  override getPublisher(message: Msg, _id: string, _context: NatsContext) {
    return (packet: { readonly response?: unknown; readonly err?: unknown }): void => {
      if (packet.err !== undefined) {
        this.#log.error('a handler failed outside of its contract', { subject: message.subject, error: packet.err });
        answer(message, fail('internal', 'the request could not be served'));
      } else if (packet.response !== undefined) answer(message, packet.response, this.#bus.nc.info?.max_payload);
    };
  }

  /** Stops taking requests and waits up to five seconds for those at work. The connection stays: it is the service's. */
  override async close(): Promise<void> {
    for (const subscription of this.#heard.splice(0)) subscription.unsubscribe();
    if (this.#running > 0) {
      await new Promise<void>((done) => {
        this.#idle = done;
        setTimeout(done, drainMs).unref();
      });
    }
    // Answers leave on the next tick.
    await new Promise<void>((done) => setImmediate(done));
  }
}

function answer(message: Msg, reply: unknown, limit = Infinity): void {
  const text = JSON.stringify(reply);
  const tooLarge: Reply<never> = fail('too-large', 'the answer is over the size limit of the bus: ask for less');
  message.respond(Buffer.byteLength(text) > limit ? JSON.stringify(tooLarge) : text);
}
