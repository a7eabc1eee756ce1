import { generateKeyPairSync } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingSshd } from '@sallyport/testing-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintCertificate } from '../testing/mint.ts';
import { startWorld, type World } from '../testing/world.ts';
import { publicKeyLine } from './public-key.ts';
import { readPublicKeyLine } from './keys.ts';

const authority = generateKeyPairSync('ed25519').privateKey;
const now = () => BigInt(Math.floor(Date.now() / 1000));

describe.skipIf(missingSshd !== null)('logging in with certificates', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  function identity(kind: readonly string[], wish: Partial<Parameters<typeof mintCertificate>[0]> = {}): string {
    const key = join(world.path, `id-${Math.random().toString(36).slice(2)}`);
    execFileSync('ssh-keygen', ['-q', ...kind, '-N', '', '-f', key]);
    chmodSync(key, 0o600);
    const { key: publicKey } = readPublicKeyLine(readFileSync(`${key}.pub`, 'utf8'));
    const blob = mintCertificate({ kind: 'user', key: publicKey, keyId: 'a ticket', serial: 1n, principals: ['shell-box'], after: now() - 60n, before: now() + 60n, extensions: [['permit-pty', null]], ...wish }, authority);
    writeFileSync(`${key}-cert.pub`, `${publicKeyLine(blob)}\n`);
    return key;
  }
  // The first of each option counts.
  const login = (key: string) => world.run('ssh', ['-o', 'PubkeyAuthentication=yes', '-o', 'IdentitiesOnly=yes', '-o', 'PasswordAuthentication=no', '-o', 'KbdInteractiveAuthentication=no', ...world.options, '-i', key, '-p', String(world.door.port), '127.0.0.1', 'echo in']);

  it.each([['ed25519', ['-t', 'ed25519']], ['ecdsa 256', ['-t', 'ecdsa', '-b', '256']], ['ecdsa 384', ['-t', 'ecdsa', '-b', '384']], ['ecdsa 521', ['-t', 'ecdsa', '-b', '521']], ['rsa', ['-t', 'rsa', '-b', '2048']]] as const)('%s: the signature is verified, and identity is shown the certificate', async (_name, kind) => {
    expect(await login(identity([...kind]))).toMatchObject({ code: 0, out: 'in\n' });
  });

  it.each([
    ['of another target', { principals: ['elsewhere'] }],
    ['without principals', { principals: [] }],
    ['with a wildcard', { principals: ['*'] }],
    ['that has expired', { before: now() - 1n }],
    ['of a host', { kind: 'host' as const }],
  ])('one %s lets nobody in', async (_name, wish) => {
    expect(await login(identity(['-t', 'ed25519'], wish))).toMatchObject({ code: 255, out: '' });
  });

  it('a certificate without its key is worth nothing', async () => {
    const key = identity(['-t', 'ed25519']);
    const other = identity(['-t', 'ed25519']);
    writeFileSync(key, readFileSync(other));
    expect(await login(key)).toMatchObject({ code: 255 });
  });
});
