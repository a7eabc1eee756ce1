import { id, type MaskPlan, type Target, type TargetName } from '@sallyport/domain-model';
import { createMasker } from '@sallyport/engine-masking';
import { openDoor, type Door } from '@sallyport/testing-conformance';
import { FakePorts } from '@sallyport/testing-kit';
import { startPostgres, tlsMaterial, type PostgresServer, type StartPostgresOptions, type TlsMaterial } from '@sallyport/testing-servers';
import { PostgresAdapter } from '../adapter.ts';
import { writeCancelRequest } from '../messages/index.ts';
import { dialUpstream } from '../upstream.ts';
import { encrypted, WireClient, type Login } from './wire-client.ts';

/** The credential of the target: no client may ever see either of them. */
export const credential = { username: 'svc_gateway_7f3', secret: 'S3cret-c4nary-of-the-target' } as const;

export const tokenKey = Buffer.alloc(32, 7);

/** A real PostgreSQL and what is needed to put doors before it. */
export interface Target18 extends AsyncDisposable {
  readonly server: PostgresServer;
  readonly tls: TlsMaterial;
  readonly adapter: PostgresAdapter;
}

export async function startTarget(version: NonNullable<StartPostgresOptions['version']>, setup: string): Promise<Target18> {
  const tls = await tlsMaterial();
  const server = await startPostgres({ version, tls: { cert: tls.cert, key: tls.key } });
  await server.sql(`create role ${credential.username} login superuser password '${credential.secret}'; ${setup}`);
  return {
    server,
    tls,
    adapter: await PostgresAdapter.load(),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await tls[Symbol.asyncDispose]();
    },
  };
}

export function targetOf(port: number, tls: Target['tls'] = { mode: 'off', ca: null, serverName: null }, settings: Target['settings'] = {}): Target {
  return { name: id<TargetName>('ledger-db'), kind: 'postgres', address: { host: '127.0.0.1', port }, tls, credential: 'file:ledger-db', environment: 'test', tags: [], evidence: 'strict', settings };
}

/** A door before a target, and the ports of the sessions that come through it. */
export interface World extends AsyncDisposable {
  readonly door: Door;
  /** Ports of the next session: change them before `connect`. */
  next: FakePorts;
  connect(login?: Partial<Login>): Promise<WireClient>;
  /** A cancel request for this client's session, as libpq sends it; resolves when the gateway has closed the connection. */
  cancel(client: WireClient): Promise<void>;
}

export async function openWorld(target: Target18, plan: MaskPlan | null = null, settings: Target['settings'] = {}): Promise<World> {
  const ports = () => {
    const made = new FakePorts();
    made.currentPlan = plan;
    return made;
  };
  const world: { next: FakePorts } = { next: ports() };
  const door = await openDoor({
    adapter: target.adapter,
    target: targetOf(target.server.port, { mode: 'verify-full', ca: target.tls.pem.ca, serverName: 'localhost' }, settings),
    credential,
    tls: target.tls.pem,
    masker: createMasker(plan, tokenKey),
    ports: () => {
      const taken = world.next;
      world.next = ports();
      return taken;
    },
  });
  return Object.assign(world, {
    door,
    connect: (login: Partial<Login> = {}) => WireClient.open({ port: door.port, ca: target.tls.pem.ca, ...login }),
    cancel: async (client: WireClient) => {
      const socket = await encrypted(door.port, target.tls.pem.ca);
      socket.end(writeCancelRequest(client.key));
      await new Promise((resolve) => socket.resume().once('close', resolve));
    },
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  });
}

/** The same client, logged in at the server itself: what a session through a door must not differ from. */
export async function direct(target: Target18, parameters: Readonly<Record<string, string>> = {}): Promise<WireClient> {
  const upstream = await dialUpstream({
    target: targetOf(target.server.port),
    database: 'postgres',
    parameters,
    credential: () => Promise.resolve({ use: (work) => work({ username: credential.username, secret: Buffer.from(credential.secret) }), [Symbol.asyncDispose]: () => Promise.resolve() }),
    signal: new AbortController().signal,
    timeoutMs: 5000,
  });
  return new WireClient(upstream.socket);
}
