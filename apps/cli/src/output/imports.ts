import type { ImportSum } from '../imports/send.ts';
import type { Out } from './out.ts';
import { table } from './table.ts';

/** What is drafted, what cannot be and why, and a sum. Who is known already is only counted. */
export function importText({ source, dryRun, found, drafted, known, refused, warnings }: ImportSum, out: Pick<Out, 'paint'>): string {
  const would = dryRun ? 'would be drafted' : 'drafted';
  const parts = [
    ...(drafted.length === 0 ? [] : [table([{ title: 'machine', of: ({ machine }) => machine }, { title: 'found as', of: ({ ref }) => ref, gives: 'way' }], drafted)]),
    ...(refused.length === 0 ? [] : [table([{ title: 'row', of: ({ ref }) => ref }, { title: 'reason', of: ({ code }) => code }, { title: 'what to do', of: ({ say }) => say, gives: 'way' }], refused)]),
  ];
  const sum = `${source}: ${found} found, ${drafted.length} ${would}, ${known.length} known already, ${refused.length} with a problem${dryRun ? '; dry run, nothing was changed' : ''}`;
  const next = drafted.length > 0 && !dryRun ? ['a draft lets nobody in: look at it, and set its state to active'] : [];
  return [...parts, ...warnings.map((warning) => out.paint('bad', `warning: ${warning}`)), sum, ...next].join('\n');
}
