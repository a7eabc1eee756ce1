import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { killAtExit } from './at-exit.ts';

export interface ChildOptions {
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A server of a test: in a process group of its own, which dies with the test process at the latest. */
export class Child implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly name: string;
  readonly #ended: Promise<void>;
  #output = '';
  #exited = false;

  constructor(command: string, args: readonly string[], options: ChildOptions = {}) {
    this.name = command.split('/').at(-1) ?? command;
    this.process = spawn(command, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    const forget = this.process.pid === undefined ? () => undefined : killAtExit(this.process.pid);
    for (const stream of [this.process.stdout, this.process.stderr]) stream?.on('data', (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-64 * 1024)));
    this.#ended = new Promise((done) => {
      const over = () => {
        this.#exited = true;
        forget();
        done();
      };
      this.process.once('exit', over).once('error', (error) => {
        this.#output += `\n${error.message}`;
        over();
      });
    });
  }

  /** The last 64 KiB of standard output and error. */
  get output(): string {
    return this.#output;
  }

  get exited(): boolean {
    return this.#exited;
  }

  /** Resolves when the process has ended, with its exit code (null after a signal). */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.process.exitCode;
  }

  /** Sends the signal to the process and waits for its end; after ten seconds its whole group is killed. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#exited) return;
    this.process.kill(signal);
    const late = setTimeout(() => this.#killGroup(), 10_000);
    await this.#ended;
    clearTimeout(late);
  }

  /** As the machine's power going away would: SIGKILL to the process and all that it has started, no last words. */
  async kill9(): Promise<void> {
    if (this.#exited || this.process.pid === undefined) return;
    const all = descendants(this.process.pid);
    this.#killGroup();
    // PostgreSQL gives each of its processes a session of its own: the group is not all.
    for (const pid of all) kill(pid);
    await this.#ended;
  }

  #killGroup(): void {
    if (this.process.pid !== undefined) kill(-this.process.pid);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/** Children and theirs, as Linux tells; none elsewhere. */
function descendants(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter((text) => text !== '').map(Number);
    return children.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

/** Waits until something listens on the port; throws with the child's output when it ends first or 30 s have passed. */
export async function untilListening(child: Child, port: number): Promise<void> {
  await until(child, () => listens(port));
}

export async function until(child: Child, ready: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const limit = Date.now() + timeoutMs;
  while (!(await ready())) {
    if (child.exited || Date.now() > limit) throw new Error(`${child.name} did not start:\n${child.output.slice(-4000)}`);
    await sleep(20);
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}
