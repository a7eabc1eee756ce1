import type { Cell, Table } from '../table.ts';

/**
 * RFC 4180: a header, CRLF after each record, a field quoted where it holds a comma, a quote, CR or LF. UTF-8, no byte order mark.
 *
 * A spreadsheet runs what begins with = + - @ (or a tab or CR before it) as a formula, and names and statement shapes come from machines: such text gets an
 * apostrophe in front, which spreadsheets do not show as part of the text (OWASP, "CSV injection"). Numbers are written as they are.
 */
export const csv = ({ columns, rows }: Table): string => [columns, ...rows].map((record) => `${record.map(field).join(',')}\r\n`).join('');

function field(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
