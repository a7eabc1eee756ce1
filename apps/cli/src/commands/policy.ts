import { Command } from 'commander';
import { does } from '../context.ts';
import { exit } from '../exit.ts';
import { Failure } from '../failure.ts';
import { explanationText } from '../output/explanation.ts';
import { explanation } from '../shapes.ts';

export const policyCommand = (): Command => new Command('policy').description('check, test and explain policies').addCommand(check()).addCommand(test()).addCommand(explain());

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
      .option('--at <instant>', 'as if it were then, like 2026-11-22T10:00:00.000000Z').option('--source <address>', 'as if from there'),
    async ({ out, api }, [text = ''], options) => {
      const { machine, target } = options;
      const word = (name: string) => (typeof options[name] === 'string' ? options[name] : null);
      if (text.trim() === '') throw new Failure('usage', 'the statement is empty');
      const searchPath = word('searchPath')?.split(',').map((schema) => schema.trim()) ?? null;
      const found = await api().post('/v1/policy/explain', { machine, target, role: word('role'), text, searchPath, at: word('at'), source: word('source') }, explanation);
      out.show(found, (value) => explanationText(value, out));
      return { allow: exit.ok, deny: exit.denied, hold: exit.approvalPending }[found.decision];
    },
  );
