import type { ManifestAnswer } from '../shapes.ts';
import { left } from './approvals.ts';
import { table } from './table.ts';
import { visibleLine } from './visible.ts';

/** What became of a manifest: who is asked, or which of its statements would not run. */
export function manifestText({ approval, url, expires, quorum, statements, refused }: ManifestAnswer, now: number): string {
  if (refused.length > 0) {
    const lines = refused.map(({ place, code, say, rules }) => visibleLine(`  ${place}. ${code}: ${say}${rules.length === 0 ? '' : ` (${rules.join(', ')})`}`));
    return ['nobody is asked: these statements would not run', ...lines].join('\n');
  }
  const listed = table(
    [
      { title: 'no', of: ({ place }: (typeof statements)[number]) => String(place), align: 'right' },
      { title: 'runs', of: ({ times, decision }) => (decision === 'allow' ? 'any' : String(times)), align: 'right' },
      { title: 'policy', of: ({ decision }) => (decision === 'allow' ? 'allows' : 'holds') },
      { title: 'statement', of: ({ shape }) => shape, gives: 'way' },
    ],
    statements,
  );
  if (approval === null || expires === null) return `${listed}\npolicy allows all of them: no approval is needed`;
  return `${listed}\napproval ${approval} waits for ${quorum.map(({ group, count }) => `${count} of ${group}`).join(' and ')}; it ends in ${left(expires, now)}\n${visibleLine(url ?? '')}`;
}

/** How often each statement of an approved manifest has run, for `approvals show`. */
export function runsText(statements: readonly { readonly place: number; readonly shape: string; readonly decision: string; readonly times: number; readonly used: number }[]): string {
  return table(
    [
      { title: 'no', of: ({ place }: (typeof statements)[number]) => String(place), align: 'right' },
      { title: 'ran', of: ({ used, times, decision }) => (decision === 'allow' ? 'not counted' : `${used} of ${times}`) },
      { title: 'statement', of: ({ shape }) => shape, gives: 'way' },
    ],
    statements,
  );
}
