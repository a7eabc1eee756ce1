import type { Session } from '../shapes.ts';
import { table } from './table.ts';

/** A page, and where the next one begins when there are more. */
export function sessionsText(rows: readonly Session[], total: number | null): string {
  if (rows.length === 0) return 'no sessions';
  const more = total === null || total <= rows.length ? '' : `\n${rows.length} of ${total}; the ones before: --before ${rows.at(-1)?.id ?? ''}`;
  return sessionsTable(rows) + more;
}

function sessionsTable(rows: readonly Session[]): string {
  return table<Session>(
    [
      { title: 'session', of: ({ id }) => id },
      { title: 'machine', of: ({ machine }) => machine, gives: 'way' },
      { title: 'target', of: ({ target }) => target },
      { title: 'opened', of: ({ opened }) => opened.slice(5, 16).replace('T', ' ') },
      { title: 'end', of: ({ closed, end }) => (closed === null ? 'open' : (end ?? 'closed')) },
      { title: 'cmds', of: ({ commands }) => String(commands), align: 'right' },
      { title: 'deny', of: ({ denied }) => String(denied), align: 'right' },
      { title: 'hold', of: ({ held }) => String(held), align: 'right' },
    ],
    rows,
  );
}
