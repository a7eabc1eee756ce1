import { relative } from 'node:path';
import { Command } from 'commander';
import { loadDirectory } from '@sallyport/platform-config';
import { does } from '../context.ts';
import { Failure } from '../failure.ts';
import { planText } from '../output/plan.ts';
import { visibleLine } from '../output/visible.ts';
import { readPolicies } from '../read-policies.ts';
import { plan } from '../shapes.ts';

export const applyCommand = (): Command =>
  does(
    new Command('apply')
      .description('make the installation as a directory of YAML documents and *.cedar policies says')
      .requiredOption('-f, --file <dir>', 'directory')
      .option('--dry-run', 'only print the plan')
      .option('--prune', 'remove what the directory does not have'),
    async ({ out, api }, _args, options) => {
      const directory = String(options['file']);
      const { documents, policies } = await readConfiguration(directory);
      if (documents.length + policies.length === 0) throw new Failure('usage', `${directory} has no *.yaml, *.yml or *.cedar files`, 'name the directory that has them');
      const answer = await api().post('/v1/apply', { documents, policies, dryRun: options['dryRun'] === true, prune: options['prune'] === true }, plan);
      out.show(answer, (value) => planText(value, out));
    },
  );

/** Everything that is wrong is said at once, with file and line. */
async function readConfiguration(directory: string): Promise<{ documents: unknown[]; policies: { name: string; text: string }[] }> {
  const loaded = await loadDirectory(directory).catch((error: NodeJS.ErrnoException) => {
    throw new Failure('usage', `${directory} cannot be read (${error.code ?? 'failed'})`);
  });
  if (loaded.problems.length > 0) {
    const lines = loaded.problems.map(({ file, line, column, path, say }) => `${relative('.', file)}:${line}:${column} ${path === '' ? '' : `${path}: `}${say}`);
    throw new Failure('invalid', `${lines.length} ${lines.length === 1 ? 'problem' : 'problems'} in ${directory}; nothing was sent`, lines.map(visibleLine).join('\n  '));
  }
  return { documents: loaded.documents.map(({ document }) => document), policies: await readPolicies(directory) };
}
