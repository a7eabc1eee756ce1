import { parse } from 'csv-parse/sync';

/** One person of the HR file. */
export interface HrLine {
  /** Of the file, the heading being the first. */
  readonly line: number;
  readonly ids: readonly string[];
  /** The day itself is still worked. */
  readonly lastDay: string | null;
  readonly status: 'active' | 'left';
}

export type ReadHr = { readonly ok: true; readonly lines: readonly HrLine[] } | { readonly ok: false; readonly problems: readonly string[] };

const idColumns = ['person_id', 'directory_id', 'employee_id', 'id', 'user_name', 'username', 'email'];
const dayColumns = ['last_day', 'last_working_day', 'termination_date', 'end_date'];
const statuses: ReadonlyMap<string, HrLine['status']> = new Map([
  ...['', 'active', 'employed', 'on leave', 'leave', 'notice', 'suspended'].map((word) => [word, 'active'] as const),
  ...['left', 'leaver', 'inactive', 'terminated', 'resigned', 'retired', 'dismissed', 'former', 'deceased'].map((word) => [word, 'left'] as const),
]);
const maxLines = 20_000;
const maxProblems = 20;

/**
 * Reads the HR file: CSV (RFC 4180; `;` for `,` where the heading has it) in UTF-8 with a heading. Columns: one at least of person_id, directory_id, employee_id, id, user_name, email;
 * last_day (or last_working_day, termination_date, end_date) as 2026-11-27; status. Others are not looked at. One line that cannot be read, and none counts: half a list of leavers is no list.
 */
export function readHr(text: string): ReadHr {
  const heading = text.slice(0, text.indexOf('\n') < 0 ? undefined : text.indexOf('\n'));
  let records: string[][];
  try {
    records = parse(text, { bom: true, delimiter: heading.includes(';') && !heading.includes(',') ? ';' : ',', skip_empty_lines: true, trim: true, max_record_size: 10_000, relax_column_count: false });
  } catch (error) {
    return { ok: false, problems: [`the file is no CSV: ${said(error)}`] };
  }
  const [names = [], ...rows] = records;
  const columns = names.map((name) => name.toLowerCase().replaceAll(/[\s-]+/g, '_'));
  const find = (wanted: readonly string[]) => columns.flatMap((name, i) => (wanted.includes(name) ? [i] : []));
  const [ids, days, [status]] = [find(idColumns), find(dayColumns), find(['status'])];
  if (ids.length === 0) return { ok: false, problems: [`the heading has none of ${idColumns.join(', ')}`] };
  if (days.length === 0 && status === undefined) return { ok: false, problems: [`the heading has neither status nor one of ${dayColumns.join(', ')}`] };
  if (days.length > 1) return { ok: false, problems: [`the heading has several of ${dayColumns.join(', ')}: which one is it?`] };
  if (rows.length > maxLines) return { ok: false, problems: [`more than ${maxLines} lines: split the file`] };
  const problems: string[] = [];
  const lines = rows.flatMap((row, i) => {
    const read = readLine(row, i + 2, ids, days[0], status);
    if (typeof read !== 'string') return [read];
    problems.push(read);
    return [];
  });
  if (problems.length > maxProblems) problems.splice(maxProblems, problems.length, `and ${problems.length - maxProblems} more`);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, lines };
}

function readLine(row: readonly string[], line: number, ids: readonly number[], day: number | undefined, status: number | undefined): HrLine | string {
  const named = ids.map((i) => row[i] ?? '').filter((text) => text !== '');
  if (named.length === 0) return `line ${line}: names nobody`;
  if (named.some((text) => text.length > 320 || /\p{Cc}/u.test(text))) return `line ${line}: an id has over 320 characters, or some that no id has`;
  const last = (day === undefined ? '' : row[day]) ?? '';
  if (last !== '' && !isDay(last)) return `line ${line}: the last day is not written like 2026-11-27`;
  const word = ((status === undefined ? '' : row[status]) ?? '').toLowerCase();
  const known = statuses.get(word);
  if (known === undefined) return `line ${line}: the status is none of ${[...statuses.keys()].filter((one) => one !== '').join(', ')}`;
  return { line, ids: named, lastDay: last === '' ? null : last, status: known };
}

function isDay(text: string): boolean {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

/** csv-parse's codes, without what it found. */
const said = (error: unknown) => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code.toLowerCase().replaceAll('_', ' ') : 'it cannot be read');
