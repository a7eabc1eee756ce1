import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSshd, type SshdServer } from '@sallyport/testing-servers';
import { run, type Answer, type RunOptions } from './run.ts';
import { group, machine, type Document } from './cast.ts';
import { startWorld, type World, type WorldOptions } from './world.ts';

/** The whole product with a real sshd as target, which lets in whom the gateway's certificates name; OpenSSH's own clients. */
export interface SshWorld extends AsyncDisposable {
  readonly world: World;
  readonly sshd: SshdServer;
  readonly port: number;
  /** A directory for clients' files. */
  readonly path: string;
  /** Gets a certificate for a machine at `[role@]target` by `curl`, on a fresh key. @returns options for OpenSSH's clients, user included */
  certified(machine: string, target: string): Promise<readonly string[]>;
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Answer>;
}

/** `more`: targets besides sshd, and documents besides the machines `job` and `other`. */
export async function startSshWorld(policies: Readonly<Record<string, string>>, plan: readonly Document[] = [], more: Partial<Pick<WorldOptions, 'targets' | 'documents'>> = {}): Promise<SshWorld> {
  const world = await startWorld({
    targets: more.targets ?? {}, policies: {},
    documents: (made) => [group('jobs'), machine(made.issuer, 'job', { groups: ['jobs'] }), machine(made.issuer, 'other'), ...(more.documents?.(made) ?? [])],
  });
  const { home } = world.stack;
  const tokens = world.stack.env['SALLYPORT_TOKEN_URL'] ?? '';
  const wellKnown = async (name: string) => (await must(await run('curl', ['-sS', '--fail', '--cacert', world.stack.tls.ca, `${tokens}/.well-known/sallyport/${name}`]))).out;
  const sshd = await startSshd({ userAuthority: (await wellKnown('ssh_trusted_user_ca.pub')).trim() });
  const path = home.at('clients');
  mkdirSync(path);
  await world.apply([box(sshd), ...plan], policies);
  const port = Number((world.stack.env['SALLYPORT_SSH'] ?? '').split(':')[1]);
  // The one line that every client needs. OpenSSH writes addresses with a port other than 22 in brackets.
  writeFileSync(join(path, 'known_hosts'), (await wellKnown('ssh_known_hosts')).replace(/@cert-authority \S+/, `@cert-authority [127.0.0.1]:${port},127.0.0.1`));
  let keys = 0;
  return {
    world, sshd, port, path,
    run: (command, args, options = {}) => run(command, args, { ...options, env: { HOME: path, ...options.env } }),
    certified: async (name, target) => {
      const key = join(path, `key-${++keys}`);
      await must(await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', key]));
      const token = await world.tokenOf(name);
      const form = {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: token, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', requested_token_type: 'urn:sallyport:params:oauth:token-type:ssh-user-cert',
        audience: target, public_key: readFileSync(`${key}.pub`, 'utf8').trim(), extension: 'permit-pty',
      };
      const words = Object.entries(form).flatMap(([field, value]) => ['--data-urlencode', `${field}=${value}`]);
      const answer = await must(await run('curl', ['-sS', '--cacert', world.stack.tls.ca, ...words, `${tokens}/v1/token`]));
      const certificate: unknown = JSON.parse(answer.out);
      if (typeof certificate !== 'object' || certificate === null || !('access_token' in certificate) || typeof certificate.access_token !== 'string') throw new Error(`no certificate: ${answer.out}`);
      writeFileSync(`${key}-cert.pub`, `${certificate.access_token}\n`);
      chmodSync(key, 0o600);
      return ['-F', '/dev/null', '-o', `UserKnownHostsFile=${join(path, 'known_hosts')}`, '-o', 'StrictHostKeyChecking=yes', '-o', 'LogLevel=ERROR', '-o', 'IdentitiesOnly=yes', '-i', key, '-o', `User=${target}`];
    },
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      await sshd.stop();
    },
  };
}

export function box(sshd: SshdServer): Document {
  return {
    apiVersion: 'sallyport/v1', kind: 'Target', metadata: { name: 'box' },
    spec: {
      kind: 'ssh', address: { host: '127.0.0.1', port: sshd.port }, credential: 'file:box', environment: 'test',
      settings: { hostKeys: [sshd.hostKey], login: 'certificate', user: sshd.user, shell: 'bash', home: sshd.home },
    },
  };
}

async function must(answer: Answer): Promise<Answer> {
  if (answer.code !== 0) throw new Error(`failed with ${answer.code}: ${answer.err}${answer.out}`);
  return answer;
}
