import { execFile, execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Child, untilListening } from './child.ts';
import { freePort } from './free-port.ts';
import { runAs } from './run-as.ts';
import { keptDir, tempDir } from './temp-dir.ts';

const run = promisify(execFile);
const program = '/usr/sbin/sshd';
/** The account that a server started by root lets in: it owns nothing on this machine. */
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

/** OpenSSH's sshd on loopback, without root's rights: it lets in one account, its own. */
export interface SshdServer extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  /** Its public host key, as a line. */
  readonly hostKey: string;
  /** The account's home for this server: where relative paths begin. */
  readonly home: string;
  readonly uid: number | undefined;
  readonly output: string;
  stop(): Promise<void>;
}

export async function startSshd(options: StartSshdOptions = {}): Promise<SshdServer> {
  if (missingSshd !== null) throw new Error(missingSshd);
  const account = await accountOf();
  const directory = options.directory === undefined ? await tempDir('sallyport-sshd', account.uid) : await keptDir(options.directory, account.uid);
  const at = (name: string) => join(directory.path, name);
  mkdirSync(at('home'), { recursive: true });
  const hostKey = at('host_key');
  if (!existsSync(hostKey)) await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'sallyport demo', '-f', hostKey]);
  writeFileSync(at('authorized_keys'), `${(options.authorizedKeys ?? []).join('\n')}\n`, { mode: 0o600 });
  writeFileSync(at('user_ca.pub'), `${options.userAuthority ?? ''}\n`, { mode: 0o600 });
  const port = options.port ?? (await freePort());
  writeFileSync(at('sshd_config'), configuration({ port, at, options }), { mode: 0o600 });
  for (const name of ['home', 'host_key', 'host_key.pub', 'authorized_keys', 'user_ca.pub', 'sshd_config']) if (account.uid !== undefined) chownSync(at(name), account.uid, account.gid);
  const as = runAs(account.uid, program, ['-D', '-e', '-f', at('sshd_config')], [directory.path]);
  const child = new Child(as.command, as.args, { cwd: at('home'), ...(as.uid === undefined ? {} : { uid: as.uid }) });
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
    port, user: account.name, uid: account.uid, home: at('home'), hostKey: readFileSync(at('host_key.pub'), 'utf8').trim(), stop,
    get output() {
      return child.output;
    },
    [Symbol.asyncDispose]: stop,
  };
}

function configuration({ port, at, options }: { readonly port: number; readonly at: (name: string) => string; readonly options: StartSshdOptions }): string {
  return [
    ...(options.settings ?? []),
    `Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${at('host_key')}`, 'PidFile none', 'UsePAM no', 'StrictModes no', 'LogLevel VERBOSE',
    'PasswordAuthentication no', 'KbdInteractiveAuthentication no', 'PubkeyAuthentication yes', `AuthorizedKeysFile ${at('authorized_keys')}`,
    ...(options.userAuthority === undefined ? [] : [`TrustedUserCAKeys ${at('user_ca.pub')}`]),
    'AcceptEnv LANG LC_* DEMO_*', 'PrintMotd no', 'Subsystem sftp internal-sftp', `SetEnv HOME=${at('home')}`, 'MaxStartups 200', 'MaxSessions 50', '',
  ].join('\n');
}

/** Root makes an account without rights, once; anybody else is the account. */
async function accountOf(): Promise<{ readonly name: string; readonly uid: number | undefined; readonly gid: number }> {
  if (process.getuid?.() !== 0) return { name: userInfo().username, uid: undefined, gid: -1 };
  try {
    execFileSync('id', ['-u', accountName], { stdio: 'ignore' });
  } catch {
    await run('useradd', ['--system', '--create-home', '--shell', '/bin/bash', accountName]);
  }
  const uid = Number(execFileSync('id', ['-u', accountName], { encoding: 'utf8' }));
  return { name: accountName, uid, gid: uid };
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
