import type { ControlResult, ControlState, Excerpt } from '../control.ts';
import { citationsOf } from '../mappings/mappings.ts';
import type { Table } from '../table.ts';
import { breakable, colour, moment, shown, type PrintNode } from './node.ts';

/** Rows and columns of an exceptions table that are printed; the CSV has all. */
const mostRows = 12;
const mostColumns = 6;
/** Characters of a cell. */
const longestCell = 64;

export const stateColour: Readonly<Record<ControlState, string>> = { computed: colour.good, partial: colour.warn, 'no data yet': colour.soft };

/** One control: its question, figures, sentences, exceptions and citations. */
export function controlSection(result: ControlResult): readonly PrintNode[] {
  const { control, state, figures, story, exceptions } = result;
  return [
    {
      unbreakable: true,
      margin: [0, 16, 0, 0],
      stack: [
        { columns: [{ text: `${control.id}  ${control.title}`, style: 'h2', width: '*' }, { text: state.toUpperCase(), style: 'state', color: stateColour[state], width: 'auto', margin: [0, 4, 0, 0] }] },
        { canvas: [{ type: 'line', x1: 0, y1: 0, x2: 499, y2: 0, lineWidth: 0.8, lineColor: colour.line }], margin: [0, 2, 0, 5] },
        { text: control.question, italics: true, color: colour.soft, margin: [0, 0, 0, 6] },
        ...(figures.length === 0 ? [] : [figureRow(result)]),
        ...story.map((sentence) => ({ text: breakable(shownWhole(sentence)), margin: [0, 0, 0, 3] })),
      ],
    },
    ...(result.excerpt === undefined || result.excerpt.rows.length === 0 ? [] : [excerptTable(result.excerpt)]),
    ...(exceptions.rows.length === 0 ? [] : [exceptionTable(exceptions)]),
    { text: citationLine(control.id), style: 'small', margin: [0, 3, 0, 0] },
  ];
}

function figureRow({ figures }: ControlResult): PrintNode {
  const few = figures.slice(0, 6);
  return { margin: [0, 0, 0, 6], layout: 'figures', table: { widths: few.map(() => '*'), body: [few.map(({ value }) => ({ text: breakable(shown(String(value))), style: typeof value === 'number' ? 'figure' : 'figureText' })), few.map(({ name }) => ({ text: name, style: 'small' }))] } };
}

/** What the result has to say at a glance; the CSV has all of it. */
function excerptTable({ title, columns, rows }: Excerpt): PrintNode {
  const header = columns.map((name) => ({ text: name, style: 'th' }));
  const body = rows.slice(0, mostRows).map((row) => row.map((value) => ({ text: breakable(moment(shown(cell(value), longestCell))), style: 'td' })));
  const more = rows.length - body.length;
  return {
    unbreakable: true,
    stack: [
      { text: title, style: 'caption', margin: [0, 6, 0, 3] },
      { layout: 'rows', table: { headerRows: 1, dontBreakRows: true, widths: columns.map(widthOf), body: [header, ...body] } },
      ...(more > 0 ? [{ text: `${more} more rows, and all columns, in result.csv.`, style: 'small', margin: [0, 2, 0, 0] }] : []),
    ],
  };
}

function exceptionTable({ columns, rows }: Table): PrintNode {
  const kept = columns.length <= mostColumns ? columns.map((_, i) => i) : [...columns.keys()].slice(0, mostColumns - 1).concat(columns.length - 1);
  const header = kept.map((i) => ({ text: (columns[i] ?? '').replaceAll('_', ' '), style: 'th' }));
  const body = rows.slice(0, mostRows).map((row) => kept.map((i) => ({ text: breakable(moment(shown(cell(row[i] ?? null), longestCell))), style: 'td' })));
  const more = rows.length - body.length;
  // So few rows fit on a page: a title is never left alone at the end of one.
  return {
    unbreakable: true,
    stack: [
      { text: `Exceptions (${rows.length})`, style: 'exceptions', margin: [0, 8, 0, 3] },
      ...(more > 0 ? [{ text: kindsOf(rows), style: 'small', margin: [0, 0, 0, 3] }] : []),
      { layout: 'rows', table: { headerRows: 1, dontBreakRows: true, widths: kept.map((i) => widthOf(columns[i] ?? '')), body: [header, ...body] } },
      ...(more > 0 || kept.length < columns.length ? [{ text: `${more > 0 ? `${more} more rows` : 'All rows'}${kept.length < columns.length ? ', and all columns,' : ''} in exceptions.csv.`, style: 'small', margin: [0, 2, 0, 0] }] : []),
    ],
  };
}

/** Numbers and moments have one length; names and sentences share the rest. */
const widthOf = (column: string): string => (column === 'leaf' || column === 'at' || column.endsWith('_at') ? 'auto' : '*');

/** How many there are of each kind, the most frequent first: what the rows that are not printed are. */
export function kindsOf(rows: Table['rows']): string {
  const kinds = [...Map.groupBy(rows, ([kind]) => cell(kind ?? null))].map(([kind, own]) => [kind, own.length] as const).toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const named = kinds.slice(0, 4).map(([kind, n]) => `${shown(kind, longestCell)}: ${n}`).join(' · ');
  return kinds.length > 4 ? `${named} · ${kinds.length - 4} other kinds` : named;
}

const cell = (value: string | number | boolean | null): string => (value === null ? '' : typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value));

/** Sentences are ours; names in them may not be. */
const shownWhole = (sentence: string): string => sentence.split(' ').map((word) => shown(word)).join(' ');

function citationLine(id: string): string {
  const cites = citationsOf(id);
  const of = (name: keyof typeof cites) => cites[name].map((citation) => citation.id).join(', ');
  return `Produces evidence for: FFIEC ${of('ffiec')} · NIST SP 800-53 ${of('nist-800-53')} · CSF 2.0 ${of('nist-csf')} · PCI DSS ${of('pci-dss')} · SOC 2 ${of('soc-2')}`;
}
