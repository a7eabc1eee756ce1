import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Child, freePort, tempDir, untilListening } from '@sallyport/testing-servers';

const run = promisify(execFile);

/** Where Debian has it. Specs that need it say so when it is missing. */
export const sshdPath = '/usr/sbin/sshd';
export const hasSshd = existsSync(sshdPath);

export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** A directory for keys and files of the test. */
  readonly path: string;
  /** The account that logs in: the one that runs the test. */
  readonly login: string;
  readonly output: string;
  /** Runs a command over the real ssh. Never throws for a refused login. */
  ssh(options: readonly string[], command: string): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
}

/** The real sshd on loopback. Its host key is `host_key` in its directory; `configure` gets that directory and gives lines of sshd_config. */
export async function startSshd(configure: (path: string) => Promise<readonly string[]>): Promise<Sshd> {
  const directory = await tempDir('sallyport-sshd');
  const { path } = directory;
  // Root's sshd wants its empty directory.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(path, 'host_key')]);
  const port = await freePort();
  const lines = [
    `Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${join(path, 'host_key')}`, 'PidFile none', 'UsePAM no', 'StrictModes no', 'PermitRootLogin yes', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no',
    'AuthorizedKeysFile none', 'LogLevel VERBOSE', ...(await configure(path)),
  ];
  await writeFile(join(path, 'sshd_config'), `${lines.join('\n')}\n`);
  const child = new Child(sshdPath, ['-D', '-e', '-f', join(path, 'sshd_config')]);
  await untilListening(child, port);
  const login = userInfo().username;
  return {
    port, path, login,
    get output() {
      return child.output;
    },
    async ssh(options, command) {
      const args = ['-F', 'none', '-p', String(port), '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none', '-o', 'ConnectTimeout=10', ...options, `${login}@127.0.0.1`, command];
      try {
        const { stdout, stderr } = await run('ssh', args);
        return { code: 0, stdout, stderr };
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && 'stdout' in error && 'stderr' in error)) throw error;
        return { code: Number(error.code), stdout: String(error.stdout), stderr: String(error.stderr) };
      }
    },
    async [Symbol.asyncDispose]() {
      await child.stop();
      await directory[Symbol.asyncDispose]();
    },
  };
}
