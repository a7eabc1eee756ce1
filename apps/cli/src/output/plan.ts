import type { Change, Plan } from '../shapes.ts';
import type { Out } from './out.ts';
import { table } from './table.ts';

const signs = { created: '+', updated: '~', removed: '-', unchanged: '=' } as const;

/** `+ created ~ updated - removed = unchanged`, one line each, and a sum. Unchanged ones are only counted when there are many. */
export function planText({ changes, warnings, dryRun }: Plan, out: Pick<Out, 'paint'>): string {
  const unchanged = changes.filter(({ change }) => change === 'unchanged').length;
  const shown = unchanged > 20 ? changes.filter(({ change }) => change !== 'unchanged') : changes;
  const count = (what: Change['change']) => changes.filter(({ change }) => change === what).length;
  const sum = `${count('created')} created, ${count('updated')} updated, ${count('removed')} removed, ${unchanged} unchanged${dryRun ? '; dry run, nothing was changed' : ''}`;
  const lines = shown.length === 0 ? [] : [table(columns, shown)];
  return [...lines, ...warnings.map((warning) => out.paint('bad', `warning: ${warning}`)), sum].join('\n');
}

const columns = [
  { title: '', of: ({ change }: Change) => signs[change] },
  { title: 'kind', of: ({ kind }: Change) => kind },
  { title: 'name', of: ({ name }: Change) => name, gives: 'way' as const },
  { title: 'version', of: ({ version }: Change) => String(version), align: 'right' as const },
];
