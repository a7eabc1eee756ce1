import { parse } from 'csv-parse/sync';
import { suggest } from '@sallyport/platform-config';
import { Failure } from '../failure.ts';
import type { Facts, FoundIdentity, Harvest, Trouble } from './found.ts';

/** Columns of the file; `claim:NAME` columns are besides. */
const columns = [
  'id', 'name', 'kind', 'owner', 'backup_owner', 'team', 'purpose', 'business_service', 'environment', 'criticality', 'groups', 'review_by', 'vendor', 'vendor_contract_end', 'issuer', 'audience',
] as const;
type Column = (typeof columns)[number];

const kinds = ['service', 'ci', 'batch', 'agent'] as const;
const claimPrefix = 'claim:';
/** Ten thousand machines, with room. */
const maxBytes = 32 * 1024 * 1024;
const maxRows = 20_000;

/**
 * Reads a file of machines: comma-separated (RFC 4180), UTF-8 with or without a byte order mark, the first line names the columns. Columns that are not known refuse the file, because a column that is misspelt would be
 * left out of every machine. A row that cannot be read is told and left out. Throws a Failure.
 */
export function readCsv(text: string): Harvest {
  if (text.length > maxBytes) throw new Failure('invalid', `the file has more than ${maxBytes / 1024 / 1024} MiB`, 'split it');
  const [head, ...rows] = records(text);
  if (head === undefined) throw new Failure('invalid', 'the file is empty', `its first line names the columns: ${columns.join(',')}`);
  if (rows.length > maxRows) throw new Failure('invalid', `the file has more than ${maxRows} rows`, 'split it');
  const names = checkedHead(head.cells);
  const found: FoundIdentity[] = [];
  const troubles: Trouble[] = [];
  for (const { line, cells } of rows) {
    const read = readRow(new Map(names.map((name, i) => [name, (cells[i] ?? '').trim()])), `line ${line}`, cells.length > names.length);
    if ('say' in read) troubles.push(read);
    else found.push(read);
  }
  return { found, troubles };
}

interface Line {
  readonly line: number;
  readonly cells: readonly string[];
}

function records(text: string): readonly Line[] {
  try {
    const all: unknown = parse(text, { bom: true, relax_column_count: true, skip_empty_lines: true, info: true });
    return Array.isArray(all) ? all.flatMap(lineOf) : [];
  } catch (error) {
    const at = error instanceof Error && 'lines' in error && typeof error.lines === 'number' ? ` in line ${error.lines}` : '';
    throw new Failure('invalid', `this is no CSV${at}`, 'a quote inside a quoted cell is written twice, and a quoted cell ends with its quote');
  }
}

function lineOf(one: unknown): Line[] {
  if (typeof one !== 'object' || one === null || !('record' in one) || !('info' in one) || !Array.isArray(one.record)) return [];
  const { record, info } = one;
  const line = typeof info === 'object' && info !== null && 'lines' in info && typeof info.lines === 'number' ? info.lines : 0;
  const cells = record.filter((cell) => typeof cell === 'string');
  return cells.every((cell) => cell.trim() === '') ? [] : [{ line, cells }];
}

function checkedHead(cells: readonly string[]): readonly string[] {
  const names = cells.map((cell) => cell.trim());
  for (const name of names) {
    if (columns.some((one) => one === name) || (name.startsWith(claimPrefix) && name.length > claimPrefix.length)) continue;
    const near = suggest(name, columns);
    throw new Failure('invalid', `unknown column "${name.slice(0, 64)}"${near === null ? '' : `, did you mean ${near}?`}`, `known are ${columns.join(', ')} and claim:NAME`);
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Failure('invalid', `the column ${twice} stands twice`);
  if (!names.includes('name')) throw new Failure('invalid', 'there is no column name', `columns are ${columns.join(', ')} and claim:NAME`);
  return names;
}

function readRow(cells: ReadonlyMap<string, string>, ref: string, tooLong: boolean): FoundIdentity | Trouble {
  const cell = (name: Column): string | undefined => (cells.get(name) ?? '') || undefined;
  const name = cell('name');
  const trouble = (code: string, say: string): Trouble => ({ ref: name === undefined ? ref : `${ref} (${name.slice(0, 200)})`, code, say });
  if (tooLong) return trouble('row-long', 'has more cells than there are columns: is a comma not quoted?');
  if (name === undefined) return trouble('name-missing', 'has no name');
  const kind = kinds.find((one) => one === (cell('kind') ?? 'service'));
  if (kind === undefined) return trouble('kind-unknown', `kind is one of ${kinds.join(', ')}`);
  const claims = Object.fromEntries([...cells].flatMap(([column, value]) => (column.startsWith(claimPrefix) && value !== '' ? [[column.slice(claimPrefix.length), value] as const] : [])));
  const issuer = cell('issuer');
  if (issuer === undefined && Object.keys(claims).length > 0) return trouble('issuer-missing', 'has claims and names no issuer');
  if (issuer !== undefined && Object.keys(claims).length === 0) return trouble('claims-missing', `names the issuer ${issuer.slice(0, 63)} and no claim: every token of it would be this machine`);
  return {
    ref: `${ref} (${name.slice(0, 200)})`, stable: cell('id') ?? name, name, kind, facts: facts(cell),
    owners: several(cell('owner')), backupOwners: several(cell('backup_owner')),
    binding: issuer === undefined ? null : { issuer, audience: cell('audience') ?? null, claims },
  };
}

function facts(cell: (name: Column) => string | undefined): Facts {
  const groups = several(cell('groups'));
  const plain = { team: cell('team'), purpose: cell('purpose'), businessService: cell('business_service'), environment: cell('environment'), criticality: cell('criticality'), reviewBy: cell('review_by'), vendor: cell('vendor'), vendorContractEnd: cell('vendor_contract_end') };
  return { ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)), ...(groups.length === 0 ? {} : { groups }) };
}

/** Several values in one cell have semicolons between them. */
const several = (value: string | undefined): string[] => (value ?? '').split(';').map((one) => one.trim()).filter((one) => one !== '');
