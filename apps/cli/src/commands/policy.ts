import { Command } from 'commander';
import { does } from '../context.ts';
import { exit } from '../exit.ts';
import { Failure } from '../failure.ts';
import { explanationText } from '../output/explanation.ts';
import { explanation } from '../shapes.ts';
import { propose as proposeLeast } from './policy-propose.ts';
import { simulate as simulateDraft } from './policy-simulate.ts';

export const policyCommand = (): Command => new Command('policy').description('check, test and explain policies; the least one for a machine; what a draft would have decided').addCommand(check()).addCommand(test()).addCommand(explain()).addCommand(propose()).addCommand(simulate());

// The evaluator and the SQL parser are large: they are loaded by the commands that need them.
const check = () =>
  does(
    new Command('check').description('check *.cedar files: syntax, schema, rules that have no effect, unknown names. Exit 2 on errors').argument('<dir>').option('--strict', 'warnings are errors'),
    async (...given) => (await import('./policy-check.ts')).check(...given),
  );

const test = () =>
  does(
    new Command('test').description('run a YAML file of cases against policies. Exit 1 when one fails').argument('<file>').option('--policies <dir>', 'where the *.cedar files are; default the directory of the file'),
    async (...given) => (await import('./policy-test.ts')).test(...given),
  );

const explain = () =>
  does(
    new Command('explain')
      .description("why this machine's statement would be allowed, held or denied; nothing runs. Exit 0 allowed, 10 denied, 11 held")
      .argument('<sql>', 'the statement')
      .requiredOption('--machine <name>', 'as whom').requiredOption('--target <name>', 'on what')
      .option('--role <name>', 'in which role').option('--search-path <schemas>', 'comma separated; default the target’s')
      .option('--behalf <party>', 'on whose behalf: person:NAME or machine:NAME')
      .option('--at <instant>', 'as if it were then, like 2026-11-22T10:00:00.000000Z').option('--source <address>', 'as if from there'),
    async ({ out, api }, [text = ''], options) => {
      const { machine, target } = options;
      const word = (name: string) => (typeof options[name] === 'string' ? options[name] : null);
      if (text.trim() === '') throw new Failure('usage', 'the statement is empty');
      const searchPath = word('searchPath')?.split(',').map((schema) => schema.trim()) ?? null;
      const behalf = partyOf(word('behalf'));
      const found = await api().post('/v1/policy/explain', { machine, target, role: word('role'), text, searchPath, at: word('at'), source: word('source'), ...(behalf === null ? {} : { behalf }) }, explanation);
      out.show(found, (value) => explanationText(value, out));
      return { allow: exit.ok, deny: exit.denied, hold: exit.approvalPending }[found.decision];
    },
  );

function partyOf(text: string | null): { readonly kind: string; readonly name: string } | null {
  if (text === null) return null;
  const [, kind, name] = /^(person|machine):([a-z0-9-]{1,63})$/.exec(text) ?? [];
  if (kind === undefined || name === undefined) throw new Failure('usage', `--behalf ${text} is no party`, 'write person:NAME or machine:NAME, as the inventory has them');
  return { kind, name };
}

const propose = () =>
  does(
    new Command('propose').description('write the least policy that would have allowed what a machine did, tried on the same days; nothing is applied. Exit 1 where it decides otherwise than was decided')
      .requiredOption('--machine <name>', 'which machine').option('--target <name>', 'only on this target').option('--days <n>', 'how many days back', '30')
      .option('--narrowing', 'the rules that narrow the policy in force to it, instead of one that stands by itself').option('--out <file>', 'write it there, instead of printing it'),
    proposeLeast,
  );

const simulate = () =>
  does(
    new Command('simulate').description('try a draft of the whole policy set on what was recorded: what would have been decided otherwise, by machine and object. Nothing runs')
      .argument('<dir>', 'directory of *.cedar files').option('--machine <name>', 'only what this machine did').option('--days <n>', 'how many days back', '30').option('--exit-code', '1 where anything would have been decided otherwise, or hangs on what was not recorded'),
    simulateDraft,
  );
