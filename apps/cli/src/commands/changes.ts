import { Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { does } from '../context.ts';
import { exit, type ExitCode } from '../exit.ts';
import { Failure } from '../failure.ts';
import { changeText, changesText } from '../output/changes.ts';
import { query } from '../query.ts';
import { readConfiguration } from '../read-configuration.ts';
import { changeList, changeView, type ChangeView } from '../shapes.ts';

export const changesCommand = (): Command =>
  new Command('changes').description('changes that more than one person makes: proposed, tested, approved by others, activated, rolled back')
    .addCommand(propose()).addCommand(list()).addCommand(show()).addCommand(test()).addCommand(activate()).addCommand(rollBack()).addCommand(withdraw());

const states = ['proposed', 'waiting', 'approved', 'rejected', 'activating', 'activated', 'withdrawn'];

const propose = () =>
  does(
    new Command('propose')
      .description('propose what a directory says, or the removal of documents. It is tried at once, and those who have to agree are asked. Exit 11 while it waits')
      .requiredOption('--title <text>', 'what it is for, in a few words').option('--ticket <id>', 'where it was asked for')
      .option('-f, --file <dir>', 'directory of YAML documents and *.cedar policies')
      .option('--remove <kind/name...>', 'documents that shall stand no more; a policy file as Policy/name.cedar')
      .option('--prune', 'remove what the directory does not have'),
    async (context, _args, { title, ticket, file, remove, prune }) => {
      const directory = typeof file === 'string' ? file : null;
      const names = Array.isArray(remove) ? remove.filter((one) => typeof one === 'string') : [];
      if (directory === null && names.length === 0) throw new Failure('usage', 'a change of what?', 'name a directory with --file, or documents with --remove Kind/name');
      const content = directory === null ? { documents: [], policies: [] } : await readConfiguration(directory);
      return proposeContent(context, { ...content, remove: names.map(removed), prune: prune === true }, { title: String(title), ticket: typeof ticket === 'string' ? ticket : null });
    },
  );

export interface ProposedContent {
  readonly documents: readonly unknown[];
  readonly policies: readonly { readonly name: string; readonly text: string }[];
  readonly remove: readonly { readonly kind: string; readonly name: string }[];
  readonly prune: boolean;
}

/** `sallyport apply --propose` comes here, too. */
export async function proposeContent({ api, out }: Context, content: ProposedContent, { title, ticket }: { readonly title: string; readonly ticket: string | null }): Promise<ExitCode> {
  const made = await api().post('/v1/changes', { title, ticket, ...content }, changeView);
  out.show(made, (value) => changeText(value, out));
  return exitOf(made);
}

const list = () =>
  does(
    new Command('list').description('changes, newest first').addOption(new Option('--state <state>', 'only in this state').choices(states)).option('--limit <n>', 'how many', '50').option('--before <change>', 'older than this one'),
    async ({ out, api }, _args, { state, limit, before }) => {
      const found = await api().get(`/v1/changes${query({ state, limit, before })}`, changeList);
      out.show(found, ({ changes, total }) => changesText(changes, total));
    },
  );

const show = () =>
  does(
    new Command('show').description('all that a change changes, line by line, and who has agreed').argument('<change>').option('--exit-code', '11 while it waits, 12 when it was rejected or withdrawn'),
    async ({ out, api }, [id = ''], options) => {
      const found = await api().get(`/v1/changes/${encodeURIComponent(id)}`, changeView);
      out.show(found, (value) => changeText(value, out));
      return options['exitCode'] === true ? exitOf(found) : exit.ok;
    },
  );

const test = () =>
  does(new Command('test').description('try it anew, and ask for its approvals anew: after a failed test, an approval that expired, or when what it was tested against has moved. Exit 11 while it waits').argument('<change>'), async ({ out, api }, [id = '']) => {
    const now = await api().post(`/v1/changes/${encodeURIComponent(id)}/test`, {}, changeView);
    out.show(now, (value) => changeText(value, out));
    return exitOf(now);
  });

const activate = () =>
  does(new Command('activate').description('put an approved change in force; its author may').argument('<change>'), async ({ out, api }, [id = '']) => {
    const now = await api().post(`/v1/changes/${encodeURIComponent(id)}/activate`, {}, changeView);
    out.show(now, (value) => `change ${value.id} is ${value.state}: ${value.title}`);
  });

const rollBack = () =>
  does(
    new Command('roll-back').description('propose what stood before an activated change, under the same control. Exit 11 while it waits').argument('<change>').option('--ticket <id>', 'where it was asked for; default that of the change'),
    async ({ out, api }, [id = ''], { ticket }) => {
      const made = await api().post(`/v1/changes/${encodeURIComponent(id)}/roll-back`, { ticket: typeof ticket === 'string' ? ticket : null }, changeView);
      out.show(made, (value) => changeText(value, out));
      return exitOf(made);
    },
  );

const withdraw = () =>
  does(new Command('withdraw').description('end a change that is not in force, and its approvals').argument('<change>').requiredOption('--why <text>', 'for the record'), async ({ out, api }, [id = ''], { why }) => {
    const now = await api().post(`/v1/changes/${encodeURIComponent(id)}/withdraw`, { why }, changeView);
    out.show(now, (value) => `change ${value.id} is ${value.state}`);
  });

function removed(text: string): { kind: string; name: string } {
  const slash = text.indexOf('/');
  if (slash <= 0 || slash === text.length - 1) throw new Failure('usage', `${text} names no document`, 'as Kind/name, like Target/ledger-db, or Policy/old.cedar');
  return { kind: text.slice(0, slash), name: text.slice(slash + 1) };
}

function exitOf({ state }: ChangeView): ExitCode {
  switch (state) {
    case 'waiting':
      return exit.approvalPending;
    case 'rejected':
    case 'withdrawn':
      return exit.approvalOver;
    case 'proposed':
      return exit.usage;
    default:
      return exit.ok;
  }
}
