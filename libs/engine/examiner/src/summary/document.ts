import type { ControlResult } from '../control.ts';
import type { Examination } from '../examination.ts';
import { mappingsVersion } from '../mappings/mappings.ts';
import { bars } from './bars.ts';
import { controlSection, stateColour } from './control-section.ts';
import { cover, type SummaryOf } from './cover.ts';
import { colour, margin, moment, shown, type PrintBlock, type PrintNode } from './node.ts';
import { seriesOf } from './series.ts';

/** A document definition for pdfmake, and the layouts of tables that it names. The same input gives the same document: its date is the end of the period. */
export interface SummaryDocument {
  readonly definition: PrintBlock;
  readonly layouts: PrintBlock;
}

export function summaryDocument(examination: Examination, results: readonly ControlResult[], of: SummaryOf): SummaryDocument {
  const title = `Examiner pack, ${moment(examination.period.from)} to ${moment(examination.period.to)} UTC`;
  const content: readonly PrintNode[] = [
    ...cover(examination, results, of),
    { text: 'The period at a glance', style: 'h1', pageBreak: 'before' },
    { text: 'Days are UTC, by the clock of the service that wrote the event.', style: 'small', margin: [0, 0, 0, 10] },
    ...seriesOf(examination).map(bars),
    { text: 'The controls', style: 'h1', margin: [0, 10, 0, 6] },
    overview(results),
    { text: 'Control by control', style: 'h1', pageBreak: 'before' },
    ...results.flatMap(controlSection),
    { text: `Mappings: version ${mappingsVersion}. FFIEC booklets are guidance for examiners; nobody is certified against them. Read a requirement's own text before you quote it.`, style: 'small', margin: [0, 18, 0, 0] },
  ];
  return { layouts, definition: { info: { title, author: 'Sallyport', subject: `Scope ${shown(examination.scope)}`, creator: shown(of.generator), producer: 'pdfmake', creationDate: new Date(examination.period.to) }, language: 'en', pageSize: 'A4', pageMargins: [margin, margin, margin, margin + 8], content, styles, defaultStyle, footer: footerOf(title) } };
}

function overview(results: readonly ControlResult[]): PrintNode {
  const body = results.map(({ control, state, exceptions }) => [
    { text: control.id, style: 'td', bold: true },
    { text: control.title, style: 'td' },
    { text: state, style: 'td', color: stateColour[state] },
    { text: state === 'no data yet' ? '–' : String(exceptions.rows.length), style: 'td', alignment: 'right', bold: exceptions.rows.length > 0, color: exceptions.rows.length > 0 ? colour.bad : colour.ink },
  ]);
  const header = ['Control', 'Title', 'State', 'Exceptions'].map((text, i) => ({ text, style: 'th', alignment: i === 3 ? 'right' : 'left' }));
  return { layout: 'rows', table: { headerRows: 1, dontBreakRows: true, widths: [46, '*', 70, 56], body: [header, ...body] } };
}

const footerOf = (title: string) => (page: number, pages: number): PrintNode => ({
  margin: [margin, 14, margin, 0],
  columns: [{ text: title, style: 'small' }, { text: `${page} of ${pages}`, style: 'small', alignment: 'right', width: 60 }],
});

const defaultStyle = { font: 'Roboto', fontSize: 9.5, lineHeight: 1.18, color: colour.ink };

const styles = {
  brand: { fontSize: 9, bold: true, color: '#9fc3dd', characterSpacing: 2 },
  title: { fontSize: 30, bold: true, color: '#ffffff' },
  subtitle: { fontSize: 12, color: '#d6e4ee' },
  h1: { fontSize: 16, bold: true, color: colour.deep },
  h2: { fontSize: 11.5, bold: true, color: colour.deep },
  caption: { fontSize: 9.5, bold: true },
  label: { color: colour.soft },
  small: { fontSize: 7.5, color: colour.soft },
  state: { fontSize: 7.5, bold: true, characterSpacing: 0.6 },
  tile: { fontSize: 22, bold: true, alignment: 'center' },
  tileName: { fontSize: 8, color: colour.soft, alignment: 'center' },
  figure: { fontSize: 13, bold: true },
  figureText: { fontSize: 8, bold: true },
  exceptions: { fontSize: 9.5, bold: true, color: colour.bad },
  th: { fontSize: 7.5, bold: true, color: colour.soft },
  td: { fontSize: 8 },
};

const none = () => 0;
const layouts = {
  fields: { hLineWidth: (i: number) => (i === 0 ? 0 : 0.5), vLineWidth: none, hLineColor: () => colour.line, paddingLeft: none, paddingTop: () => 4, paddingBottom: () => 4 },
  tiles: { hLineWidth: none, vLineWidth: (i: number) => (i === 0 ? 0 : 4), vLineColor: () => '#ffffff', fillColor: () => colour.field, paddingTop: (i: number) => (i === 0 ? 8 : 0), paddingBottom: (i: number) => (i === 0 ? 0 : 8) },
  figures: { hLineWidth: none, vLineWidth: none, fillColor: () => colour.field, paddingTop: (i: number) => (i === 0 ? 4 : 0), paddingBottom: (i: number) => (i === 0 ? 0 : 4) },
  rows: { hLineWidth: (i: number) => (i === 0 ? 0 : 0.5), vLineWidth: none, hLineColor: () => colour.line, paddingLeft: () => 2, paddingRight: () => 4, paddingTop: () => 2, paddingBottom: () => 2 },
};
