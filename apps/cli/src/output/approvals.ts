import { parameterLines } from '@sallyport/domain-model';
import type { Approval } from '../shapes.ts';
import { frame } from './frame.ts';
import { fields, table } from './table.ts';
import { visibleLine } from './visible.ts';

export function approvalsText(rows: readonly Approval[], now: number): string {
  if (rows.length === 0) return 'nothing waits';
  return table<Approval>(
    [
      { title: 'approval', of: ({ id }) => id },
      { title: 'state', of: ({ state }) => state },
      { title: 'machine', of: ({ machine }) => machine },
      { title: 'target', of: ({ target }) => target },
      { title: 'left', of: (row) => (row.state === 'pending' ? left(row.expires, now) : '-'), align: 'right' },
      { title: 'asks', of: ({ shape }) => shape, gives: 'way' },
    ],
    rows,
  );
}

/** Everything an approver needs to decide, the full text last and framed. */
export function approvalText(one: Approval, now: number): string {
  const yes = one.votes.filter(({ vote }) => vote === 'approve').length;
  const needed = one.quorum.map(({ group, count }) => `${count} of ${group}`).join(' and ');
  const live = one.state === 'pending' || one.state === 'approved';
  const head = fields([
    ['approval', one.id],
    ['state', one.state],
    ['asked by', `${one.machine} (owner ${one.owner}) from ${one.source}`],
    ['on', `${one.target} (${one.environment})`],
    ['effects', one.effects.join(', ')],
    ['held by', `${one.rules.join(', ')}: ${one.say}`],
    ['needs', `${needed}; ${yes} so far`],
    ['expires', `${one.expires}${live ? ` (${left(one.expires, now)} left)` : ''}`],
    ['session', one.session],
    ['request', one.command],
  ]);
  const votes = one.votes.map(({ by, vote, comment, at }) => visibleLine(`  ${at.slice(0, 19)}Z  ${by}  ${vote}${comment === null ? '' : `  “${comment}”`}`));
  const body = one.text === null ? ['the full text is shown to approvers, auditors and administrators', frame('shape', one.shape)] : [frame('full text, as the machine sent it', one.text)];
  const parameters = one.parameters === null ? [] : [frame('parameters, as bound', parameterLines(one.parameters).map(visibleLine).join('\n'))];
  return [head, ...(votes.length === 0 ? [] : ['votes', ...votes]), ...body, ...parameters].join('\n');
}

/** `14m 02s`, `2h 05m`; `none` when over. */
export function left(expires: string, now: number): string {
  const seconds = Math.floor((Date.parse(expires) - now) / 1000);
  if (!(seconds > 0)) return 'none';
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}h ${two(minutes)}m` : minutes > 0 ? `${minutes}m ${two(seconds % 60)}s` : `${seconds}s`;
}
