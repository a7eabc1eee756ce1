import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hosts, PathName } from './hosts.ts';

/** A login that stays: what is moved over it is timed without the login. */
export interface Login extends AsyncDisposable {
  /** Runs a command and throws its output away. @returns seconds */
  exec(command: string): Promise<number>;
  /** Runs one line of sftp's. @returns seconds */
  sftp(line: string): Promise<number>;
}

let logins = 0;

export async function login({ config, directory }: Hosts, path: PathName, cipher: string): Promise<Login> {
  const socket = join(directory, `master-${++logins}`);
  const words = ['-F', config, '-o', `Ciphers=${cipher}`, '-o', `ControlPath=${socket}`];
  const master = spawn('ssh', [...words, '-M', '-N', path], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  master.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for (const until = Date.now() + 20_000; !existsSync(socket); await sleep(20)) {
    if (master.exitCode !== null || Date.now() > until) throw new Error(`ssh ${path} does not log in: ${said.trim()}`);
  }
  return {
    exec: (command) => timed(spawn('ssh', [...words, path, command], { stdio: ['ignore', 'ignore', 'pipe'] })),
    sftp: (line) => {
      const client = spawn('sftp', [...words, '-q', '-b', '-', path], { stdio: ['pipe', 'ignore', 'pipe'] });
      client.stdin.end(`${line}\n`);
      return timed(client);
    },
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise<void>((done) => master.once('exit', () => done()));
      // Asked over its socket: OpenSSH 9.2 may sleep through a signal.
      await timed(spawn('ssh', [...words, '-O', 'exit', path], { stdio: ['ignore', 'ignore', 'pipe'] })).catch(() => master.kill('SIGKILL'));
      if (master.exitCode === null && master.signalCode === null) await ended;
    },
  };
}

/** `ssh HOST true`, so many at once, for so long. One that fails is told on stderr, and not counted. @returns how many each second */
export async function manyLogins({ config }: Hosts, path: PathName, { clients, seconds }: { readonly clients: number; readonly seconds: number }): Promise<{ readonly count: number; readonly perSecond: number }> {
  const began = performance.now();
  let count = 0;
  const one = async () => {
    while (performance.now() - began < seconds * 1000) {
      await timed(spawn('ssh', ['-F', config, path, 'true'], { stdio: ['ignore', 'ignore', 'pipe'] })).then(() => count++, (error: unknown) => {
        process.stderr.write(`  a login failed: ${error instanceof Error ? error.message : 'unknown'}\n`);
      });
    }
  };
  await Promise.all(Array.from({ length: clients }, one));
  return { count, perSecond: count / ((performance.now() - began) / 1000) };
}

function timed(client: ChildProcess): Promise<number> {
  const began = performance.now();
  let said = '';
  client.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4096)));
  return new Promise((resolve, reject) => {
    client.once('error', reject);
    client.once('exit', (code) => {
      if (code === 0) resolve((performance.now() - began) / 1000);
      else reject(new Error(`${client.spawnargs.join(' ')} ended with ${code}: ${said.trim()}`));
    });
  });
}
