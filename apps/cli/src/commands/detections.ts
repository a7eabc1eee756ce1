import { Command, Option } from 'commander';
import { z } from 'zod';
import { does } from '../context.ts';
import { detectionsText } from '../output/detections.ts';
import { query } from '../query.ts';

export const detection = z.object({
  id: z.string(), kind: z.string(), machine: z.string().nullable(), session: z.string().nullable(), say: z.string(), facts: z.array(z.string()), first: z.string(), last: z.string(), count: z.number(), state: z.string(),
  dismissed: z.object({ by: z.string(), at: z.string(), reason: z.string() }).nullable(),
});
export type Detection = z.infer<typeof detection>;

export const detectionsCommand = (): Command => new Command('detections').description('what looks wrong in what machines did').addCommand(list()).addCommand(dismiss());

const list = () =>
  does(
    new Command('list')
      .description('newest first, with what was seen')
      .addOption(new Option('--state <state>', 'only in this state').choices(['open', 'dismissed', 'all']).default('open'))
      .addOption(new Option('--kind <kind>', 'only of this kind').choices(['human_use', 'shared_binding', 'replay', 'new_behaviour']))
      .option('--machine <name>', 'only of this machine').option('--before <id>', 'the page behind this one').option('--limit <n>', 'how many', '50'),
    async ({ out, api }, _args, { state, kind, machine, before, limit }) => {
      const found = await api().get(`/v1/detections${query({ state: state === 'all' ? undefined : state, kind, machine, before, limit })}`, z.object({ detections: z.array(detection), total: z.number() }));
      out.show(found, detectionsText);
    },
  );

const dismiss = () =>
  does(
    new Command('dismiss').description('say that it was looked at, and why it is nothing').argument('<detection>').requiredOption('--reason <text>', 'why; stays in the ledger: a case number, not a name'),
    async ({ out, api }, [id = ''], { reason }) => {
      out.show(await api().post(`/v1/detections/${encodeURIComponent(id)}/dismiss`, { reason }, z.object({ detection })), ({ detection: { kind, machine } }) => `${kind}${machine === null ? '' : ` of ${machine}`} is dismissed`);
    },
  );
