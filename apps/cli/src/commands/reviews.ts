import { Command, Option } from 'commander';
import { z } from 'zod';
import { does } from '../context.ts';
import { exit } from '../exit.ts';
import { Failure } from '../failure.ts';
import { campaign, campaigns, campaignsText, campaignText, decidedText, reviewItem, reviewShown, reviewText } from '../output/reviews.ts';
import { visibleLine } from '../output/visible.ts';
import { patienceMs } from '../patience.ts';
import { demandFree, writePolicies } from '../policy-files.ts';
import { query } from '../query.ts';

export const reviewsCommand = (): Command =>
  new Command('reviews').description('whether machines still need what they may reach: campaigns, and what people decide in them')
    .addCommand(list()).addCommand(open()).addCommand(show()).addCommand(decide()).addCommand(delegate()).addCommand(close());

const list = () =>
  does(
    new Command('list').description('campaigns, newest first').addOption(new Option('--state <state>', 'only in this state').choices(['opening', 'open', 'closed']))
      .option('--after <review>', 'the page after this one').option('--limit <n>', 'how many', '50'),
    async ({ out, api }, _args, { state, after, limit }) => {
      out.show(await api().get(`/v1/reviews${query({ state, after, limit })}`, campaigns), campaignsText);
    },
  );

const open = () =>
  does(
    new Command('open').description('ask about all access within a scope; with no scope, about everybody’s. What nobody decides by the due date stops after the grace')
      .option('--title <text>', 'default: what it is about').addOption(new Option('--criticality <level>', 'only machines of this criticality').choices(['low', 'medium', 'high', 'critical']))
      .option('--team <name>', 'only machines of this team').option('--owner <person>', 'only machines of this owner').option('--machine <name>', 'only this machine').option('--target <name>', 'only access to this target')
      .option('--due-days <n>', 'decided within so many days', '14').option('--grace-days <n>', 'how many days after that access stops; default as the settings say'),
    async ({ out, api }, _args, { title, criticality, team, owner, machine, target, dueDays, graceDays }) => {
      const scope = Object.fromEntries(Object.entries({ criticality, team, owner, machine, target }).map(([part, given]) => [part, given ?? null]));
      const made = await api().post('/v1/reviews', { title: title ?? null, scope, dueDays: days('--due-days', dueDays), graceDays: graceDays === undefined ? null : days('--grace-days', graceDays) }, campaign, patienceMs);
      out.show(made, (value) => [campaignText(value, Date.now()), `sallyport reviews show ${visibleLine(value.id)} --mine`].join('\n'));
    },
  );

const states = ['waiting', 'kept', 'narrowed', 'revoked', 'stopped', 'gone'];

const show = () =>
  does(
    new Command('show').description('a campaign and its items by machine: what was granted against what was used, what was never used first').argument('<review>')
      .addOption(new Option('--state <state>', 'only items in this state').choices(states)).option('--machine <name>', 'only this machine’s').option('--mine', 'only those that wait for you')
      .option('--after <item>', 'the page after this one').option('--limit <n>', 'how many items', '20').option('--out <dir>', 'write the changes of policy that these items were narrowed by there, each to a file of its own'),
    async ({ out, api }, [id = ''], { state, machine, mine, after, limit, out: directory }) => {
      const found = await api().get(`/v1/reviews/${encodeURIComponent(id)}${query({ state, machine, mine: mine === true ? 'true' : undefined, after, limit })}`, reviewShown);
      out.show(found, (value) => reviewText(value, Date.now()));
      if (typeof directory !== 'string') return;
      const files = await writePolicies(directory, found.items.flatMap(({ policy }) => (policy === null ? [] : [policy])));
      out.note(files.length === 0 ? 'no item here has a change of policy; nothing was written' : `written: ${files.map(visibleLine).join(', ')}`);
    },
  );

const decide = () =>
  does(
    new Command('decide').description('decide one item, once. narrow stores a ready change of policy, which is proposed afterwards; revoke ends the access and its sessions').argument('<item>').argument('<decision>', 'keep, narrow or revoke')
      .requiredOption('--reason <text>', 'why; stays in the ledger').option('--out <dir>', 'write the change of policy there, for `sallyport changes propose -f`'),
    async ({ out, api }, [id = '', decision = ''], { reason, out: directory }) => {
      const word = z.enum(['keep', 'narrow', 'revoke']).safeParse(decision).data;
      if (word === undefined) throw new Failure('usage', `${decision} is no decision`, 'keep, narrow or revoke');
      // It is decided once: what cannot be written has to be known before.
      if (typeof directory === 'string') await demandFree(directory);
      const done = await api().post(`/v1/review-items/${encodeURIComponent(id)}/decide`, { decision: word, reason }, reviewItem, patienceMs);
      const written = typeof directory === 'string' && done.policy !== null ? await writePolicies(directory, [done.policy]) : [];
      out.show(done, (value) => decidedText(value, written.length === 0 ? null : String(directory), Date.now()));
      if (written.length > 0) out.note(`written: ${written.map(visibleLine).join(', ')}`);
      return exit.ok;
    },
  );

const delegate = () =>
  does(
    new Command('delegate').description('hand an item to one other reviewer, who alone may then decide it or hand it on').argument('<item>').requiredOption('--to <person>', 'to whom').requiredOption('--reason <text>', 'why; stays in the ledger'),
    async ({ out, api }, [id = ''], { to, reason }) => {
      out.show(await api().post(`/v1/review-items/${encodeURIComponent(id)}/delegate`, { to, reason }, reviewItem), ({ assigned, machine }) => visibleLine(`${assigned ?? '?'} decides about ${machine}`));
    },
  );

const close = () =>
  does(new Command('close').description('close a campaign of which nothing waits any more; they close by themselves, too').argument('<review>'), async ({ out, api }, [id = '']) => {
    out.show(await api().post(`/v1/reviews/${encodeURIComponent(id)}/close`, {}, campaign), (value) => campaignText(value, Date.now()));
  });

function days(option: string, text: unknown): number {
  if (!/^\d{1,3}$/.test(String(text))) throw new Failure('usage', `${option} ${String(text)} is no number of days`);
  return Number(text);
}
