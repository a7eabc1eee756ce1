import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bus } from '@sallyport/platform-bus';
import type { Log } from '@sallyport/platform-telemetry';
import { PostgresAdapter } from '@sallyport/protocol-postgres';
import type { ProtocolAdapter } from '@sallyport/protocol-spi';
import { missingCrypto, SshAdapter } from '@sallyport/protocol-ssh';
import type { GatewayConfig } from './config.ts';
import { HostCertificate } from './listeners/host-certificate.ts';

/** One protocol and where it listens. */
export interface Door {
  readonly adapter: ProtocolAdapter;
  readonly listen: string;
}

/** What protocols may need of their gateway. */
export interface DoorTerms {
  readonly config: GatewayConfig;
  /** The gateway's own directory. */
  readonly state: string;
  readonly bus: Bus;
  readonly log: Log;
  /** Registers what a door needs before clients should come; null when it has it. */
  readonly waits: (name: string, check: () => string | null) => void;
  /** Registers what is to be stopped with the gateway. */
  readonly stopped: (stop: () => void) => void;
}

/** Null, or what is missing for SSH to be as fast as it can be. `/readyz` notes it, and `sallyport doctor` fails on it. */
export const missingNative = missingCrypto;

/** The protocols of this gateway. A new one is a folder under libs/protocol and one line here. */
export async function protocols(terms: DoorTerms): Promise<readonly Door[]> {
  const { config } = terms;
  return [
    { adapter: erase(await PostgresAdapter.load()), listen: config.SALLYPORT_PG_LISTEN },
    ...(config.SALLYPORT_SSH_LISTEN === undefined ? [] : [{ adapter: erase(await ssh(terms)), listen: config.SALLYPORT_SSH_LISTEN }]),
  ];
}

async function ssh({ config, state, bus, log, waits, stopped }: DoorTerms): Promise<SshAdapter> {
  const file = config.SALLYPORT_SSH_HOST_KEY ?? join(state, 'ssh_host_key');
  if (!existsSync(file)) writeFileSync(file, SshAdapter.newHostKey(), { mode: 0o600 });
  if ((statSync(file).mode & 0o077) !== 0) throw new Error(`${file} is open to others than its owner: chmod 600`);
  const privateKey = readFileSync(file, 'utf8');
  const certificate = new HostCertificate({ bus, log, gateway: config.SALLYPORT_GATEWAY_ID, names: config.SALLYPORT_SSH_NAMES, publicKey: SshAdapter.publicKey(privateKey) });
  stopped(await certificate.start());
  // Clients that know the authority only would take the plain key for somebody else's.
  if (config.SALLYPORT_SSH_NAMES.length > 0) waits('ssh host certificate', () => (certificate.current(Date.now()) === null ? 'the certificate of the SSH host key, from identity' : null));
  return new SshAdapter({ hostKey: () => ({ privateKey, certificate: certificate.current(Date.now()) }), log });
}

/** The gateway hands each adapter back what that adapter made, so it need not know the types. */
function erase<S, G extends { readonly target: string }>(adapter: unknown & { serve: (greeting: G, session: S) => unknown }): ProtocolAdapter {
  return adapter as unknown as ProtocolAdapter;
}
