import { visibleLine } from './visible.ts';

/** Readable on a terminal of this many columns, and on narrower ones down to `narrowest`. */
const widest = 100;
const narrowest = 60;

/** How wide a page is: the terminal's width, where there is one. */
export const pageWidth = (): number => Math.min(widest, Math.max(narrowest, process.stdout.columns ?? widest));

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** Columns that give way when the page is too narrow, the widest of them first: their cells end in `…`. */
  readonly gives?: 'way';
}

/** A column that gives way is never narrower. */
const leastGiving = 12;

/** An aligned table without borders. Cells are made safe to print. The last left-aligned column has no trailing blanks. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width = pageWidth()): string {
  const cells = rows.map((row) => columns.map((column) => visibleLine(column.of(row))));
  const widths = columns.map((column, i) => Math.max(column.title.length, ...cells.map((line) => line[i]?.length ?? 0)));
  narrow(columns, widths, width);
  const line = (texts: readonly string[]) => texts.map((text, i) => fit(text, widths[i] ?? 0, columns[i]?.align ?? 'left')).join(gap).trimEnd();
  return [line(columns.map(({ title }) => title.toUpperCase())), ...cells.map(line)].join('\n');
}

/** Takes what is too much from the columns that give way, one place at a time from the widest of them. */
function narrow(columns: readonly Column<never>[], widths: number[], width: number): void {
  const giving = columns.flatMap(({ gives, title }, i) => (gives === 'way' ? [{ i, least: Math.max(title.length, leastGiving) }] : []));
  for (let over = widths.reduce((sum, one) => sum + one, 0) + gap.length * (columns.length - 1) - width; over > 0; over--) {
    const [first] = giving.filter(({ i, least }) => (widths[i] ?? 0) > least).sort((a, b) => (widths[b.i] ?? 0) - (widths[a.i] ?? 0));
    if (first === undefined) return;
    widths[first.i] = (widths[first.i] ?? 0) - 1;
  }
}

/** `name  value` lines, values aligned. With `'wrapped'` a long value goes on in the next lines, indented. */
export function fields(pairs: readonly (readonly [string, string])[], how: 'lines' | 'wrapped' = 'lines'): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  const rest = pageWidth() - width - gap.length;
  return pairs.map(([name, value]) => `${name.padEnd(width)}${gap}${how === 'lines' ? visibleLine(value) : wrap(visibleLine(value), rest).join(`\n${' '.repeat(width + gap.length)}`)}`).join('\n');
}

/** In lines of at most so many characters (`first`: the first of them), broken between words; a longer word is broken in itself. */
export function wrap(text: string, width: number, first = width): string[] {
  const lines: string[] = [];
  let rest = text;
  for (let room = first; rest.length > room; room = width) {
    const blank = rest.lastIndexOf(' ', room);
    const cut = blank > 0 ? blank : room;
    lines.push(rest.slice(0, cut));
    rest = rest.slice(blank > 0 ? cut + 1 : cut);
  }
  return [...lines, rest];
}

const gap = '  ';

function fit(text: string, width: number, align: 'left' | 'right'): string {
  const short = text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  return align === 'left' ? short.padEnd(width) : short.padStart(width);
}
