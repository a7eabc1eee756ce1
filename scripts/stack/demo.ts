import { createPublicKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingCrypto, publicKeyBlob, publicKeyLine } from '@sallyport/protocol-ssh';
import { missingSshd, startSshd, type SshdServer } from '@sallyport/testing-servers';
import { freePort, startPostgres, type PostgresServer } from '@sallyport/testing-stack';
import { mustSallyport } from './cli.ts';
import { renderConfig } from './render-config.ts';
import { Service } from './service.ts';
import type { Stack } from './stack.ts';

const root = join(import.meta.dirname, '..', '..');

/** The demo around a stack: a target with data, an OIDC issuer, and the configuration that joins them. */
export interface Demo {
  readonly target: PostgresServer;
  /** A machine with sshd; null where openssh-server is not installed. */
  readonly box: SshdServer | null;
  readonly issuer: Service;
  /** What the command line needs to act in the demo. */
  readonly env: Readonly<Record<string, string>>;
  /** A fresh token of a demo machine or person. */
  token(name: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startDemo(stack: Stack, say: (step: string) => void): Promise<Demo> {
  const { home, tls } = stack;
  say('the demo’s target and OIDC issuer');
  const issuerPort = await freePort();
  const issuer = new Service({
    name: 'issuer', script: join(root, 'apps', 'demo', 'dist', 'main.js'), http: `127.0.0.1:${issuerPort}`, log: home.at('logs', 'issuer.log'), tls: false, readyPath: '/.well-known/openid-configuration',
    env: { SALLYPORT_DEMO: '1', SALLYPORT_HTTP: `127.0.0.1:${issuerPort}`, SALLYPORT_STATE: home.at('demo') },
  });
  issuer.start();
  const target = await startTarget(stack);
  await issuer.ready();
  const env = { ...stack.env, SALLYPORT_HOME: home.path };
  say('the demo’s configuration');
  await renderConfig(join(root, 'apps', 'demo', 'config'), home.at('config'), { ISSUER_URL: `http://127.0.0.1:${issuerPort}`, TARGET_PORT: String(target.port), TARGET_CA: tls.ca, REVIEW_BY: inDays(90) });
  await mustSallyport(env, 'apply', '-f', home.at('config'));
  const box = await startBox(stack, env, say);
  return {
    target,
    box,
    issuer,
    env,
    token: async (name) => (await mustSallyport(env, 'demo', 'token', name)).trim(),
    stop: async () => {
      await issuer.stop();
      await target.stop();
      await box?.stop();
    },
  };
}

const inDays = (days: number) => new Date(Date.now() + days * 24 * 3600 * 1000).toISOString().slice(0, 10);

/** A PostgreSQL of its own for the ledger: TLS, SCRAM, and a role whose password only the gateway's credential file knows. */
async function startTarget({ home, tls }: Stack): Promise<PostgresServer> {
  const target = await startPostgres({ directory: home.at('target'), tls, hba: ['local all all scram-sha-256', 'hostssl all all 127.0.0.1/32 scram-sha-256'] });
  const [exists] = await target.sql(`select 1 from pg_database where datname = 'ledger'`);
  const password = home.secrets.target;
  if (exists === undefined) {
    await target.sql(`create role ledger_app login`);
    await target.sql('create database ledger');
    await target.sql(readFileSync(join(root, 'apps', 'demo', 'sql', 'ledger.sql'), 'utf8'), 'ledger');
  }
  await target.sql(`alter role ledger_app password '${password}'`);
  writeFileSync(home.at('credentials', 'ledger-db'), JSON.stringify({ username: 'ledger_app', password }), { mode: 0o600 });
  return target;
}

/** The demo's SSH target: OpenSSH's own sshd on loopback, which lets in whom the gateway's certificates name. */
async function startBox({ home }: Stack, env: Readonly<Record<string, string>>, say: (step: string) => void): Promise<SshdServer | null> {
  if (missingCrypto !== null) return null;
  if (missingSshd !== null) {
    say(`no SSH target: ${missingSshd}`);
    return null;
  }
  say('the demo’s SSH target');
  const authority = createPublicKey(readFileSync(home.at('ssh-ca', 'upstream-ca.pem')));
  const box = await startSshd({ directory: home.at('box'), userAuthority: publicKeyLine(publicKeyBlob(authority)) });
  // An account of its own may not be able to enter the clone, its home it can.
  const files = box.uid === undefined ? box.files : box.home;
  await renderConfig(join(root, 'apps', 'demo', 'config-ssh'), home.at('config-ssh'), { BOX_PORT: String(box.port), BOX_HOST_KEY: box.hostKey, BOX_USER: box.user, BOX_HOME: box.home, BOX_FILES: files, REVIEW_BY: inDays(90) });
  await mustSallyport(env, 'apply', '-f', home.at('config-ssh'));
  return box;
}
