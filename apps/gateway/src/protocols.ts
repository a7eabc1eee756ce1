import { PostgresAdapter } from '@sallyport/protocol-postgres';
import type { ProtocolAdapter } from '@sallyport/protocol-spi';
import type { GatewayConfig } from './config.ts';

/** One protocol and where it listens. */
export interface Door {
  readonly adapter: ProtocolAdapter;
  readonly listen: string;
}

/** The protocols of this gateway. A new one is a folder under libs/protocol and one line here. */
export async function protocols(config: GatewayConfig): Promise<readonly Door[]> {
  return [{ adapter: erase(await PostgresAdapter.load()), listen: config.SALLYPORT_PG_LISTEN }];
}

/** The gateway hands each adapter back what that adapter made, so it need not know the types. */
function erase<S, G extends { readonly target: string }>(adapter: unknown & { serve: (greeting: G, session: S) => unknown }): ProtocolAdapter {
  return adapter as unknown as ProtocolAdapter;
}
