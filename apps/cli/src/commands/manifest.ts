import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { parse } from 'yaml';
import { z } from 'zod';
import { does } from '../context.ts';
import { exit } from '../exit.ts';
import { Failure } from '../failure.ts';
import { manifestText } from '../output/manifest.ts';
import { manifestAnswer } from '../shapes.ts';

export const manifestCommand = (): Command => new Command('manifest').description('leave for many statements of a machine at once').addCommand(submit());

/** As much of a file as is put right here; the rest is the API's to judge. A statement without values and to run once may be its text alone. */
const file = z.looseObject({ statements: z.array(z.union([z.string().transform((text) => ({ text })), z.record(z.string(), z.unknown())])) });

const submit = () =>
  does(
    new Command('submit')
      .description('ask people to agree to a list of statements; each may then run as often as it says. Exit 11 while people are asked, 10 when policy denies some')
      .argument('<file>', 'YAML or JSON: target, role, reason, expiresIn (seconds), searchPath, statements: a list of texts, or of text, parameters and times; - reads standard input')
      .requiredOption('--machine <name>', 'the machine that will run them')
      .option('--target <[role@]target>', 'instead of the file’s').option('--reason <text>', 'instead of the file’s').option('--expires-in <seconds>', 'instead of the file’s; default a day'),
    async ({ out, api }, [path = ''], { machine, target, reason, expiresIn }) => {
      const asked = { ...(await read(path)), ...places(target), ...(typeof reason === 'string' ? { reason } : {}), ...(typeof expiresIn === 'string' ? { expiresIn: seconds(expiresIn) } : {}) };
      const answer = await api().post('/v1/manifests', { machine, ...asked }, manifestAnswer);
      out.show(answer, (value) => manifestText(value, Date.now()));
      return answer.refused.length > 0 ? exit.denied : answer.approval === null ? exit.ok : exit.approvalPending;
    },
  );

async function read(path: string): Promise<z.output<typeof file>> {
  const text = await readFile(path === '-' ? '/dev/stdin' : path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Failure('usage', `${path} cannot be read (${error.code ?? 'failed'})`);
  });
  let given: unknown;
  try {
    given = parse(text);
  } catch (error) {
    throw new Failure('invalid', `${path} is no YAML: ${error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : 'failed'}`);
  }
  const found = file.safeParse(given);
  if (!found.success) throw new Failure('invalid', `${path} has no list of statements`, 'statements: a list of texts, or of text, parameters and times');
  return found.data;
}

function places(target: unknown): { readonly target?: string; readonly role?: string | null } {
  if (typeof target !== 'string') return {};
  const at = target.indexOf('@');
  return at < 0 ? { target } : { target: target.slice(at + 1), role: target.slice(0, at) };
}

function seconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new Failure('usage', '--expires-in is a number of seconds');
  return Number(text);
}
