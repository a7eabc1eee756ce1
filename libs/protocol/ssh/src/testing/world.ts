import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { id, type MaskPlan, type Target, type TargetName } from '@sallyport/domain-model';
import { createMasker } from '@sallyport/engine-masking';
import { openDoor, type Door } from '@sallyport/testing-conformance';
import { FakePorts } from '@sallyport/testing-kit';
import { sshKey, startSshd, tempDir, type SshdServer, type StartSshdOptions } from '@sallyport/testing-servers';
import { SshAdapter } from '../adapter.ts';
import { readPublicKeyLine } from '../certificate/keys.ts';
import { mintCertificate } from './mint.ts';

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

/** A door with the real adapter, a real sshd behind it, and OpenSSH's own clients before it. */
export interface World extends AsyncDisposable {
  readonly door: Door;
  readonly sshd: SshdServer;
  readonly ports: FakePorts;
  /** A directory for the clients' files. */
  readonly path: string;
  /** Options that every OpenSSH client needs here. */
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Answer>;
  /** `ssh … shell-box ARGS`. */
  ssh(args: readonly string[], options?: RunOptions): Promise<Answer>;
}

export interface WorldOptions {
  readonly sshd?: StartSshdOptions;
  readonly plan?: MaskPlan;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly ports?: (ports: FakePorts) => void;
  /** The host key has a certificate, of an authority that nobody knows. */
  readonly certified?: boolean;
  /** Extensions of the certificate that a client has logged in with. */
  readonly extensions?: ReadonlySet<string>;
}

export async function startWorld({ sshd: serverOptions = {}, plan, settings = {}, ports: prepare, certified = false, extensions }: WorldOptions = {}): Promise<World> {
  const [own, host] = await Promise.all([sshKey(), sshKey()]);
  const sshd = await startSshd({ ...serverOptions, authorizedKeys: [own.publicKey, ...(serverOptions.authorizedKeys ?? [])] });
  const directory = await tempDir('sallyport-ssh');
  const at = (name: string) => join(directory.path, name);
  const ports = new FakePorts();
  ports.currentPlan = plan ?? null;
  prepare?.(ports);
  const certificate = certified ? hostCertificate(host.publicKey) : null;
  const adapter = new LimitedAdapter(extensions ?? null, { hostKey: () => ({ privateKey: host.privateKey, certificate }) });
  const door = await openDoor({
    adapter, target: targetOf(sshd.port, { hostKeys: [sshd.hostKey], login: 'key', home: sshd.home, shell: 'bash', ...settings }), credential: { username: sshd.user, secret: own.privateKey },
    tls: { ca: '', cert: '', key: '' }, masker: createMasker(plan ?? null, Buffer.alloc(32, 7)), ports: () => ports,
  });
  writeFileSync(at('known_hosts'), `[127.0.0.1]:${door.port} ${host.publicKey}\n`);
  writeFileSync(at('askpass'), '#!/bin/sh\necho "a-token"\n');
  chmodSync(at('askpass'), 0o700);
  mkdirSync(at('files'));
  const options = ['-F', '/dev/null', '-o', 'BatchMode=no', '-o', `UserKnownHostsFile=${at('known_hosts')}`, '-o', 'StrictHostKeyChecking=yes', '-o', 'PubkeyAuthentication=no', '-o', 'LogLevel=ERROR', '-o', 'User=shell-box'];
  const env = { SSH_ASKPASS: at('askpass'), SSH_ASKPASS_REQUIRE: 'force', DISPLAY: 'none' };
  const runIt = (command: string, args: readonly string[], more: RunOptions = {}) => run(command, args, { ...more, env: { ...env, HOME: directory.path, ...more.env } });
  return {
    door, sshd, ports, path: at('files'), options, env, run: runIt,
    ssh: (args, more) => runIt('ssh', [...options, '-p', String(door.port), ...(args[0]?.startsWith('-') ? [] : ['127.0.0.1']), ...args], more),
    [Symbol.asyncDispose]: async () => {
      await door[Symbol.asyncDispose]();
      await sshd.stop();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Serves sessions as if their clients had shown a certificate with these extensions. */
class LimitedAdapter extends SshAdapter {
  readonly #extensions: ReadonlySet<string> | null;

  constructor(extensions: ReadonlySet<string> | null, ...options: ConstructorParameters<typeof SshAdapter>) {
    super(...options);
    this.#extensions = extensions;
  }

  override serve(...[greeting, session]: Parameters<SshAdapter['serve']>): ReturnType<SshAdapter['serve']> {
    return super.serve(greeting, { ...session, extensions: this.#extensions });
  }
}

function hostCertificate(publicKey: string): Buffer {
  const now = BigInt(Math.floor(Date.now() / 1000));
  return mintCertificate({ kind: 'host', key: readPublicKeyLine(publicKey).key, keyId: 'a host', serial: 1n, principals: ['127.0.0.1'], after: now - 60n, before: now + 600n }, generateKeyPairSync('ed25519').privateKey);
}

export function targetOf(port: number, settings: Readonly<Record<string, unknown>>): Target {
  return {
    name: id<TargetName>('shell-box'), kind: 'ssh', address: { host: '127.0.0.1', port }, tls: { mode: 'off', ca: null, serverName: null }, credential: 'file:shell-box',
    environment: 'test', tags: [], evidence: 'strict', settings,
  };
}

/** Runs a program with these variables and nothing else of ours. Never rejects for a bad exit; code -1 is a signal. */
function run(command: string, args: readonly string[], { input = '', env = {}, cwd, timeoutMs = 30_000 }: RunOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { PATH: '/usr/bin:/bin:/usr/sbin', LC_ALL: 'C.UTF-8', ...env }, ...(cwd === undefined ? {} : { cwd }), timeout: timeoutMs, killSignal: 'SIGKILL' });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (out += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (err += part));
    child.stdin.on('error', () => undefined).end(input);
    child.once('error', reject).once('close', (code) => resolve({ code: code ?? -1, out, err }));
  });
}
