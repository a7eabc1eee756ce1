import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { startSshd, tempDir, type SshdServer } from '@sallyport/testing-servers';
import { tokenIssuer } from '@sallyport/testing-stack';
import { startStack, type Stack, type StackOptions } from '../../stack/stack.ts';
import { Ledger } from '../postgres/ledger.ts';
import { applyConfiguration } from './configuration.ts';
import { clientKey, hostsOf, wellKnown, type Hosts } from './hosts.ts';

/** Everything that the benchmark runs on, in a directory that goes away with it. */
export interface Bed extends AsyncDisposable {
  readonly stack: Stack;
  readonly hosts: Hosts;
  readonly jump: SshdServer;
  readonly ledger: Ledger;
  /** At the target: lines of a log, and bytes that nothing can be read in. */
  readonly text: string;
  readonly binary: string;
  /** Where clients may put a file at the target. */
  readonly sink: string;
  /** The client's own bytes. */
  readonly local: string;
}

export interface BedOptions {
  readonly megabytes: number;
  /** More variables for single services. */
  readonly env: NonNullable<StackOptions['env']>;
  say(line: string): void;
}

const block = 1024 * 1024;

export async function makeBed({ megabytes, env, say }: BedOptions): Promise<Bed> {
  await using made = new AsyncDisposableStack();
  const home = made.use(await tempDir('sallyport-bench'));
  chmodSync(home.path, 0o755);
  const stack = made.use(await startStack({ home: home.path, say, env }));
  say('target and jump host');
  const { key, publicKey } = await clientKey(stack);
  const sshd = made.use(await startSshd({ authorizedKeys: [publicKey], userAuthority: (await wellKnown(stack, 'ssh_trusted_user_ca.pub')).trim() }));
  const jump = made.use(await startSshd({ authorizedKeys: [publicKey] }));
  const at = (name: string) => join(sshd.files, name);
  write(at('log'), megabytes, logLines());
  write(at('noise'), megabytes, randomBytes(block));
  if (sshd.uid !== undefined) for (const name of ['log', 'noise']) chownSync(at(name), sshd.uid, sshd.uid);
  const local = stack.home.at('clients', 'noise');
  write(local, megabytes, randomBytes(block));
  say('configuration');
  const issuer = await tokenIssuer('bench-issuer');
  await applyConfiguration(stack, issuer, sshd);
  const hosts = await hostsOf({ stack, issuer, sshd, jump, key });
  const all = made.move();
  return { stack, hosts, jump, ledger: new Ledger(stack), text: at('log'), binary: at('noise'), sink: at('put'), local, [Symbol.asyncDispose]: () => all[Symbol.asyncDispose]() };
}

function write(file: string, megabytes: number, bytes: Buffer): void {
  const fd = openSync(file, 'w', 0o644);
  for (let i = 0; i < megabytes; i++) writeSync(fd, bytes);
  closeSync(fd);
}

/** One MiB of a web server's log: words, numbers, addresses and times, nothing that is classified. */
function logLines(): Buffer {
  const lines: string[] = [];
  for (let size = 0, i = 0; size < block; i++) {
    const line = `2026-11-${String(1 + (i % 28)).padStart(2, '0')}T${String(i % 24).padStart(2, '0')}:00:${String(i % 60).padStart(2, '0')}Z node-${i % 97} GET /v2/orders/${(i * 7919) % 100_000}/lines?page=${i % 50} 200 ${(i * 31) % 9000} bytes in ${i % 300} ms\n`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join('').slice(0, block - 1) + '\n');
}
