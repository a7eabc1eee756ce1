import { silentLog } from '@sallyport/platform-telemetry';
import { serveNats, type NatsProcess } from '@sallyport/testing-servers';
import type { Bus } from '../bus.ts';
import { connectBus } from '../connect.ts';
import { createStreams } from '../create-streams.ts';
import { natsConfig } from '../nats-config.ts';
import type { BusUser } from '../services.ts';

export interface Nats extends NatsProcess {
  readonly url: string;
  connect(user: BusUser | `siem-${string}`): Promise<Bus>;
}

/** A real server with the product's users. `unlimited` gives `bootstrap` every right, to see what the broker itself refuses. */
export async function startNats(options: { readonly gateways?: readonly string[]; readonly siems?: readonly string[]; readonly unlimited?: boolean; readonly streams?: boolean } = {}): Promise<Nats> {
  const gateways = options.gateways === undefined ? {} : { gateways: options.gateways };
  const siems = options.siems ?? [];
  const server = await serveNats({
    config: (port, storeDir) => {
      const text = natsConfig({ port, storeDir, passwords, ...gateways, siems: Object.fromEntries(siems.map((name) => [name, `of-siem-${name}`])) });
      return options.unlimited === true ? text.replace(/(\{ user: "bootstrap", password: "[^"]*"), permissions: \{[^}]*\}[^}]*\}\s*\} \}/, '$1 }') : text;
    },
  });
  const url = `nats://127.0.0.1:${server.port}`;
  const open: Bus[] = [];
  const connect = async (user: BusUser | `siem-${string}`) => {
    const bus = await connectBus({ servers: url, user, password: `of-${user}`, name: user, log: silentLog });
    open.push(bus);
    return bus;
  };
  if (options.streams !== false) await createStreams(await connect('bootstrap'), { siems });
  return {
    ...server,
    url,
    connect,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(open.map((bus) => bus.close().catch(() => undefined)));
      await server[Symbol.asyncDispose]();
    },
  };
}

const passwords: Readonly<Record<BusUser, string>> = {
  gateway: 'of-gateway', policy: 'of-policy', approvals: 'of-approvals', masking: 'of-masking', evidence: 'of-evidence', identity: 'of-identity', governance: 'of-governance', sinks: 'of-sinks', console: 'of-console', bootstrap: 'of-bootstrap',
};
