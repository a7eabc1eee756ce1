import { parameterLines } from '@sallyport/domain-model';
import type { Approval } from '../shapes.ts';
import { frame } from './frame.ts';
import { runsText } from './manifest.ts';
import { fields, table } from './table.ts';
import { visibleLine } from './visible.ts';

export function approvalsText(rows: readonly Approval[], total: number | null, now: number): string {
  if (rows.length === 0) return 'nothing waits';
  const more = total === null || total <= rows.length ? '' : `\n${rows.length} of ${total}; the ones before: --before ${rows.at(-1)?.id ?? ''}`;
  return table<Approval>(
    [
      { title: 'approval', of: ({ id }) => id },
      { title: 'state', of: ({ state }) => state },
      { title: 'by', of: ({ requester, machine }) => requester?.replace(/^machine:/, '') ?? machine ?? '-' },
      { title: 'target', of: ({ target }) => target ?? '-' },
      { title: 'left', of: (row) => (row.state === 'pending' ? left(row.expires, now) : '-'), align: 'right' },
      { title: 'asks', of: ({ subject, shape }) => (subject === null ? shape : `${subject.kind}: ${shape}`), gives: 'way' },
    ],
    rows,
  ) + more;
}

/** Everything an approver needs to decide, the full text last and framed. */
export function approvalText(one: Approval, now: number): string {
  const yes = one.votes.filter(({ vote }) => vote === 'approve').length;
  const needed = one.quorum.map(({ group, count }) => `${count} of ${group}`).join(' and ');
  const live = one.state === 'pending' || one.state === 'approved';
  const head = fields([
    ['approval', one.id],
    ['state', one.state],
    ['asks for', one.subject === null ? 'one command to run once' : `${one.subject.kind} ${one.subject.id}`],
    ['asked by', askedBy(one)],
    ...(one.target === null ? [] : [['on', one.environment === null ? one.target : `${one.target} (${one.environment})`] as const]),
    ...(one.effects.length === 0 ? [] : [['effects', one.effects.join(', ')] as const]),
    ['held by', `${one.rules.join(', ')}: ${one.say}`],
    ['needs', `${needed}; ${yes} so far`],
    ['expires', `${one.expires}${live ? ` (${left(one.expires, now)} left)` : ''}`],
    ...(one.session === null ? [] : [['session', one.session] as const]),
    ...(one.command === null ? [] : [['request', one.command] as const]),
  ]);
  const votes = one.votes.map(({ by, vote, comment, at }) => visibleLine(`  ${at.slice(0, 19)}Z  ${by}  ${vote}${comment === null ? '' : `  “${comment}”`}`));
  const body = one.text === null ? ['the full text is shown to approvers, auditors and administrators', frame('shape', one.shape)] : [frame(one.subject === null ? 'full text, as the machine sent it' : 'all that is asked for', one.text)];
  const parameters = one.parameters === null ? [] : [frame('parameters, as bound', parameterLines(one.parameters).map(visibleLine).join('\n'))];
  const runs = one.manifest === null ? [] : [runsText(one.manifest.statements)];
  return [head, ...(votes.length === 0 ? [] : ['votes', ...votes]), ...body, ...parameters, ...runs].join('\n');
}

/** The machine with its owner, and on whose behalf, or the person; and the machine that it is about, where a person asks for one. */
function askedBy({ requester, behalf, machine, owner, source }: Approval): string {
  const machineItself = requester === null || requester === `machine:${machine ?? ''}`;
  const who = machineItself ? (machine ?? '-') : requester.replace(/^(machine|person):/, '');
  const about = [machineItself || machine === null ? null : `for ${machine}`, behalf === null ? null : `on behalf of ${behalf.kind} ${behalf.name}`, owner === null ? null : `owner ${owner}`].filter((part) => part !== null).join(', ');
  return `${who}${about === '' ? '' : ` (${about})`} from ${source}`;
}

/** `14m 02s`, `2h 05m`; `none` when over. */
export function left(expires: string, now: number): string {
  const seconds = Math.floor((Date.parse(expires) - now) / 1000);
  if (!(seconds > 0)) return 'none';
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}h ${two(minutes)}m` : minutes > 0 ? `${minutes}m ${two(seconds % 60)}s` : `${seconds}s`;
}
