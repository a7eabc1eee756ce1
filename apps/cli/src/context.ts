import type { Command } from 'commander';
import { Api } from './api.ts';
import { exit, type ExitCode } from './exit.ts';
import { standardOut, type Out } from './output/out.ts';
import { settings, type Settings } from './settings.ts';

/** What a command works with. Made for each run; the API is reached only by commands that ask for it. */
export interface Context {
  readonly out: Out;
  readonly env: NodeJS.ProcessEnv;
  settings(): Settings;
  api(): Api;
}

/** A command's work: what it returns is the exit code, nothing means 0. */
export type Work = (context: Context, args: string[], options: Record<string, unknown>) => Promise<ExitCode | void>;

/** Joins a command's declaration with its work. The exit code is set, not forced, so that output is written out. */
export function does(command: Command, work: Work): Command {
  return command.action(async (...given: unknown[]) => {
    const options = command.optsWithGlobals();
    const args = given.slice(0, -2).flat().filter((arg) => typeof arg === 'string');
    const out = standardOut(options['output'] === 'json' ? 'json' : 'text');
    const context: Context = { out, env: process.env, settings: () => settings(process.env), api: () => new Api(settings(process.env), (line) => out.warn(line)) };
    process.exitCode = (await work(context, args, options)) ?? exit.ok;
  });
}
