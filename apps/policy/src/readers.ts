import { isUnreadable, loadParser, StatementReader } from '@sallyport/protocol-postgres';
import { AssumedCatalogue } from './assumed-catalogue.ts';
import { UnreadableTextError, type ReadStatements } from './model/statements.ts';

/** Readers of the dialects that can be explained, by kind of target. Loads their parsers, once. */
export async function statementReaders(): Promise<ReadonlyMap<string, ReadStatements>> {
  const reader = new StatementReader(await loadParser());
  let version = 0;
  const postgres: ReadStatements = (text, searchPath, plan) => {
    const read = reader.read(text, { catalogue: new AssumedCatalogue(text, plan), searchPath, version: ++version });
    if (isUnreadable(read)) throw new UnreadableTextError(read.say);
    if (read.length === 0) throw new UnreadableTextError('there is no statement in it');
    return read.map((statement) => statement.means);
  };
  return new Map([['postgres', postgres]]);
}
