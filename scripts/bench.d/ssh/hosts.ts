import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SshdServer } from '@sallyport/testing-servers';
import type { TokenIssuer } from '@sallyport/testing-stack';
import type { Stack } from '../../stack/stack.ts';
import { target, workload } from './configuration.ts';

const run = promisify(execFile);

export type PathName = 'direct' | 'jump' | 'gateway';

/** What OpenSSH's clients need to reach the same account on three ways: one file of configuration for all of them. */
export interface Hosts {
  /** Given to clients as `-F`. Its hosts have the names of the paths. */
  readonly config: string;
  readonly directory: string;
  /** Gets a fresh certificate of the gateway's for the client's key. */
  certify(): Promise<void>;
}

export interface HostsOf {
  readonly stack: Stack;
  readonly issuer: TokenIssuer;
  readonly sshd: SshdServer;
  readonly jump: SshdServer;
  /** Made before the servers, which let its key in. */
  readonly key: string;
}

/** @returns the public line */
export async function clientKey(stack: Stack): Promise<{ readonly key: string; readonly publicKey: string }> {
  const directory = stack.home.at('clients');
  mkdirSync(directory);
  const key = join(directory, 'key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'bench', '-f', key]);
  chmodSync(key, 0o600);
  return { key, publicKey: readFileSync(`${key}.pub`, 'utf8').trim() };
}

export async function wellKnown(stack: Stack, name: string): Promise<string> {
  return (await run('curl', ['-sS', '--fail', '--cacert', stack.tls.ca, `${stack.env['SALLYPORT_TOKEN_URL'] ?? ''}/.well-known/sallyport/${name}`])).stdout;
}

export async function hostsOf({ stack, issuer, sshd, jump, key }: HostsOf): Promise<Hosts> {
  const directory = stack.home.at('clients');
  const port = Number((stack.env['SALLYPORT_SSH'] ?? '').split(':')[1]);
  const known = join(directory, 'known_hosts');
  const pinned = [sshd, jump].map((server) => `[127.0.0.1]:${server.port} ${server.hostKey}\n`);
  writeFileSync(known, `${await wellKnown(stack, 'ssh_known_hosts')}${pinned.join('')}`);
  const config = join(directory, 'config');
  const host = (name: string, at: number, user: string, ...more: string[]) => [`Host ${name}`, 'HostName 127.0.0.1', `Port ${at}`, `User ${user}`, ...more].join('\n  ');
  writeFileSync(config, [
    host('direct', sshd.port, sshd.user),
    host('bastion', jump.port, jump.user),
    host('jump', sshd.port, sshd.user, 'ProxyJump bastion'),
    host('gateway', port, target, `CertificateFile ${key}-cert.pub`),
    // The same key exchange on every path: OpenSSH's own choice costs its client 47 ms more, which ssh2 does not have.
    ['Host *', `IdentityFile ${key}`, 'IdentitiesOnly yes', `UserKnownHostsFile ${known}`, 'GlobalKnownHostsFile /dev/null', 'StrictHostKeyChecking yes', 'LogLevel ERROR', 'BatchMode yes', 'KexAlgorithms curve25519-sha256', 'SendEnv none'].join('\n  '),
    '',
  ].join('\n'));
  return {
    config, directory,
    certify: async () => {
      const form = {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: await issuer.token({ sub: workload, workload_id: workload }), subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        requested_token_type: 'urn:sallyport:params:oauth:token-type:ssh-user-cert', audience: target, public_key: readFileSync(`${key}.pub`, 'utf8').trim(),
      };
      const words = Object.entries(form).flatMap(([field, value]) => ['--data-urlencode', `${field}=${value}`]);
      const { stdout } = await run('curl', ['-sS', '--cacert', stack.tls.ca, ...words, `${stack.env['SALLYPORT_TOKEN_URL'] ?? ''}/v1/token`]);
      const answer: unknown = JSON.parse(stdout);
      if (typeof answer !== 'object' || answer === null || !('access_token' in answer) || typeof answer.access_token !== 'string') throw new Error('identity gave no certificate');
      writeFileSync(`${key}-cert.pub`, `${answer.access_token}\n`);
    },
  };
}
