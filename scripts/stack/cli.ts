import { execFile } from 'node:child_process';
import { join } from 'node:path';

const entry = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'bin', 'sallyport.js');

export interface CliAnswer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line client as a person would, with these variables and nothing else of ours. */
export function sallyport(env: Readonly<Record<string, string>>, ...args: string[]): Promise<CliAnswer> {
  return new Promise((resolve) => {
    execFile(process.execPath, [entry, ...args], { env: { PATH: process.env['PATH'] ?? '', ...env }, maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, out, err });
    });
  });
}

/** The same, for steps that must succeed. */
export async function mustSallyport(env: Readonly<Record<string, string>>, ...args: string[]): Promise<string> {
  const { code, out, err } = await sallyport(env, ...args);
  if (code !== 0) throw new Error(`sallyport ${args.join(' ')} failed with ${code}:\n${err}${out}`);
  return out;
}
