import { Command } from 'commander';
import { does } from '../context.ts';
import { Failure } from '../failure.ts';
import { classesText, planText } from '../output/retention.ts';
import { query } from '../query.ts';
import { retentionPlan } from '../shapes.ts';

export const evidenceRetention = (): Command => new Command('retention').description('how long evidence is kept').addCommand(show()).addCommand(plan());

const show = () =>
  does(new Command('show').description('retention classes and their times'), async ({ out, api }) => {
    const { classes, erasures } = await api().get('/v1/evidence/retention', retentionPlan);
    out.show({ classes, erasures }, (value) => classesText(value));
  });

const plan = () =>
  does(new Command('plan').description('what the next sweep would let go, and what it has to keep and why; changes nothing').option('--at <day>', 'as it would be on that day'), async ({ out, api }, _args, { at }) => {
    if (at !== undefined && !/^\d{4}-\d\d-\d\d$/.test(String(at))) throw new Failure('usage', '--at is not a day', 'write it like 2027-12-31');
    const found = await api().get(`/v1/evidence/retention${query({ at })}`, retentionPlan);
    out.show(found, (value) => planText(value));
  });
