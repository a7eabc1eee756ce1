import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the real program, as a shell would, with nothing of this process's environment but PATH. */
export async function sallyport(args: readonly string[], env: Readonly<Record<string, string>> = {}, input = ''): Promise<Ran> {
  const child = spawn(process.execPath, ['--conditions=@sallyport/source', join(import.meta.dirname, '../main.ts'), ...args], { env: { PATH: process.env['PATH'], ...env } });
  child.stdin.end(input);
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), new Promise<number>((done) => child.on('close', (status) => done(status ?? -1)))]);
  return { code, out, err };
}
