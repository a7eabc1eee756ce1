import { Command } from 'commander';
import { does } from '../context.ts';
import { usage, usageText } from '../output/usage.ts';
import { query } from '../query.ts';

export const machinesUsage = (): Command =>
  does(
    new Command('usage').description('what a machine did in the last so many days, by object and verb, most first').argument('<machine>').option('--target <name>', 'only on this target').option('--days <n>', 'how many days back', '30')
      .option('--limit <n>', 'how many lines', '100').option('--offset <n>', 'the lines behind so many', '0'),
    async ({ out, api }, [name = ''], { target, days, limit, offset }) => {
      out.show(await api().get(`/v1/machines/${encodeURIComponent(name)}/usage${query({ target, days, limit, offset })}`, usage), (value) => usageText(value, Number(offset)));
    },
  );
