import type { Directory } from '../commands/directories.ts';
import type { ImportedHr } from '../commands/people-import-hr.ts';
import type { KeptSignal } from '../commands/signals.ts';
import { table } from './table.ts';

const minute = (at: string | null) => (at === null ? '-' : `${at.slice(0, 16)}Z`);

export function directoriesText(rows: readonly Directory[]): string {
  if (rows.length === 0) return 'no directories; `sallyport directories add NAME` makes one';
  return table<Directory>(
    [
      { title: 'directory', of: ({ name }) => name },
      { title: 'by', of: ({ kind }) => kind },
      { title: 'state', of: ({ state, fault }) => (state === 'active' && fault !== null ? 'FAULT' : state) },
      { title: 'heard', of: ({ seen }) => minute(seen) },
      { title: 'users', of: ({ users, kind }) => (kind === 'scim' ? String(users) : '-'), align: 'right' },
      { title: 'inactive', of: ({ inactive, kind }) => (kind === 'scim' ? String(inactive) : '-'), align: 'right' },
      { title: 'of', of: ({ transmitter, fault }) => fault ?? transmitter?.issuer ?? '', gives: 'way' },
    ],
    rows,
  );
}

export function signalsText({ signals, total, pending }: { readonly signals: readonly KeptSignal[]; readonly total: number; readonly pending: number }): string {
  if (signals.length === 0) return 'nobody left, and nobody came back';
  const rows = table<KeptSignal>(
    [
      { title: 'received', of: ({ received }) => `${received.slice(0, 19)}Z` },
      { title: 'from', of: ({ origin }) => origin },
      { title: 'who', of: ({ person }) => person ?? '?' },
      { title: 'word', of: ({ kind }) => kind },
      { title: 'stopped', of: ({ suspended }) => String(suspended), align: 'right' },
      { title: 'grace', of: ({ attention }) => String(attention), align: 'right' },
      { title: 'outcome', of: ({ told, outcome, attempts }) => (told === null ? `${outcome}, ${attempts} tries` : outcome), gives: 'way' },
    ],
    signals,
  );
  return `${rows}\n${signals.length} of ${total}${pending > 0 ? `; identity was not told of ${pending} yet` : ''}`;
}

/** People are named by their line: the file has the rest. */
export function importedHrText({ rows, left, returned, planned, unchanged, unmatched }: ImportedHr, dryRun: boolean): string {
  const who = ({ line, person }: { readonly line: number; readonly person: string | null }) => `line ${line}: ${person ?? 'nobody of the inventory'}`;
  return [
    `${rows} lines${dryRun ? ', and nothing was changed: a dry run' : ''}`,
    ...left.map((one) => `  left      ${who(one)}, ${minute(one.at)}`),
    ...returned.map((one) => `  returned  ${who(one)}`),
    `${left.length} left, ${returned.length} returned, ${planned} with a last day to come, ${unchanged} unchanged`,
    ...(unmatched.length === 0 ? [] : [`${unmatched.length} lines name nobody of the inventory: ${unmatched.slice(0, 20).join(', ')}${unmatched.length > 20 ? ', …' : ''}`]),
  ].join('\n');
}
