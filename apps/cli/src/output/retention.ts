import type { Absence, Hold, RetentionPlan } from '../shapes.ts';
import { table } from './table.ts';
import { visibleLine } from './visible.ts';

/** What a hold holds, in words. */
export function scopeOf({ scope }: Hold): string {
  const { session, machine, target, from, to } = scope;
  const parts = [
    ...(session === null ? [] : [`session ${session}`]), ...(machine === null ? [] : [`machine ${machine}`]), ...(target === null ? [] : [`target ${target}`]),
    ...(from === null ? [] : [`from ${from}`]), ...(to === null ? [] : [`before ${to}`]),
  ];
  return visibleLine(parts.length === 0 ? 'everything' : parts.join(', '));
}

export function holdsText(holds: readonly Hold[]): string {
  if (holds.length === 0) return 'no holds';
  return table<Hold>(
    [
      { title: 'hold', of: ({ id }) => id },
      { title: 'state', of: ({ released, releaseRequested }) => (released !== null ? 'released' : releaseRequested !== null ? 'release asked' : 'stands') },
      { title: 'placed', of: ({ placed }) => `${placed.at.slice(0, 10)} ${placed.by}` },
      { title: 'holds', of: scopeOf, gives: 'way' },
      { title: 'reason', of: ({ reason }) => reason },
    ],
    holds,
  );
}

export function classesText({ classes, erasures }: Pick<RetentionPlan, 'classes' | 'erasures'>): string {
  const rows = table<RetentionPlan['classes'][number]>(
    [
      { title: 'class', of: ({ name }) => name },
      { title: 'days', of: ({ days }) => String(days), align: 'right' },
      { title: 'now', of: ({ effectiveDays }) => String(effectiveDays), align: 'right' },
      { title: 'of', of: ({ name }) => (name === 'events' ? 'events' : 'texts of sessions') },
    ],
    classes,
  );
  const shortened = classes.some(({ days, effectiveDays }) => days !== effectiveDays) ? ['a shorter time counts a week after it was set: until then, the longer one'] : [];
  const open = erasures.filter(({ state }) => state !== 'done').map(({ session, state, due }) => visibleLine(`erasure of ${session}: ${state}${due === null ? '' : `, key goes on ${due}`}`));
  return [rows, ...shortened, ...open].join('\n');
}

export function planText(plan: RetentionPlan): string {
  const delivered = plan.delivered === null ? 'the sinks do not say how far they are: no events are purged' : `leaves before ${plan.delivered} are with every required sink`;
  if (plan.items.length === 0) return `nothing is due; ${delivered}`;
  const rows = table<RetentionPlan['items'][number]>(
    [
      { title: 'what', of: ({ what }) => what },
      { title: 'name', of: ({ name }) => name },
      { title: 'due', of: ({ due }) => due },
      { title: 'goes', of: ({ say }) => (say.length === 0 ? 'yes' : 'no') },
      { title: 'why not', of: ({ say, holds }) => [say.join('; '), ...(holds.length === 0 ? [] : [`(${holds.join(', ')})`])].join(' '), gives: 'way' },
    ],
    plan.items,
  );
  return `${rows}\n${delivered}`;
}

/** Numbers of a chain without events. */
export function absenceText({ from, to, pruned }: Absence): string {
  const numbers = to - from === 1 ? `number ${from}` : `numbers ${from} to ${to - 1}`;
  return pruned ? `${numbers}: purged, their retention was over` : `${numbers}: MISSING, and not by policy; \`sallyport evidence verify\` says more`;
}
