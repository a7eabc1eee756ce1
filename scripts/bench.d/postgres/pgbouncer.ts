import { chown, chmod, copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Child, freePort, tempDir, untilListening } from '@sallyport/testing-servers';
import type { TlsFiles } from '../../stack/tls.ts';
import { database, role, type Target } from './target.ts';

export interface Pgbouncer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** pgbouncer refuses to run as root: then it runs as this unprivileged user. */
const unprivileged = process.getuid?.() === 0 ? 65_534 : undefined;

/** Debian's pgbouncer with session pooling and TLS on both sides, as the gateway has it; passwords by SCRAM. */
export async function startPgbouncer(tls: TlsFiles, target: Target): Promise<Pgbouncer> {
  const directory = await tempDir('sallyport-pgbouncer', unprivileged);
  const port = await freePort();
  const own = async (file: string) => {
    await chmod(file, 0o600);
    if (unprivileged !== undefined) await chown(file, unprivileged, unprivileged);
    return file;
  };
  const place = async (from: string, name: string) => {
    await copyFile(from, join(directory.path, name));
    return own(join(directory.path, name));
  };
  const users = join(directory.path, 'users.txt');
  await writeFile(users, `"${role}" "${target.password}"\n`);
  await own(users);
  const config = join(directory.path, 'pgbouncer.ini');
  await writeFile(config, [
    '[databases]',
    `${database} = host=127.0.0.1 port=${target.server.port} dbname=${database}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = scram-sha-256',
    `auth_file = ${users}`,
    'pool_mode = session',
    'max_client_conn = 200',
    'default_pool_size = 64',
    'client_tls_sslmode = require',
    `client_tls_cert_file = ${await place(tls.cert, 'server.pem')}`,
    `client_tls_key_file = ${await place(tls.key, 'server.key')}`,
    'server_tls_sslmode = verify-ca',
    `server_tls_ca_file = ${await place(tls.ca, 'ca.pem')}`,
    'ignore_startup_parameters = extra_float_digits',
    'log_connections = 0',
    'log_disconnections = 0',
    'log_pooler_errors = 1',
  ].join('\n'));
  await own(config);
  const child = new Child('pgbouncer', [config], unprivileged === undefined ? {} : { uid: unprivileged });
  await untilListening(child, port);
  return {
    port,
    pid: child.process.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      await child.stop('SIGINT');
      await directory[Symbol.asyncDispose]();
    },
  };
}
