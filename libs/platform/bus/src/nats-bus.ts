import type { JetStreamClient } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { createInbox, headers, NoRespondersError, RequestError, TimeoutError, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { counter, histogram, span, traceHeaders, type Log } from '@sallyport/platform-telemetry';
import { z } from 'zod';
import { NatsBucket, type Bucket } from './bucket.ts';
import type { Bus } from './bus.ts';
import { fail, ok, replyOf, type Contract, type Reply } from './contracts/reply.ts';
import { BucketUnavailableError } from './errors.ts';

const calls = histogram('sallyport_bus_call_seconds', 'Time of requests to other services, by subject and outcome', ['subject', 'outcome']);
const dropped = counter('sallyport_bus_dropped_messages_total', 'Messages that did not fit their schema', ['subject']);

/** Bus over a NATS connection. */
export class NatsBus implements Bus {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly #log: Log;
  readonly #inboxPrefix: string;
  #connected = true;

  constructor(nc: NatsConnection, js: JetStreamClient, inboxPrefix: string, log: Log) {
    this.nc = nc;
    this.js = js;
    this.#inboxPrefix = inboxPrefix;
    this.#log = log;
    void this.#follow();
  }

  get connected(): boolean {
    return this.#connected && !this.nc.isClosed();
  }

  async call<Req extends z.ZodType, Res extends z.ZodType>(contract: Contract<Req, Res>, request: z.input<Req>, timeoutMs = 5000): Promise<Reply<z.output<Res>>> {
    const began = performance.now();
    const answer = await span(`call ${contract.subject}`, {}, () => this.#ask(contract, request, timeoutMs));
    calls.observe({ subject: contract.subject, outcome: answer.ok ? 'ok' : answer.error.code }, (performance.now() - began) / 1000);
    return answer;
  }

  async #ask<Req extends z.ZodType, Res extends z.ZodType>(contract: Contract<Req, Res>, request: z.input<Req>, timeout: number): Promise<Reply<z.output<Res>>> {
    let message: Msg;
    try {
      message = await this.nc.request(contract.subject, JSON.stringify(request), { timeout, headers: traced() });
    } catch (error) {
      const why = reason(error);
      this.#log.warn('a call failed', { subject: contract.subject, why });
      return fail('unavailable', `${contract.subject}: ${why}`);
    }
    const parsed = answerOf(contract.value, json(message));
    if (parsed !== null) return parsed;
    this.#log.error('an answer does not fit its contract', { subject: contract.subject });
    return fail('internal', `${contract.subject}: the answer does not fit its contract`);
  }

  publish(subject: string, payload: unknown): void {
    this.nc.publish(subject, JSON.stringify(payload), { headers: traced() });
  }

  subscribe<T>(subject: string, schema: z.ZodType<T>, on: (value: T, subject: string) => void): () => void {
    const subscription = this.nc.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) return this.#log.error('a subscription failed', { subject, error });
        const parsed = schema.safeParse(json(message));
        if (parsed.success) return this.#deliver(on, parsed.data, message.subject);
        dropped.inc({ subject });
        this.#log.warn('dropped a message that does not fit', { subject: message.subject });
      },
    });
    return () => subscription.unsubscribe();
  }

  #deliver<T>(on: (value: T, subject: string) => void, value: T, subject: string): void {
    try {
      on(value, subject);
    } catch (error) {
      this.#log.error('a subscriber threw', { subject, error });
    }
  }

  async kv(bucket: string): Promise<Bucket> {
    try {
      const kv = await new Kvm(this.js).open(bucket);
      await kv.status();
      return new NatsBucket(bucket, kv, this.nc, this.#log);
    } catch (error) {
      throw new BucketUnavailableError(`bucket ${bucket} cannot be opened: it does not exist, or this user may not`, { cause: error });
    }
  }

  inbox(): string {
    return createInbox(this.#inboxPrefix);
  }

  async close(): Promise<void> {
    if (this.nc.isClosed()) return;
    await (this.#connected ? this.nc.drain() : this.nc.close());
  }

  async #follow(): Promise<void> {
    for await (const status of this.nc.status()) {
      switch (status.type) {
        case 'disconnect':
          this.#connected = false;
          this.#log.warn('lost the bus');
          break;
        case 'reconnect':
          this.#connected = true;
          this.#log.info('back on the bus');
          break;
        case 'error':
          this.#log.error('the bus reports an error', { error: status.error });
          break;
        default:
          break;
      }
    }
    this.#connected = false;
  }
}

function traced() {
  const all = headers();
  for (const [name, value] of Object.entries(traceHeaders())) all.set(name, value);
  return all;
}

/** Null when it is no answer of this contract. */
function answerOf<Res extends z.ZodType>(value: Res, answer: unknown): Reply<z.output<Res>> | null {
  const outer = replyOf(z.unknown()).safeParse(answer);
  if (!outer.success) return null;
  if (!outer.data.ok) return outer.data;
  const inner = value.safeParse(outer.data.value);
  return inner.success ? ok(inner.data) : null;
}

/** Undefined for what is not JSON: no schema takes that. */
export function json(message: Msg): unknown {
  try {
    return JSON.parse(message.string());
  } catch {
    return undefined;
  }
}

function reason(error: unknown): string {
  if (error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders())) return 'nobody answers';
  if (error instanceof TimeoutError) return 'no answer in time';
  return 'the bus is away';
}
