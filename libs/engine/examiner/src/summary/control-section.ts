import type { ControlResult, ControlState } from '../control.ts';
import { citationsOf } from '../mappings/mappings.ts';
import type { Table } from '../table.ts';
import { breakable, colour, moment, shown, type PrintNode } from './node.ts';

/** Rows and columns of an exceptions table that are printed; the CSV has all. */
const mostRows = 12;
const mostColumns = 6;

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
    ...(exceptions.rows.length === 0 ? [] : [exceptionTable(exceptions)]),
    { text: citationLine(control.id), style: 'small', margin: [0, 3, 0, 0] },
  ];
}

function figureRow({ figures }: ControlResult): PrintNode {
  const few = figures.slice(0, 6);
  return { margin: [0, 0, 0, 6], layout: 'figures', table: { widths: few.map(() => '*'), body: [few.map(({ value }) => ({ text: breakable(shown(String(value))), style: typeof value === 'number' ? 'figure' : 'figureText' })), few.map(({ name }) => ({ text: name, style: 'small' }))] } };
}

function exceptionTable({ columns, rows }: Table): PrintNode {
  const kept = columns.length <= mostColumns ? columns.map((_, i) => i) : [...columns.keys()].slice(0, mostColumns - 1).concat(columns.length - 1);
  const header = kept.map((i) => ({ text: (columns[i] ?? '').replaceAll('_', ' '), style: 'th' }));
  const body = rows.slice(0, mostRows).map((row) => kept.map((i) => ({ text: breakable(moment(shown(cell(row[i] ?? null)))), style: 'td' })));
  const more = rows.length - body.length;
  return {
    stack: [
      { text: `Exceptions (${rows.length})`, style: 'exceptions', margin: [0, 4, 0, 3] },
      { layout: 'rows', table: { headerRows: 1, dontBreakRows: true, widths: kept.map((i) => (columns[i] === 'leaf' ? 'auto' : '*')), body: [header, ...body] } },
      ...(more > 0 || kept.length < columns.length ? [{ text: `${more > 0 ? `${more} more rows` : 'All rows'}${kept.length < columns.length ? ', and all columns,' : ''} in exceptions.csv.`, style: 'small', margin: [0, 2, 0, 0] }] : []),
    ],
  };
}

const cell = (value: string | number | boolean | null): string => (value === null ? '' : typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value));

/** Sentences are ours; names in them may not be. */
const shownWhole = (sentence: string): string => sentence.split(' ').map(shown).join(' ');

function citationLine(id: string): string {
  const cites = citationsOf(id);
  const of = (name: keyof typeof cites) => cites[name].map((citation) => citation.id).join(', ');
  return `Produces evidence for: FFIEC ${of('ffiec')} · NIST SP 800-53 ${of('nist-800-53')} · CSF 2.0 ${of('nist-csf')} · PCI DSS ${of('pci-dss')} · SOC 2 ${of('soc-2')}`;
}
