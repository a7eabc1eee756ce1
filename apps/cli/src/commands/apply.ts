import { Command } from 'commander';
import { does } from '../context.ts';
import { Failure } from '../failure.ts';
import { planText } from '../output/plan.ts';
import { readConfiguration } from '../read-configuration.ts';
import { plan } from '../shapes.ts';
import { proposeContent } from './changes.ts';

export const applyCommand = (): Command =>
  does(
    new Command('apply')
      .description('make the installation as a directory of YAML documents and *.cedar policies says')
      .requiredOption('-f, --file <dir>', 'directory')
      .option('--dry-run', 'only print the plan')
      .option('--prune', 'remove what the directory does not have')
      .option('--propose', 'make a change of it, for others to approve, instead of applying it; exit 11 while it waits').option('--title <text>', 'of the change').option('--ticket <id>', 'of the change'),
    async (context, _args, { file, dryRun, prune, propose, title, ticket }) => {
      const { out, api } = context;
      if (propose === true && (dryRun === true || typeof title !== 'string')) throw new Failure('usage', dryRun === true ? '--propose tries it anyway; --dry-run has nothing to add' : '--propose needs a --title: what the change is for, in a few words');
      if (propose !== true && (title !== undefined || ticket !== undefined)) throw new Failure('usage', '--title and --ticket belong to --propose');
      const { documents, policies } = await readConfiguration(String(file));
      if (propose === true) return proposeContent(context, { documents, policies, remove: [], prune: prune === true }, { title: String(title), ticket: typeof ticket === 'string' ? ticket : null });
      const answer = await api().post('/v1/apply', { documents, policies, dryRun: dryRun === true, prune: prune === true }, plan);
      out.show(answer, (value) => planText(value, out));
    },
  );
