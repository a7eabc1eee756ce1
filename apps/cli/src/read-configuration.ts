import { relative } from 'node:path';
import { loadDirectory } from '@sallyport/platform-config';
import { Failure } from './failure.ts';
import { visibleLine } from './output/visible.ts';
import { readPolicies } from './read-policies.ts';

export interface Configuration {
  readonly documents: unknown[];
  readonly policies: { name: string; text: string }[];
}

/** What a directory says. Everything that is wrong is said at once, with file and line; a directory without any is wrong, too. */
export async function readConfiguration(directory: string): Promise<Configuration> {
  const loaded = await loadDirectory(directory).catch((error: NodeJS.ErrnoException) => {
    throw new Failure('usage', `${directory} cannot be read (${error.code ?? 'failed'})`);
  });
  if (loaded.problems.length > 0) {
    const lines = loaded.problems.map(({ file, line, column, path, say }) => `${relative('.', file)}:${line}:${column} ${path === '' ? '' : `${path}: `}${say}`);
    throw new Failure('invalid', `${lines.length} ${lines.length === 1 ? 'problem' : 'problems'} in ${directory}; nothing was sent`, lines.map(visibleLine).join('\n  '));
  }
  const policies = await readPolicies(directory);
  if (loaded.documents.length + policies.length === 0) throw new Failure('usage', `${directory} has no *.yaml, *.yml or *.cedar files`, 'name the directory that has them');
  return { documents: loaded.documents.map(({ document }) => document), policies };
}
