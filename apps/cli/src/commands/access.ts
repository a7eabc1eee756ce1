import { Command, Option } from 'commander';
import { does } from '../context.ts';
import { exit, type ExitCode } from '../exit.ts';
import { Failure } from '../failure.ts';
import { accessRequest, accessRequests, glass, glasses, glassesText, requestsText, requestText } from '../output/entitlements.ts';
import { query } from '../query.ts';

export const accessCommand = (): Command => new Command('access').description('access that a machine does not have, asked for on its behalf').addCommand(requests()).addCommand(request()).addCommand(withdraw());
export const breakGlassCommand = (): Command => new Command('break-glass').description('access in emergencies: recorded whatever it shows, and reviewed by somebody else afterwards').addCommand(open()).addCommand(list()).addCommand(review());

const states = ['pending', 'granted', 'rejected', 'expired', 'withdrawn', 'refused', 'all'];

const requests = () =>
  does(
    new Command('requests').description('who asked for access, newest first').addOption(new Option('--state <state>', 'only those that stand so').choices(states).default('pending'))
      .option('--machine <name>', 'only for this machine').option('--target <name>', 'only to this target').option('--id <request>', 'only this one').option('--after <request>', 'the page after this one').option('--limit <n>', 'how many', '50'),
    async ({ out, api }, _args, { state, machine, target, id, after, limit }) => {
      const found = await api().get(`/v1/access-requests${query({ state: state === 'all' || id !== undefined ? undefined : state, machine, target, id, after, limit })}`, accessRequests);
      out.show(found, (value) => requestsText(value, Date.now()));
    },
  );

const about = (command: Command) => command.requiredOption('--machine <name>', 'which machine').requiredOption('--target <name>', 'where to').option('--role <role>', 'in which role').requiredOption('--reason <text>', 'what it is needed for; at least ten characters');

const request = () =>
  does(about(new Command('request').description('ask people to let a machine in').option('--for <duration>', 'how long, like 30m or 4h; default as long as it can be had').option('--uses <n>', 'for how many sessions')), async ({ out, api }, _args, { machine, target, role, reason, for: time, uses }) => {
    const asked = await api().post('/v1/access-requests', { machine, target, role: role ?? null, reason, seconds: secondsOf(time), uses: uses === undefined ? null : numberOf(uses) }, accessRequest);
    out.show(asked, requestText);
    return exitOf(asked.state);
  });

const withdraw = () =>
  does(new Command('withdraw').description('take a request back').argument('<request>').option('--why <text>', 'for the record', 'not needed any more'), async ({ out, api }, [id = ''], { why }) => {
    out.show(await api().post(`/v1/access-requests/${encodeURIComponent(id)}/withdraw`, { why }, accessRequest), requestText);
  });

const open = () =>
  does(about(new Command('open').description('let a machine in at once, or as soon as the people whom the path names for emergencies agree').option('--for <duration>', 'how long, like 30m; default as long as the path lets')), async ({ out, api }, _args, { machine, target, role, reason, for: time }) => {
    const asked = await api().post('/v1/break-glass', { machine, target, role: role ?? null, reason, seconds: secondsOf(time) }, accessRequest);
    out.show(asked, requestText);
    return exitOf(asked.state);
  });

const list = () =>
  does(
    new Command('list').description('emergencies whose review is open, newest first').option('--all', 'those that were reviewed, too').option('--machine <name>', 'only of this machine').option('--target <name>', 'only to this target').option('--after <entitlement>', 'the page after this one').option('--limit <n>', 'how many', '50'),
    async ({ out, api }, _args, { all, machine, target, after, limit }) => {
      out.show(await api().get(`/v1/break-glass${query({ open: all === true ? 'false' : 'true', machine, target, after, limit })}`, glasses), (value) => glassesText(value, Date.now()));
    },
  );

const review = () =>
  does(
    new Command('review').description('write the finding, once and for good').argument('<entitlement>').addOption(new Option('--finding <finding>', 'what it comes to').choices(['justified', 'not-justified']).makeOptionMandatory()).requiredOption('--say <text>', 'why; at least ten characters'),
    async ({ out, api }, [id = ''], { finding, say }) => {
      out.show(await api().post(`/v1/break-glass/${encodeURIComponent(id)}/review`, { finding, say }, glass), (one) => `reviewed: ${one.review?.finding ?? '?'}`);
    },
  );

function exitOf(state: string): ExitCode {
  switch (state) {
    case 'granted':
      return exit.ok;
    case 'pending':
      return exit.approvalPending;
    default:
      return exit.approvalOver;
  }
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function secondsOf(text: unknown): number | null {
  if (text === undefined) return null;
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(String(text)) ?? [];
  if (count === undefined || unit === undefined) throw new Failure('usage', `--for ${String(text)} is no duration`, 'like 90s, 30m, 4h or 1d');
  return Number(count) * (units[unit] ?? 0);
}

function numberOf(text: unknown): number {
  if (!/^\d{1,4}$/.test(String(text))) throw new Failure('usage', `--uses ${String(text)} is no number of sessions`);
  return Number(text);
}
