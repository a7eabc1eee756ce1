import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import { VerifierUsageError } from '../verifier/offline.ts';

// What the commands below `evidence verify` have in common.

export function keyed(command: Command): Command {
  return command.option('--key <vkey>', 'a key that you trust, or a file with such lines; may be repeated. Not from what is verified', collect, []);
}

export function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

export const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);
export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** A file that cannot be read or a key that is none is the caller's mistake. */
export async function usable<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof VerifierUsageError) throw new Failure('usage', error.message);
    throw error;
  }
}
