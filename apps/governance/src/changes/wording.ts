import type { TriedPart } from './try-share.ts';

export interface Titled {
  readonly id: string;
  readonly title: string;
  readonly ticket: string | null;
  readonly author: string;
}

/** What people read before they agree: who wants what, and all of what becomes different. */
export function approvalText({ id, title, ticket, author }: Titled, { owner, warnings, text, terms }: TriedPart): string {
  return [
    `change ${id}: ${title}`,
    `ticket ${ticket ?? 'none'}, proposed by ${author}`,
    `applied by ${owner}; needs leave for ${terms.kinds.join(', ')}`,
    ...warnings.map((warning) => `warning: ${warning}`),
    '',
    text,
  ].join('\n');
}

/** One line of it without names of people: kinds, and how many of each are created, updated and removed. */
export function shapeOf(id: string, { owner, steps }: Pick<TriedPart, 'owner' | 'steps'>): string {
  const counts = new Map<string, number>();
  for (const { kind, change } of steps) if (change !== 'unchanged') counts.set(`${kind} ${change}`, (counts.get(`${kind} ${change}`) ?? 0) + 1);
  return `change ${id} in ${owner}: ${[...counts].map(([what, count]) => `${count} ${what}`).join(', ')}`.slice(0, 500);
}
