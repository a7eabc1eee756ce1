import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busUsers } from '@sallyport/platform-bus';
import { databaseServices } from '@sallyport/platform-store';

/** Where everything of one embedded stack lives, and the secrets that were made for it on its first start. */
export interface Home {
  readonly path: string;
  at(...names: string[]): string;
  /** Made once, kept in `secrets.json`, readable by its owner only. */
  readonly secrets: { readonly bus: Record<(typeof busUsers)[number], string>; readonly database: Record<(typeof databaseServices)[number], string>; readonly owner: string; readonly admin: string; readonly target: string };
  /** Paths of PEM files. */
  readonly keys: { readonly lease: string; readonly leasePublic: string; readonly reader: string; readonly readerPublic: string; readonly log: string; readonly logPublic: string; readonly token: string; readonly text: string };
}

export function openHome(path: string): Home {
  const at = (...names: string[]) => join(path, ...names);
  for (const directory of ['logs', 'state', 'keys', 'tls', 'credentials', 'sink-secrets', 'config', 'demo', 'ssh-ca']) mkdirSync(at(directory), { recursive: true });
  const secrets = once(at('secrets.json'), () => {
    const password = () => randomBytes(18).toString('base64url');
    const all = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, password()]));
    return JSON.stringify({ bus: all(busUsers), database: all(databaseServices), owner: password(), admin: randomBytes(32).toString('base64url'), target: password() });
  });
  const bytes = () => `${randomBytes(32).toString('base64url')}\n`;
  const token = at('keys', 'token.key');
  const text = at('keys', 'text.key');
  once(token, bytes);
  once(text, bytes);
  return {
    path,
    at,
    secrets: complete(at('secrets.json'), JSON.parse(secrets) as Home['secrets']),
    keys: { ...pair(at, 'lease', 'ed25519'), ...pair(at, 'reader', 'x25519'), ...pair(at, 'log', 'ed25519'), token, text } as Home['keys'],
  };
}

function once(file: string, make: () => string): string {
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

/** Users and roles that came with a later version than the one that made the file get their passwords now. */
function complete(file: string, secrets: Home['secrets']): Home['secrets'] {
  const password = () => randomBytes(18).toString('base64url');
  const all = {
    ...secrets,
    bus: { ...Object.fromEntries(busUsers.map((name) => [name, password()])), ...secrets.bus },
    database: { ...Object.fromEntries(databaseServices.map((name) => [name, password()])), ...secrets.database },
  };
  const known = busUsers.every((name) => name in secrets.bus) && databaseServices.every((name) => name in secrets.database);
  if (!known) writeFileSync(file, JSON.stringify(all), { mode: 0o600 });
  return known ? secrets : all;
}

function pair(at: Home['at'], name: string, kind: 'ed25519' | 'x25519'): Record<string, string> {
  const secret = at('keys', `${name}.pem`);
  const open = at('keys', `${name}.pub.pem`);
  const pem = once(secret, () => (kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  once(open, () => createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'pem' }).toString());
  return { [name]: secret, [`${name}Public`]: open };
}
