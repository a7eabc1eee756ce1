import { spawn } from 'node:child_process';
import { libpq, type Endpoint } from './endpoint.ts';
import { run, type Answer } from './run.ts';

/** One command of psql, as a job would run it. */
export const psqlOnce = (endpoint: Endpoint, command: string): Promise<Answer> => run('psql', ['-X', '-At', '-w', '-c', command], { env: libpq(endpoint) });

/** psql that runs until its input or its session ends. */
export interface RunningPsql extends AsyncDisposable {
  write(text: string): void;
  /** No more input. */
  end(): void;
  /** Nothing is taken of what it shows, or again. */
  pause(): void;
  resume(): void;
  readonly out: string;
  readonly err: string;
  /** How it ended, and when (milliseconds since 1970). */
  readonly ended: Promise<Answer & { readonly at: number }>;
}

export function startPsql(endpoint: Endpoint, ...args: string[]): RunningPsql {
  const child = spawn('psql', ['-X', '-At', '-w', ...args], { env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LC_ALL: 'C.UTF-8', ...libpq(endpoint) } });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (part: string) => (said.out += part));
  child.stderr.setEncoding('utf8').on('data', (part: string) => (said.err += part));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<Answer & { at: number }>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code: code ?? -1, ...said, at: Date.now() }));
  });
  return {
    write: (text) => void child.stdin.write(text),
    end: () => void child.stdin.end(),
    pause: () => void child.stdout.pause(),
    resume: () => void child.stdout.resume(),
    get out() {
      return said.out;
    },
    get err() {
      return said.err;
    },
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
