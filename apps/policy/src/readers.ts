import type { ReadStatements } from './model/statements.ts';

/** Readers of the dialects that can be explained, by kind of target. */
export function statementReaders(): Promise<ReadonlyMap<string, ReadStatements>> {
  return Promise.resolve(new Map());
}
