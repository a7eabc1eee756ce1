import { visibleLine } from './visible.ts';

/** Readable on a terminal of this many columns. */
export const pageWidth = 100;

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** At most one column gives way when the page is too narrow: its cells end in `…`. */
  readonly gives?: 'way';
}

/** An aligned table without borders. Cells are made safe to print. The last left-aligned column has no trailing blanks. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => visibleLine(column.of(row))));
  const widths = columns.map((column, i) => Math.max(column.title.length, ...cells.map((line) => line[i]?.length ?? 0)));
  const over = widths.reduce((sum, width) => sum + width, 0) + gap.length * (columns.length - 1) - pageWidth;
  const giving = columns.findIndex(({ gives }) => gives === 'way');
  if (over > 0 && giving >= 0) widths[giving] = Math.max(columns[giving]?.title.length ?? 0, 12, (widths[giving] ?? 0) - over);
  const line = (texts: readonly string[]) => texts.map((text, i) => fit(text, widths[i] ?? 0, columns[i]?.align ?? 'left')).join(gap).trimEnd();
  return [line(columns.map(({ title }) => title.toUpperCase())), ...cells.map(line)].join('\n');
}

/** `name  value` lines, values aligned; a value of several lines is indented. */
export function fields(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}${gap}${visibleLine(value)}`).join('\n');
}

const gap = '  ';

function fit(text: string, width: number, align: 'left' | 'right'): string {
  const short = text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  return align === 'left' ? short.padEnd(width) : short.padStart(width);
}
