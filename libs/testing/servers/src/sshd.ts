import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Child, untilListening } from './child.ts';
import { freePort } from './free-port.ts';
import { keptDir, tempDir } from './temp-dir.ts';

const run = promisify(execFile);
const program = '/usr/sbin/sshd';
/** The account that a server started by root lets in: it has no rights, and logs in with keys only. */
const accountName = 'sallyport-demo';

/** Null when OpenSSH's server is here; else what is missing. */
export const missingSshd: string | null = existsSync(program) ? null : 'openssh-server is not installed';

export interface StartSshdOptions {
  /** Public keys that may log in, as lines. */
  readonly authorizedKeys?: readonly string[];
  /** Public key of an authority whose user certificates may log in. */
  readonly userAuthority?: string;
  /** More lines of sshd_config; they come first, and sshd takes the first of each. */
  readonly settings?: readonly string[];
  /** Kept there from one start to the next; default: a directory that is removed on stop. */
  readonly directory?: string;

  readonly port?: number;
}

/** OpenSSH's sshd on loopback, which lets in one account: one without rights when root starts it, else whoever does. */
export interface SshdServer extends AsyncDisposable {
  readonly port: number;
  /** Of the process that listens; each connection has processes under it. */
  readonly pid: number;
  readonly user: string;
  /** Its public host key, as a line. */
  readonly hostKey: string;
  /** The account's home: where relative paths begin. */
  readonly home: string;
  /** A directory of the account's own, gone with the server. */
  readonly files: string;
  readonly uid: number | undefined;
  readonly output: string;
  stop(): Promise<void>;
}

export async function startSshd(options: StartSshdOptions = {}): Promise<SshdServer> {
  if (missingSshd !== null) throw new Error(missingSshd);
  const account = await accountOf();
  const directory = options.directory === undefined ? await tempDir('sallyport-sshd') : await keptDir(options.directory);
  // Others than root may pass through, to the account's files.
  chmodSync(directory.path, 0o711);
  const at = (name: string) => join(directory.path, name);
  mkdirSync(at('files'), { recursive: true });
  const hostKey = at('host_key');
  if (!existsSync(hostKey)) await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'sallyport demo', '-f', hostKey]);
  writeFileSync(at('authorized_keys'), `${(options.authorizedKeys ?? []).join('\n')}\n`, { mode: 0o644 });
  writeFileSync(at('user_ca.pub'), `${options.userAuthority ?? ''}\n`, { mode: 0o644 });
  const port = options.port ?? (await freePort());
  writeFileSync(at('sshd_config'), configuration({ port, user: account.name, at, options }), { mode: 0o600 });
  if (account.uid !== undefined) {
    chownSync(at('files'), account.uid, account.uid);
    // Where sshd puts the part of itself that has no rights.
    mkdirSync('/run/sshd', { recursive: true });
  }
  const child = new Child(program, ['-D', '-e', '-f', at('sshd_config')]);
  const stop = async () => {
    await child.stop();
    await directory[Symbol.asyncDispose]();
  };
  try {
    await untilListening(child, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port, pid: child.process.pid ?? 0, user: account.name, uid: account.uid, home: account.home, files: at('files'), hostKey: readFileSync(at('host_key.pub'), 'utf8').trim(), stop,
    get output() {
      return child.output;
    },
    [Symbol.asyncDispose]: stop,
  };
}

function configuration({ port, user, at, options }: { readonly port: number; readonly user: string; readonly at: (name: string) => string; readonly options: StartSshdOptions }): string {
  return [
    ...(options.settings ?? []),
    `Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${at('host_key')}`, 'PidFile none', 'UsePAM no', 'StrictModes no', 'LogLevel VERBOSE',
    'PasswordAuthentication no', 'KbdInteractiveAuthentication no', 'PubkeyAuthentication yes', `AuthorizedKeysFile ${at('authorized_keys')}`,
    ...(options.userAuthority === undefined ? [] : [`TrustedUserCAKeys ${at('user_ca.pub')}`]),
    'AcceptEnv LANG LC_* DEMO_*', 'PrintMotd no', 'Subsystem sftp internal-sftp', `AllowUsers ${user}`, 'MaxStartups 200', 'MaxSessions 50', '',
  ].join('\n');
}

/** Root makes an account without rights, once; anybody else is the account. */
async function accountOf(): Promise<{ readonly name: string; readonly uid: number | undefined; readonly home: string }> {
  if (process.getuid?.() !== 0) return { name: userInfo().username, uid: undefined, home: userInfo().homedir };
  const look = () => execFileSync('getent', ['passwd', accountName], { encoding: 'utf8' }).split(':');
  try {
    look();
  } catch {
    // The password is one that nobody has (`*`); without one, sshd takes the account for locked.
    await run('useradd', ['--system', '--create-home', '--shell', '/bin/bash', '--password', '*', accountName]);
  }
  const [, , uid = '', , , home = '/'] = look();
  return { name: accountName, uid: Number(uid), home };
}

/** A fresh Ed25519 key of OpenSSH's own format. @returns the private key's text and the public line */
export async function sshKey(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  await using directory = await tempDir('sallyport-sshkey');
  const file = join(directory.path, 'key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
  const pair = { privateKey: readFileSync(file, 'utf8'), publicKey: readFileSync(`${file}.pub`, 'utf8').trim() };
  rmSync(file);
  return pair;
}
