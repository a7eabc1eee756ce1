import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import type { Bus, ServiceName } from '@sallyport/platform-bus';
import type { Log } from '@sallyport/platform-telemetry';
import type { z } from 'zod';
import type { BaseEnv } from './environment.ts';
import type { Readiness } from './readiness.ts';

export interface ServiceContext<C> {
  readonly config: C;
  readonly env: BaseEnv;
  readonly log: Log;
  readonly bus: Bus;
  readonly readiness: Readiness;
}

/** What a service's `start` has made. At the end it is taken down in this order: stop, outbox, (Nest, bus), store. */
export interface Started {
  /** Nest module with the controllers that serve the bus (`@Handles`) and HTTP. */
  readonly module: Type | DynamicModule;
  /** Ends timers, sessions and what else the service has started. Called when no new work comes in any more. */
  stop?(): Promise<void>;
  /** Called with the Nest application before it opens: for what is made from the whole of it, like an OpenAPI document. */
  prepare?(app: INestApplication): void;
  readonly outbox?: { stop(): Promise<void> };
  readonly store?: { close(): Promise<void> };
}

export interface ServiceDefinition<C> {
  readonly name: ServiceName;
  /** The service's own variables, from a flat record of the whole environment: use `z.object`, which leaves the others alone. */
  readonly config: z.ZodType<C>;
  start(context: ServiceContext<C>): Promise<Started>;
  readonly http?: {
    /** Largest request body in bytes; default 64 KiB. */
    readonly bodyLimit?: number;
    /** PEM texts; null or absent for plain HTTP. */
    tls?(config: C): { readonly cert: string; readonly key: string } | null;
  };
}
