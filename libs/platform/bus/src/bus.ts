import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import type { Bucket } from './bucket.ts';
import type { Contract, Reply } from './contracts/index.ts';

/** One connection of one service to the bus. */
export interface Bus {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  /** False while the connection is lost; it comes back by itself. */
  readonly connected: boolean;

  /**
   * Asks another service. Never throws for what the other side or the bus does: no responder, a time-out or a lost connection is
   * `unavailable`, an answer that is not the contract's is `internal`.
   * @param timeoutMs default 5000
   */
  call<Req extends z.ZodType, Res extends z.ZodType>(contract: Contract<Req, Res>, request: z.input<Req>, timeoutMs?: number): Promise<Reply<z.output<Res>>>;

  /** Sends JSON to whoever listens now: at most once, nothing is kept. Throws when the bus is closed or the payload is over its limit. */
  publish(subject: string, payload: unknown): void;

  /** Hears every message that fits the schema; others are logged and dropped. @returns stops hearing */
  subscribe<T>(subject: string, schema: z.ZodType<T>, on: (value: T, subject: string) => void): () => void;

  /** Opens a bucket that exists. Throws BucketUnavailableError. */
  kv(bucket: string): Promise<Bucket>;

  /** A subject of one's own to hear answers on: nobody else may. */
  inbox(): string;

  /** Sends what is queued, ends subscriptions and closes. */
  close(): Promise<void>;
}
