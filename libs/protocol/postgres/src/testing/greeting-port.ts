import { createServer, type AddressInfo, type Server } from 'node:net';
import { refusal } from '@sallyport/domain-model';
import type { GreetTerms } from '@sallyport/protocol-spi';
import { greet, type PostgresGreeting } from '../greet.ts';
import { refuse } from '../refuse.ts';

/** A port that greets and then refuses everybody, as a gateway without policies would. For tests. */
export interface GreetingPort extends AsyncDisposable {
  readonly port: number;
  /** What each connection's greeting came to, in order of their ends. */
  readonly outcomes: (PostgresGreeting | null | Error)[];
  /** Greetings that have not come to an end. */
  readonly pending: number;
  /** Keys of the cancel requests that came, in hex. */
  readonly cancels: string[];
  /** Stops as a service does. */
  readonly stop: AbortController;
}

export async function openGreetingPort(tls: GreetTerms['tls'], timeoutMs = 5000): Promise<GreetingPort> {
  const outcomes: GreetingPort['outcomes'] = [];
  const cancels: string[] = [];
  let pending = 0;
  const stop = new AbortController();
  const terms: GreetTerms = { tls, timeoutMs, signal: stop.signal, cancel: (key) => cancels.push(Buffer.from(key).toString('hex')) > 0 };
  const server: Server = createServer({ pauseOnConnect: true, noDelay: true }, (client) => {
    pending++;
    greet(client, terms).finally(() => pending--).then(
      (greeting) => {
        outcomes.push(greeting);
        if (greeting !== null) void refuse(greeting, refusal('unauthorized', 'nobody may come in', 'request-1', { hint: 'this is a test' }));
      },
      (error: unknown) => outcomes.push(error instanceof Error ? error : new Error('not an error')),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the port has no number');
  return {
    port: address.port,
    outcomes,
    get pending() {
      return pending;
    },
    cancels,
    stop,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
