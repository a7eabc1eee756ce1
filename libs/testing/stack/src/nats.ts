import { randomBytes } from 'node:crypto';
import { connectBus, createStreams, natsConfig, siemOf, type Bus, type BusUser, type NatsConfigOptions, type StreamLimits } from '@sallyport/platform-bus';
import { silentLog } from '@sallyport/platform-telemetry';
import { serveNats, type NatsProcess } from '@sallyport/testing-servers';

export interface NatsServer extends NatsProcess {
  readonly url: string;
  readonly passwords: Readonly<Record<BusUser, string>>;
  /** A connection of this user. The caller closes it, or the server's end does. */
  connect(user: BusUser): Promise<Bus>;
  /** A connection of a SIEM named in `siems`. */
  connectSiem(name: string): Promise<Bus>;
}

export interface StartNatsOptions extends Partial<Pick<NatsConfigOptions, 'gateways' | 'siems' | 'tls' | 'storeBytes'>> {
  /** False leaves out streams and buckets. Default true. */
  readonly streams?: boolean;
  readonly limits?: StreamLimits;
  /** Keeps the streams here, and uses them again when they exist. Default: a temporary directory, gone in the end. */
  readonly directory?: string;
  /** Default: new ones. */
  readonly passwords?: Readonly<Record<BusUser, string>>;
}

/** The real nats-server of PATH with the product's own configuration and users, streams and buckets made. */
export async function startNats(options: StartNatsOptions = {}): Promise<NatsServer> {
  const { streams = true, limits = {}, directory, passwords = generatePasswords(), ...rest } = options;
  const config = (port: number, storeDir: string) => natsConfig({ port, storeDir, passwords, ...rest });
  const server = await serveNats({ config, ...(directory === undefined ? {} : { directory }) });
  const url = `${options.tls === undefined ? 'nats' : 'tls'}://127.0.0.1:${server.port}`;
  const open: Bus[] = [];
  const connect = (user: BusUser) => openAs(user, passwords[user]);
  const openAs = async (user: string, password: string) => {
    const ca = options.tls?.ca;
    const bus = await connectBus({ servers: url, user, password, name: user, log: silentLog, ...(ca === undefined ? {} : { ca }) });
    open.push(bus);
    return bus;
  };
  if (streams) {
    const bus = await connect('bootstrap');
    await createStreams(bus, { ...limits, siems: limits.siems ?? Object.keys(options.siems ?? {}) });
    await bus.close();
  }
  return {
    ...server,
    url,
    passwords,
    connect,
    connectSiem: (name) => openAs(siemOf(name).user, options.siems?.[name] ?? ''),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(open.map((bus) => bus.close().catch(() => undefined)));
      await server[Symbol.asyncDispose]();
    },
  };
}

export function generatePasswords(): Record<BusUser, string> {
  const password = () => randomBytes(18).toString('base64url');
  return { gateway: password(), policy: password(), approvals: password(), masking: password(), evidence: password(), identity: password(), governance: password(), sinks: password(), console: password(), bootstrap: password() };
}
