import type { House } from './house.ts';

/** Bytes on disk, by what they are for. */
export interface Disk {
  readonly what: string;
  readonly bytes: number;
  readonly indexes: number;
}

const kinds: readonly (readonly [string, RegExp])[] = [
  ['events as they came', /^event_body/], ['ciphertexts', /^blob/], ['the ledger, with leaf hashes', /^ledger$/], ['the tree above its leaves', /^log_node$/], ['numbers of chains', /^session_seq/],
  ['numbers of producers', /^producer_seq$/], ['search columns', /^event_idx/], ['list of sessions', /^session_idx$/], ['totals of sessions', /^session_count_/],
];

export async function diskOf(house: House): Promise<Disk[]> {
  const rows = await house.sql(`select c.relname as name, pg_table_size(c.oid)::float8 as bytes, pg_indexes_size(c.oid)::float8 as indexes from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'evidence' and c.relkind = 'r'`);
  return kinds.map(([what, pattern]) => {
    const own = rows.filter(({ name }) => pattern.test(String(name)));
    return { what, bytes: own.reduce((sum, row) => sum + Number(row['bytes']), 0), indexes: own.reduce((sum, row) => sum + Number(row['indexes']), 0) };
  });
}
