import type { Understanding } from '@sallyport/domain-model';
import { CaseError, type CaseWorld } from '@sallyport/engine-policy';
import { Catalogue, isUnreadable, loadParser, StatementReader, type NameScope } from '@sallyport/protocol-postgres';

/**
 * Reads statements of test cases as the gateway would, but with no target at hand: no catalogue, no search path. Names without a
 * schema are therefore in schema `?`, and functions of the target's own are not known. Cases should name schemas.
 */
export async function statementReader(): Promise<CaseWorld['understand']> {
  const reader = new StatementReader(await loadParser());
  const scope: NameScope = { catalogue: Catalogue.empty, searchPath: null, version: 0 };
  return (text, target): readonly Understanding[] => {
    if (target.kind !== 'postgres') throw new CaseError(`target ${target.name}: statements of ${target.kind} cannot be read by this version; give effects`);
    const read = reader.read(text, scope);
    if (isUnreadable(read)) throw new CaseError(`a statement cannot be read: ${read.say}`);
    return read.map(({ means }) => means);
  };
}
