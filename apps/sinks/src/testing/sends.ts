import type { StoredEvent } from '@sallyport/engine-siem';
import { Secret } from '../transports/secret.ts';
import { SecretSource, EnvSecrets } from '@sallyport/platform-secrets';
import type { Delivery, Transport } from '../transports/transport.ts';

export const secretOf = (value: string, user = 'sink') => new Secret(new SecretSource([new EnvSecrets({ SALLYPORT_SECRET_TOKEN: `${user}:${value}` })]), 'env:token', 'test');

/** Renders and sends at once. */
export function send(transport: Transport, stored: readonly StoredEvent[]): Promise<readonly Delivery[]> {
  return transport.send(stored.map((leaf) => ({ leaf: leaf.leaf, text: transport.render(leaf) })), new AbortController().signal, { first: stored[0]?.leaf ?? 0, last: stored.at(-1)?.leaf ?? 0, at: stored[0]?.receivedAt ?? 0, turn: 0, epoch: 1 });
}
