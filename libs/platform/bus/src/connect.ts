import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Log } from '@sallyport/platform-telemetry';
import type { Bus } from './bus.ts';
import { NatsBus } from './nats-bus.ts';
import { BusUnavailableError } from './errors.ts';

export interface BusOptions {
  /** `nats://host:port`, several separated by commas; `tls://` for TLS. */
  readonly servers: string;
  /** A user of `natsConfig`. Its inbox is `_INBOX_<user>.>`. */
  readonly user: string;
  readonly password: string;
  /** What the server shows for this connection. */
  readonly name: string;
  readonly log: Log;
  /** Path of the PEM file with the CA of the server's certificate. */
  readonly ca?: string;
  /** How long to wait for the first connection, in milliseconds; default 30 000. */
  readonly patienceMs?: number;
}

/** The prefix of the inboxes of a user: nobody else may subscribe below it. */
export const inboxPrefix = (user: string) => `_INBOX_${user}`;

/**
 * Connects, waiting up to `patienceMs` for the server to come up; afterwards the connection is restored for ever. A wrong password
 * is not waited for. Throws BusUnavailableError.
 */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const nc = await firstConnection(options);
  return new NatsBus(nc, jetstream(nc, { timeout: 5000 }), inboxPrefix(options.user), options.log);
}

async function firstConnection(options: BusOptions): Promise<NatsConnection> {
  const patience = options.patienceMs ?? 30_000;
  const until = Date.now() + patience;
  for (let told = false; ; ) {
    try {
      return await connect(settings(options));
    } catch (error) {
      if (isRefusal(error)) throw new BusUnavailableError(`the bus refuses user ${options.user}: wrong user or password`, { cause: error });
      if (Date.now() >= until) throw new BusUnavailableError(`no connection to the bus at ${shown(options.servers)} within ${Math.round(patience / 1000)} s`, { cause: error });
      if (!told) options.log.warn('waiting for the bus', { servers: shown(options.servers) });
      told = true;
      await sleep(250);
    }
  }
}

function settings(options: BusOptions) {
  return {
    servers: options.servers.split(',').map((server) => server.trim()),
    user: options.user,
    pass: options.password,
    name: options.name,
    inboxPrefix: inboxPrefix(options.user),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    pingInterval: 10_000,
    maxPingOut: 2,
    ...(options.ca === undefined ? {} : { tls: { ca: readFileSync(options.ca, 'utf8') } }),
  };
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && /authorization|authentication/i.test(`${error.name} ${error.message}`);
}

/** Without credentials, should somebody have put some into the address. */
function shown(servers: string): string {
  return servers.replaceAll(/\/\/[^@/,]*@/g, '//');
}
