import { createServer, type AddressInfo, type Server } from 'node:net';
import { id, uuidv7, type Credential, type Refusal, type ResultMasker, type SecretLease, type SessionId, type Target } from '@sallyport/domain-model';
import { SessionGate } from '@sallyport/engine-session';
import type { ProtocolAdapter, SessionEnd } from '@sallyport/protocol-spi';
import { FakePorts } from '@sallyport/testing-kit';
import { SpiedGate } from './spied-gate.ts';

/** One session that came through the door. */
export interface DoorSession {
  readonly ports: FakePorts;
  readonly gate: SpiedGate;
  /** Ends the session as an operator would. */
  kill(refusal: Refusal): void;
  /** How it ended; pending while it lives. Rejects when `serve` did. */
  readonly end: Promise<SessionEnd>;
}

/** A listener with an adapter behind it: the gateway without its services. */
export interface Door extends AsyncDisposable {
  readonly port: number;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  /** All sessions, in the order in which they were opened. */
  readonly sessions: readonly DoorSession[];
  /** The session that was opened last, or comes next. */
  latest(): DoorSession;
}

export interface DoorTerms<Settings> {
  readonly adapter: ProtocolAdapter<Settings>;
  readonly target: Target;
  readonly credential: { readonly username: string; readonly secret: string };
  readonly tls: Door['tls'];
  readonly masker?: ResultMasker;
  /** Ports of the next session; default: everything is allowed and durable at once. */
  readonly ports?: () => FakePorts;
}

const nothing: ResultMasker = { plan: null, bind: (columns) => ({ cells: columns.map(() => null), ruled: false, counts: () => [] }), scrub: (text) => text };

export async function openDoor<Settings>(terms: DoorTerms<Settings>): Promise<Door> {
  const sessions: DoorSession[] = [];
  const stop = new AbortController();
  const keys = new Map<string, () => void>();
  const { adapter } = terms;
  const settings = adapter.parseSettings(terms.target.settings);
  const tls = { cert: terms.tls.cert, key: terms.tls.key };
  const server: Server = createServer({ pauseOnConnect: true, noDelay: true }, (client) => {
    client.on('error', () => undefined);
    void adapter.greet(client, { tls, timeoutMs: 5000, signal: stop.signal, cancel: (key) => run(keys.get(hex(key))) }).then((greeting) => {
      if (greeting === null) return;
      const closing = new AbortController();
      const ports = terms.ports?.() ?? new FakePorts();
      const session = id<SessionId>(uuidv7());
      const gate = new SpiedGate(new SessionGate({ session, ports, masker: () => terms.masker ?? nothing, closing: closing.signal }));
      const end = adapter.serve(greeting, {
        id: session,
        target: terms.target,
        settings,
        gate,
        credential: () => Promise.resolve(leaseOf(terms.credential)),
        onCancel: (key, take) => {
          keys.set(hex(key), take);
          return () => keys.delete(hex(key));
        },
      });
      // A rejection is seen by whoever looks at `end`.
      end.catch(() => undefined);
      sessions.push({ ports, gate, kill: (why) => closing.abort(why), end });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: portOf(server),
    tls: terms.tls,
    sessions,
    latest: () => {
      const last = sessions.at(-1);
      if (last === undefined) throw new Error('no session was opened yet');
      return last;
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      for (const session of sessions) session.kill({ kind: 'refusal', code: 'closing', say: 'the test is over', rules: [], requestId: 'test', hint: '' });
      await Promise.allSettled(sessions.map(({ end }) => end));
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function leaseOf({ username, secret }: { readonly username: string; readonly secret: string }): SecretLease {
  const value = Buffer.from(secret);
  return {
    use: <T>(work: (credential: Credential) => T): T => work({ username, secret: value }),
    [Symbol.asyncDispose]: () => {
      value.fill(0);
      return Promise.resolve();
    },
  };
}

function run(take: (() => void) | undefined): boolean {
  take?.();
  return take !== undefined;
}

function hex(key: Uint8Array): string {
  return Buffer.from(key).toString('hex');
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the port has no number');
  return address.port;
}
