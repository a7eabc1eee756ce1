import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { mustBeDemo } from './demo-mode.ts';
import { pick, pickPath } from './login/pick.ts';
import { demoProvider } from './provider.ts';
import { openState, writeClients } from './state.ts';

export interface DemoIssuerOptions {
  /** Loopback only; default 127.0.0.1. */
  readonly host?: string;
  /** 0 takes a free port: then tokens are good for one start, since the port is part of `iss`. */
  readonly port: number;
  /** Made with mode 0700: key, client secrets. */
  readonly stateDir: string;
  /** PEM texts; without them plain http, which loopback allows. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Faults of the provider, without values. */
  readonly onFault?: (what: string) => void;
  /** Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface DemoIssuer {
  /** Exact `iss`. */
  readonly issuer: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Throws NotInDemoModeError outside of demo mode; rejects when the port is taken. */
export async function startDemoIssuer(options: DemoIssuerOptions): Promise<DemoIssuer> {
  const host = options.host ?? '127.0.0.1';
  mustBeDemo(options.env ?? process.env, host);
  const state = await openState(options.stateDir);
  const server = options.tls === undefined ? createServer() : createTlsServer(options.tls);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options.port, host, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the demo issuer has no port');
  const issuer = `${options.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  const provider = demoProvider(issuer, state);
  provider.on('server_error', (_context, error) => options.onFault?.(error.message));
  const handle = provider.callback();
  server.on('request', (request, response) => void (request.url?.startsWith(pickPath) === true ? pick(provider, request, response) : handle(request, response)));
  await writeClients(options.stateDir, issuer, state.secrets);
  return {
    issuer,
    port: address.port,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
