import { connectBus, createStreams, natsConfig, type Bus, type BusUser } from '@sallyport/platform-bus';
import { silentLog } from '@sallyport/platform-telemetry';
import { serveNats, type NatsProcess, type PostgresServer } from '@sallyport/testing-servers';
import { bootstrapSql, ownerRole, serviceRole } from '../bootstrap-sql.ts';

export interface Nats extends NatsProcess {
  readonly url: string;
  readonly password: string;
  connect(user: BusUser): Promise<Bus>;
}

const password = 'a-password-of-a-test';

/** A real server with the product's users and streams; all users have one password. */
export async function startNats(): Promise<Nats> {
  const all: Record<BusUser, string> = { gateway: password, policy: password, approvals: password, masking: password, evidence: password, identity: password, governance: password, sinks: password, console: password, bootstrap: password };
  const server = await serveNats({ config: (port, storeDir) => natsConfig({ port, storeDir, passwords: all }) });
  const url = `nats://127.0.0.1:${server.port}`;
  const open: Bus[] = [];
  const connect = async (user: BusUser) => {
    const bus = await connectBus({ servers: url, user, password, name: user, log: silentLog });
    open.push(bus);
    return bus;
  };
  await createStreams(await connect('bootstrap'));
  return {
    ...server,
    url,
    password,
    connect,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(open.map((bus) => bus.close().catch(() => undefined)));
      await server[Symbol.asyncDispose]();
    },
  };
}

export interface Database {
  readonly name: string;
  readonly ownerDsn: string;
  readonly identityDsn: string;
}

export async function newDatabase(postgres: PostgresServer, name: string): Promise<Database> {
  await postgres.sql(`create database "${name}"`);
  const passwords = { policy: password, approvals: password, masking: password, evidence: password, identity: password, governance: password, sinks: password, console: password };
  await postgres.sql(bootstrapSql({ passwords, ownerPassword: password, database: name }), name);
  return { name, ownerDsn: postgres.dsnOf(ownerRole, password, name), identityDsn: postgres.dsnOf(serviceRole('identity'), password, name) };
}
