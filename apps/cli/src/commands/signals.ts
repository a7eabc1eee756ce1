import { Command } from 'commander';
import { z } from 'zod';
import { does } from '../context.ts';
import { signalsText } from '../output/directories.ts';
import { query } from '../query.ts';

export const keptSignal = z.object({
  id: z.string(), origin: z.string(), kind: z.string(), person: z.string().nullable(), at: z.string(), received: z.string(), told: z.string().nullable(), attempts: z.number(), outcome: z.string(), suspended: z.number(), attention: z.number(),
});
export type KeptSignal = z.infer<typeof keptSignal>;

export const signalsCommand = (): Command => new Command('signals').description('who left and who came back, as directories told').addCommand(list());

const list = () =>
  does(
    new Command('list').description('newest first, with what came of it').option('--pending', 'only what identity was not told yet').option('--before <id>', 'the page behind this one').option('--limit <n>', 'how many', '50'),
    async ({ out, api }, _args, { pending, before, limit }) => {
      const found = await api().get(`/v1/signals${query({ pending: pending === true ? 'true' : undefined, before, limit })}`, z.object({ signals: z.array(keptSignal), total: z.number(), pending: z.number() }));
      out.show(found, signalsText);
    },
  );
