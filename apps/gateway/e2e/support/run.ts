import { spawn } from 'node:child_process';

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
  /** Milliseconds after which it is killed; the answer then has code -1. Default 60 000. */
  readonly timeoutMs?: number;
}

/** Runs a program with these variables (and PATH), nothing else of ours, and answers how it ended. Never rejects for a bad exit. */
export function run(command: string, args: readonly string[], { env = {}, input = '', cwd, timeoutMs = 60_000 }: RunOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LC_ALL: 'C.UTF-8', ...env }, ...(cwd === undefined ? {} : { cwd }), timeout: timeoutMs, killSignal: 'SIGKILL' });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (out += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (err += part));
    // A program that does not read its input closes it.
    child.stdin.on('error', () => undefined).end(input);
    child.once('error', reject).once('close', (code) => resolve({ code: code ?? -1, out, err }));
  });
}
