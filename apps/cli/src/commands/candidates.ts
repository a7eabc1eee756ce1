import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { z } from 'zod';
import { does } from '../context.ts';
import { Failure } from '../failure.ts';
import { candidate, candidates, candidateShown, candidatesText, candidateText } from '../output/candidates.ts';
import { visible, visibleLine } from '../output/visible.ts';
import { query } from '../query.ts';

export const candidatesCommand = (): Command =>
  new Command('candidates')
    .description('workloads that came with a genuine token and that no machine is bound to: adopt them, or block them')
    .addCommand(list()).addCommand(show()).addCommand(adopt())
    .addCommand(decide('block', 'refuse its later attempts by name', 'blocked')).addCommand(decide('dismiss', 'take it off the list', 'off the list')).addCommand(decide('reopen', 'take a block or a dismissal back', 'on the list again'));

const list = () =>
  does(
    new Command('list').description('candidates, those that came last first').addOption(new Option('--state <state>', 'only those that stand so').choices(['open', 'adopted', 'blocked', 'dismissed', 'all']).default('open'))
      .option('--issuer <name>', 'only of this issuer').option('--before <candidate>', 'older than this one').option('--limit <n>', 'how many', '100'),
    async ({ out, api }, _args, { state, issuer, before, limit }) => {
      const found = await api().get(`/v1/candidates${query({ state: state === 'all' ? undefined : state, issuer, before, limit })}`, candidates);
      out.show(found, candidatesText);
    },
  );

const show = () =>
  does(new Command('show').description('one of them, and the binding that adopting it would write').argument('<candidate>'), async ({ out, api }, [id = '']) => {
    const found = await api().get(`/v1/candidates/${encodeURIComponent(id)}`, candidateShown);
    out.show(found, candidateText);
  });

const adopted = z.object({ document: z.record(z.string(), z.unknown()), changes: z.array(z.unknown()), warnings: z.array(z.string()) });

const adopt = () =>
  does(
    new Command('adopt')
      .description('draft a machine of it, bound to its claims that never change hands')
      .argument('<candidate>')
      .requiredOption('--name <name>', 'the machine’s').requiredOption('--owner <person>', 'who answers for it').requiredOption('--backup <person>', 'who stands in').requiredOption('--purpose <text>', 'what it is for')
      .addOption(new Option('--environment <name>').choices(['production', 'staging', 'test', 'development']).makeOptionMandatory())
      .addOption(new Option('--criticality <level>').choices(['low', 'medium', 'high', 'critical']).makeOptionMandatory())
      .addOption(new Option('--kind <kind>').choices(['service', 'ci', 'batch', 'agent']).default('service'))
      .option('--review-by <day>', 'the first review; default in 90 days').option('--team <name>').option('--business-service <name>').option('--group <name>', 'may be given several times', several).option('--vendor <name>').option('--vendor-contract-end <day>')
      .option('--claim <name=value>', 'a claim besides those that never change hands, instead of the environment or branch that its last token names; may be given several times', several)
      .option('--justification <text>', 'why a rule of the linter is set aside').option('--dry-run', 'only show the document'),
    async ({ out, api }, [id = ''], options) => {
      const text = (name: string) => (typeof options[name] === 'string' && options[name] !== '' ? options[name] : null);
      const facts = {
        kind: text('kind'), owner: text('owner'), backupOwner: text('backup'), team: text('team'), purpose: text('purpose'), businessService: text('businessService'), environment: text('environment'), criticality: text('criticality'),
        groups: many(options['group']), reviewBy: text('reviewBy') ?? inDays(90), vendor: text('vendor'), vendorContractEnd: text('vendorContractEnd'),
      };
      const body = { name: text('name'), facts, claims: claims(many(options['claim'])), justification: text('justification'), dryRun: options['dryRun'] === true };
      const done = await api().post(`/v1/candidates/${encodeURIComponent(id)}/adopt`, body, adopted);
      out.show(done, ({ document, warnings }) =>
        [visible(stringify(document, { lineWidth: 100 })).trimEnd(), ...warnings.map((one) => out.paint('bad', `warning: ${visibleLine(one)}`)), options['dryRun'] === true ? 'dry run, nothing was changed' : `machine ${visibleLine(text('name') ?? '')} is drafted; it lets nobody in before its state is active`].join('\n'),
      );
    },
  );

const decide = (word: 'block' | 'dismiss' | 'reopen', description: string, now: string) =>
  does(new Command(word).description(description).argument('<candidate>').option('--reason <text>', 'for the list; names nobody'), async ({ out, api }, [id = ''], { reason }) => {
    const done = await api().post(`/v1/candidates/${encodeURIComponent(id)}/${word}`, { reason: typeof reason === 'string' ? reason : null }, candidate);
    out.show(done, (one) => `${visibleLine(one.id)} is ${now}`);
  });

function claims(given: readonly string[]): Record<string, string> | null {
  if (given.length === 0) return null;
  return Object.fromEntries(given.map((one) => {
    const cut = one.indexOf('=');
    if (cut < 1) throw new Failure('usage', `--claim ${one} is no name=value`);
    return [one.slice(0, cut), one.slice(cut + 1)];
  }));
}

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const several = (value: string, before: string[] = []) => [...before, value];
const many = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);
