import type { ChangeSummary, ChangeView } from '../shapes.ts';
import { frame } from './frame.ts';
import type { Out } from './out.ts';
import { fields, table } from './table.ts';
import { visibleLine } from './visible.ts';

export function changesText(rows: readonly ChangeSummary[], total: number): string {
  if (rows.length === 0) return total === 0 ? 'no changes' : `nothing older; ${total} in all`;
  const text = table<ChangeSummary>(
    [
      { title: 'change', of: ({ id }) => id },
      { title: 'state', of: ({ state }) => state },
      { title: 'author', of: ({ author }) => author },
      { title: 'ticket', of: ({ ticket }) => ticket ?? '-' },
      { title: 'title', of: ({ title }) => title, gives: 'way' },
    ],
    rows,
  );
  return `${text}\n${rows.length} of ${total}`;
}

/** Everything about one, the difference last and framed; then what to do next. */
export function changeText(one: ChangeView, out: Pick<Out, 'paint'>): string {
  const head = fields([
    ['change', one.id],
    ['state', `${one.state}: ${one.say}`],
    ['title', one.title],
    ['ticket', one.ticket ?? 'none'],
    ['author', one.author],
    ['changes', `${one.count} of ${one.kinds.join(', ')}${one.prune ? '; what is not named goes' : ''}`],
    ...(one.rollsBack === null ? [] : [['rolls back', one.rollsBack] as const]),
    ...(one.rolledBackBy === null ? [] : [['rolled back by', one.rolledBackBy] as const]),
    ...(one.changedDecisions === null ? [] : [['decisions', `${one.changedDecisions} of recorded commands would be others`] as const]),
    ['digest', one.digest],
  ]);
  const parts = one.parts.length === 0 ? [] : [table(columns, one.parts)];
  const warnings = one.parts.flatMap((part) => part.warnings).map((warning) => out.paint('bad', `warning: ${visibleLine(warning)}`));
  return [head, ...parts, ...warnings, ...(one.diff === null || one.diff === '' ? [] : [frame('what changes', one.diff)]), next(one)].filter((line) => line !== '').join('\n');
}

type Part = ChangeView['parts'][number];
const columns = [
  { title: 'in', of: ({ owner }: Part) => owner },
  { title: 'needs', of: ({ approvers }: Part) => (approvers.length === 0 ? 'nobody' : approvers.map(({ group, count }) => `${count} of ${group}`).join(' and ')) },
  { title: 'approval', of: ({ approval }: Part) => approval ?? '-' },
  { title: 'is', of: ({ approvalState, approvedBy, applied, approvers }: Part) => (applied ? 'in force' : approvers.length === 0 ? '-' : `${approvalState ?? 'not asked yet'}${approvedBy.length === 0 ? '' : ` by ${approvedBy.join(', ')}`}`), gives: 'way' as const },
];

function next({ id, state, parts }: ChangeView): string {
  switch (state) {
    case 'proposed':
      return `to be tested: sallyport changes test ${id}`;
    case 'waiting':
      return parts.flatMap(({ approval, approvalState }) => (approval === null || approvalState !== 'pending' ? [] : [`somebody else says yes by: sallyport approvals approve ${approval}`])).join('\n');
    case 'approved':
      return `may be put in force: sallyport changes activate ${id}`;
    case 'activated':
      return `what stood before: sallyport changes roll-back ${id}`;
    default:
      return '';
  }
}
