import { z } from 'zod';
import { pageWidth, table, wrap } from './table.ts';
import { visibleLine } from './visible.ts';

/** What this program reads of the API's answers about people. */
export const person = z.object({
  name: z.string(), displayName: z.string(), roles: z.array(z.string()), groups: z.array(z.string()), employment: z.string().nullable(), contractEnd: z.string().nullable(), directoryIds: z.array(z.string()),
  gone: z.object({ since: z.string(), source: z.string() }).nullable(), words: z.array(z.object({ source: z.string(), change: z.string(), at: z.string() })), machines: z.number(),
});
export type Person = z.infer<typeof person>;
export const people = z.object({ people: z.array(person), total: z.number(), next: z.string().nullable() });
export const said = z.object({ person: z.string(), changed: z.boolean(), suspended: z.array(z.string()), attention: z.array(z.string()) });

export function peopleText({ people: rows, total, next }: z.infer<typeof people>): string {
  if (rows.length === 0) return total === 0 ? 'nobody' : `no more of ${total}`;
  const text = table<Person>(
    [
      { title: 'person', of: ({ name }) => name, gives: 'way' },
      { title: 'is', of: ({ gone }) => (gone === null ? 'here' : `gone since ${gone.since.slice(0, 10)} (${gone.source})`) },
      { title: 'machines', of: ({ machines }) => String(machines), align: 'right' },
      { title: 'roles', of: ({ roles }) => roles.join(', ') || '-', gives: 'way' },
      { title: 'contract', of: ({ contractEnd }) => contractEnd ?? '-' },
    ],
    rows,
  );
  return `${text}\n${rows.length} of ${total}${next === null ? '' : `; the next: --after ${visibleLine(next)}`}`;
}

/** What somebody's leaving or coming back did to machines, by their names. */
export function saidText(kind: 'left' | 'returned', { person: name, changed, suspended, attention }: z.infer<typeof said>): string {
  const now = kind === 'left' ? 'gone' : 'back';
  if (!changed) return visibleLine(`${name} is ${now}: that was known, and nothing changed`);
  const lines = (what: string, names: readonly string[]) => (names.length === 0 ? [] : wrap(`${names.length} ${what}: ${names.map(visibleLine).join(', ')}`, pageWidth()));
  return [
    visibleLine(`${name} is ${now}`), ...lines('suspended, their sessions are told to end', suspended), ...lines('in grace, suspended when nobody else answers for them in time', attention),
    ...(kind === 'left' && suspended.length + attention.length > 0 ? ['each goes on under a new owner: sallyport machines transfer MACHINE --to PERSON --reason TEXT'] : []),
    ...(kind === 'returned' ? ['what was suspended stays so until its owner accepts it and somebody else agrees: sallyport machines list --state suspended --owner ' + visibleLine(name)] : []),
  ].join('\n');
}

export function revokedText({ person: name, changed }: z.infer<typeof said>): string {
  return visibleLine(changed ? `${name} has to log in again: tokens from before now are refused, and machines that act for them by such a login are told to end` : `${name} has to log in again: that was known, and nothing changed`);
}
