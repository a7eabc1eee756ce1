import { randomBytes } from 'node:crypto';
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { natsConfig, siemOf } from '@sallyport/platform-bus';
import { ownerRole, serviceRole, type DatabaseService } from '@sallyport/platform-store';
import { openHome } from '../../scripts/stack/home.ts';
import { tlsFiles } from '../../scripts/stack/tls.ts';

// First job of docker-compose.yml: makes every secret once, and puts into each service's own volume what that service needs and nothing else.
const secrets = '/secrets';
const uid = 65532;
const home = openHome(join(secrets, 'setup'));
const tls = await tlsFiles(home.at('tls'), 365, ['localhost', 'gateway', 'console']);
const database = (role: string, password: string) => `postgres://${role}:${encodeURIComponent(password)}@postgres:5432/sallyport`;
const bus = (user: keyof typeof home.secrets.bus) => ({ SALLYPORT_NATS: 'nats://nats:4222', SALLYPORT_NATS_USER: user, SALLYPORT_NATS_PASSWORD: home.secrets.bus[user] });
const store = (service: DatabaseService) => ({ SALLYPORT_DSN: database(serviceRole(service), home.secrets.database[service]) });
/** Personal data in evidence are sealed to its reader. */
const sealed = { SALLYPORT_READER_PUBLIC_KEY: home.keys.readerPublic };
/** Names of the SSH door, which identity certifies: the gateway asks for all of them. */
const sshHosts = process.env['SALLYPORT_SSH_HOSTS'] ?? 'localhost';
const common = { SALLYPORT_STATE: '/state', SALLYPORT_HTTP: '0.0.0.0:8080' };

give('gateway', {
  ...common, ...bus('gateway'), SALLYPORT_GATEWAY_ID: 'gateway-1', SALLYPORT_PG_LISTEN: '0.0.0.0:5432', SALLYPORT_SSH_LISTEN: '0.0.0.0:2222', SALLYPORT_SSH_NAMES: sshHosts, SALLYPORT_SECRETS_DIR: '/secrets/credentials',
}, {
  SALLYPORT_TLS_CERT: tls.cert, SALLYPORT_TLS_KEY: tls.key, SALLYPORT_LEASE_PUBLIC_KEY: home.keys.leasePublic, SALLYPORT_READER_PUBLIC_KEY: home.keys.readerPublic,
});
give('policy', { ...common, ...bus('policy'), ...store('policy') }, { ...sealed, SALLYPORT_LEASE_KEY: home.keys.lease });
give('approvals', { ...common, ...bus('approvals'), ...store('approvals'), SALLYPORT_PUBLIC_URL: process.env['SALLYPORT_PUBLIC_URL'] ?? 'https://localhost:8443' }, { ...sealed, SALLYPORT_TEXT_KEY: home.keys.text });
give('masking', { ...common, ...bus('masking'), ...store('masking') }, { ...sealed, SALLYPORT_TOKEN_KEY: home.keys.token });
give('evidence', { ...common, ...bus('evidence'), ...store('evidence') }, { SALLYPORT_READER_KEY: home.keys.reader, SALLYPORT_LOG_KEY: home.keys.log });
give('identity', {
  ...common, ...bus('identity'), ...store('identity'), SALLYPORT_TOKEN_LISTEN: '0.0.0.0:8444', SALLYPORT_TOKEN_URL: process.env['SALLYPORT_TOKEN_URL'] ?? 'https://localhost:8444',
  SALLYPORT_SSH_CA_DIR: '/state/ssh-ca', SALLYPORT_SSH_HOSTS: sshHosts,
}, { ...sealed, SALLYPORT_TLS_CERT: tls.cert, SALLYPORT_TLS_KEY: tls.key });
give('governance', {
  ...common, ...bus('governance'), ...store('governance'), SALLYPORT_SIGNALS_LISTEN: '0.0.0.0:8445', SALLYPORT_SIGNALS_URL: process.env['SALLYPORT_SIGNALS_URL'] ?? 'https://localhost:8445', SALLYPORT_SECRETS_DIR: '/secrets/credentials',
}, { ...sealed, SALLYPORT_TLS_CERT: tls.cert, SALLYPORT_TLS_KEY: tls.key });
give('sinks', { ...common, ...bus('sinks'), ...store('sinks'), SALLYPORT_SECRETS_DIR: '/secrets/credentials' }, sealed);
writeFileSync(home.at('keys', 'admin.token'), home.secrets.admin, { mode: 0o600 });
give('console', { ...common, ...bus('console'), ...store('console') }, { SALLYPORT_ADMIN_TOKEN_FILE: home.at('keys', 'admin.token'), SALLYPORT_API_CERT: tls.cert, SALLYPORT_API_KEY: tls.key });
give('migrate', { ...bus('bootstrap'), SALLYPORT_SIEMS: process.env['SALLYPORT_SIEMS'] ?? '', SALLYPORT_OWNER_DSN: database(ownerRole, home.secrets.owner), SALLYPORT_SETUP_HOME: '/secrets/setup' }, {});

// Each SIEM that is named in SALLYPORT_SIEMS gets a user of the bus; its password is in the volume of setup, file siem-<name>.password.
const siems = Object.fromEntries((process.env['SALLYPORT_SIEMS'] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '').map((name) => [name, passwordOf(siemOf(name).user)]));

const nats = join(secrets, 'nats');
mkdirSync(nats, { recursive: true });
writeFileSync(join(nats, 'nats.conf'), natsConfig({ host: '0.0.0.0', port: 4222, http: 8222, storeDir: '/data', passwords: home.secrets.bus, gateways: ['gateway-1'], siems }));
const postgres = join(secrets, 'postgres');
mkdirSync(postgres, { recursive: true });
if (!existsSync(join(postgres, 'password'))) writeFileSync(join(postgres, 'password'), home.secrets.target);
mkdirSync('/secrets/public', { recursive: true });
cpSync(tls.ca, '/secrets/public/ca.pem');
process.stdout.write('setup: secrets are in place; the bootstrap admin token is in the volume of setup, file keys/admin.token\n');

/** Made once. */
function passwordOf(user: string): string {
  const file = join(secrets, 'setup', `${user}.password`);
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

/** Writes a service's variables and copies the files that they name, all readable by the service's user only. */
function give(service: string, variables: Readonly<Record<string, string>>, files: Readonly<Record<string, string>>): void {
  const directory = join(secrets, service);
  mkdirSync(directory, { recursive: true });
  const all: Record<string, string> = { ...variables };
  for (const [name, from] of Object.entries(files)) {
    const file = `${name.toLowerCase().replaceAll('_', '-')}.pem`;
    cpSync(from, join(directory, file));
    chownSync(join(directory, file), uid, uid);
    all[name] = `/secrets/${file}`;
  }
  const env = join(directory, 'service.env');
  writeFileSync(env, Object.entries(all).map(([name, value]) => `${name}=${value}\n`).join(''), { mode: 0o600 });
  chownSync(env, uid, uid);
  if (service === 'gateway' || service === 'sinks' || service === 'governance') mkdirSync(join(directory, 'credentials'), { recursive: true });
}
