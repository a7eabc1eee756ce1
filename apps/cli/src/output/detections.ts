import type { Detection } from '../commands/detections.ts';
import { table } from './table.ts';
import { visibleLine } from './visible.ts';

export function detectionsText({ detections, total }: { readonly detections: readonly Detection[]; readonly total: number }): string {
  if (detections.length === 0) return 'nothing looks wrong; what cannot be seen is in the README of governance';
  const rows = table<Detection>(
    [
      { title: 'detection', of: ({ id }) => id },
      { title: 'kind', of: ({ kind }) => kind },
      { title: 'machine', of: ({ machine }) => machine ?? '-' },
      { title: 'last', of: ({ last }) => `${last.slice(0, 16)}Z` },
      { title: 'times', of: ({ count }) => String(count), align: 'right' },
      { title: 'state', of: ({ state }) => state },
    ],
    detections,
  );
  const seen = detections.map(({ id, say, facts, session, dismissed }) =>
    [`${id}: ${say}`, ...facts.map((fact) => `  ${fact}`), ...(session === null ? [] : [`  session ${session}`]), ...(dismissed === null ? [] : [`  dismissed by ${dismissed.by}: ${dismissed.reason}`])].map(visibleLine).join('\n'),
  );
  return [rows, '', ...seen, `${detections.length} of ${total}`].join('\n');
}
