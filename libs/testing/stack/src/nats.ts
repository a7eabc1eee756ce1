import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectBus, createStreams, natsConfig, type Bus, type BusUser, type NatsConfigOptions, type StreamLimits } from '@sallyport/platform-bus';
import { silentLog } from '@sallyport/platform-telemetry';
import { Child, untilListening } from './child.ts';
import { freePort } from './free-port.ts';
import { tempDir, type TempDir } from './temp-dir.ts';

export interface NatsServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly passwords: Readonly<Record<BusUser, string>>;
  /** A connection of this user. The caller closes it, or the server's end does. */
  connect(user: BusUser): Promise<Bus>;
  stop(): Promise<void>;
  kill9(): Promise<void>;
  /** On the same port with the same files, after `stop` or `kill9`. */
  restart(): Promise<void>;
}

export interface StartNatsOptions extends Partial<Pick<NatsConfigOptions, 'gateways' | 'tls' | 'storeBytes'>> {
  /** False leaves out streams and buckets. Default true. */
  readonly streams?: boolean;
  readonly limits?: StreamLimits;
  /** Keeps the streams here, and uses them again when they exist. Default: a temporary directory, gone in the end. */
  readonly directory?: string;
  /** Default: new ones. */
  readonly passwords?: Readonly<Record<BusUser, string>>;
  /** True gives `bootstrap` every right: to see what the broker itself refuses. */
  readonly unsafeAdmin?: boolean;
}

/** The real nats-server of PATH with the product's own configuration and users, streams and buckets made. */
export async function startNats(options: StartNatsOptions = {}): Promise<NatsServer> {
  const { streams = true, limits = {}, unsafeAdmin = false, directory: kept, passwords = generatePasswords(), ...config } = options;
  const directory = kept === undefined ? await tempDir('sallyport-nats') : await keptDir(kept);
  const port = await freePort();
  const file = join(directory.path, 'nats.conf');
  const text = natsConfig({ port, storeDir: join(directory.path, 'store'), passwords, ...config });
  await writeFile(file, unsafeAdmin ? withoutLimits(text) : text, { mode: 0o600 });
  const launch = async () => {
    const child = new Child('nats-server', ['-c', file]);
    await untilListening(child, port);
    return child;
  };
  let child = await launch();
  const url = `${options.tls === undefined ? 'nats' : 'tls'}://127.0.0.1:${port}`;
  const open: Bus[] = [];
  const connect = async (user: BusUser) => {
    const ca = options.tls?.ca;
    const bus = await connectBus({ servers: url, user, password: passwords[user], name: user, log: silentLog, ...(ca === undefined ? {} : { ca }) });
    open.push(bus);
    return bus;
  };
  if (streams) {
    const bus = await connect('bootstrap');
    await createStreams(bus, limits);
    await bus.close();
  }
  return {
    url,
    port,
    passwords,
    connect,
    stop: () => child.stop(),
    kill9: () => child.kill9(),
    restart: async () => {
      await child.stop();
      child = await launch();
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(open.map((bus) => bus.close().catch(() => undefined)));
      await child.stop();
      await directory[Symbol.asyncDispose]();
    },
  };
}

export function generatePasswords(): Record<BusUser, string> {
  const password = () => randomBytes(18).toString('base64url');
  return { gateway: password(), policy: password(), approvals: password(), masking: password(), evidence: password(), identity: password(), console: password(), bootstrap: password() };
}

async function keptDir(path: string): Promise<TempDir> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  return { path, [Symbol.asyncDispose]: async () => undefined };
}

function withoutLimits(config: string): string {
  return config.replace(/(\{ user: "bootstrap", password: "[^"]*"), permissions: \{[^}]*\}[^}]*\}\s*\} \}/, '$1 }');
}
