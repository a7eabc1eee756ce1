import { z } from 'zod';
import { table } from './table.ts';
import { visibleLine } from './visible.ts';

/** What this program reads of the API's answers about use. */
export const usageRow = z.object({ target: z.string(), role: z.string(), verb: z.string(), object: z.string(), commands: z.number(), allowed: z.number(), denied: z.number(), held: z.number(), first: z.string(), last: z.string() });
type Row = z.infer<typeof usageRow>;
export const usage = z.object({ machine: z.string(), from: z.string(), to: z.string(), upTo: z.number(), used: z.array(usageRow), total: z.number() });

export function usageText({ machine, from, to, upTo, used, total }: z.infer<typeof usage>, offset: number): string {
  const span = `${from} to ${to}, as far as leaf ${upTo} of the ledger`;
  if (used.length === 0) return visibleLine(total === 0 ? `${machine} used nothing: ${span}` : `no more of ${total}: ${span}`);
  const places = Map.groupBy(used, ({ target, role }) => (role === '' ? target : `${role}@${target}`));
  const text = [...places].flatMap(([place, rows]) => [visibleLine(`on ${place}`), table<Row>(columns, rows), '']);
  const end = offset + used.length;
  return [...text, `${used.length} of ${total}${end < total ? `; the next: --offset ${end}` : ''}`, visibleLine(`${machine}, ${span}`)].join('\n');
}

const columns = [
  { title: 'used', of: ({ verb, object }: Row) => (object === '' ? verb : `${verb} ${object}`), gives: 'way' as const },
  { title: 'times', of: ({ commands }: Row) => String(commands), align: 'right' as const },
  { title: 'denied', of: ({ denied }: Row) => (denied === 0 ? '-' : String(denied)), align: 'right' as const },
  { title: 'held', of: ({ held }: Row) => (held === 0 ? '-' : String(held)), align: 'right' as const },
  { title: 'last', of: ({ last }: Row) => `${last.slice(0, 16).replace('T', ' ')}Z` },
];
