import { Catalogue, type Column, type Relation, type RelationKind, type Routine } from '../catalogue/catalogue.ts';

/** The demo target's names (and some traps) without a server: tables, views, partitions, functions. For specs. */

let nextOid = 20_000;

function columns(names: string): readonly Column[] {
  return names.split(' ').filter((name) => name !== '').map((name, at) => ({ attnum: at + 1, name, typeOid: 25 }));
}

function relation(schema: string, name: string, names: string, more: Partial<Pick<Relation, 'definition' | 'parents' | 'reacts'>> & { kind?: RelationKind } = {}): Relation {
  return { oid: nextOid++, schema, name, kind: 'r', columns: columns(names), definition: null, parents: [], reacts: false, ...more };
}

function routine(schema: string, name: string, volatility = 'v', extension: string | null = null): Routine {
  return { schema, name, volatility, language: 'plpgsql', extension };
}

const customers = relation('ledger', 'customers', 'id name email ssn card city');
const entries = relation('ledger', 'entries', 'id account_id booked_at amount memo');

const relations: readonly Relation[] = [
  customers,
  entries,
  relation('ledger', 'accounts', 'id customer_id iban balance frozen'),
  relation('ledger', 'audited', 'id what', { reacts: true }),
  relation('ledger', 'entries_2026', 'id account_id booked_at amount memo', { parents: [entries.oid] }),
  relation('ledger', 'customers_old', 'id name email ssn card city', { parents: [customers.oid] }),
  relation('ledger', 'contacts', 'id mail', { kind: 'v', definition: ' SELECT c.id, c.email AS mail FROM ledger.customers c;' }),
  relation('ledger', 'contact_mails', 'mail', { kind: 'v', definition: ' SELECT contacts.mail FROM ledger.contacts;' }),
  relation('ledger', 'open_totals', 'account_id total', { kind: 'm', definition: ' SELECT entries.account_id, sum(entries.amount) AS total FROM ledger.entries GROUP BY entries.account_id;' }),
  relation('ledger', 'lost', 'a b', { kind: 'v' }),
  relation('ledger', 'hidden_calls', 'x', { kind: 'v', definition: ' SELECT ledger.peek(1) AS x;' }),
  relation('ledger', 'outside', 'id v', { kind: 'v', definition: ' SELECT settings.id, settings.v FROM hr.settings;' }),
  relation('ledger', 'entries_id_seq', 'last_value log_cnt is_called', { kind: 'S' }),
  relation('ledger', 'entries_pkey', '', { kind: 'i' }),
  relation('public', 'notes', 'id body author'),
  relation('public', 'entries', 'id shadow'),
  relation('hr', 'settings', 'id v'),
  relation('hr', 'salaries', 'id amount'),
  ...['pg_class', 'pg_proc', 'pg_namespace', 'pg_attribute', 'pg_type', 'pg_roles', 'pg_authid', 'pg_stats', 'pg_statistic', 'pg_stat_activity', 'pg_settings', 'pg_locks']
    .map((name) => relation('pg_catalog', name, name === 'pg_stats' ? 'schemaname tablename attname most_common_vals histogram_bounds' : 'oid name query')),
  relation('information_schema', 'tables', 'table_schema table_name', { kind: 'v' }),
];

export const catalogue = new Catalogue({
  relations,
  routines: [
    routine('ledger', 'peek'), routine('ledger', 'close_day'), routine('public', 'tally', 's'), routine('public', 'lower', 'v'), routine('public', 'replace', 'i', 'citext'),
    routine('public', 'similarity', 'i', 'pg_trgm'), routine('public', 'dblink', 'v', 'dblink'), routine('hr', 'raise_salary'),
  ],
  operators: [routine('public', '<->', 'i', 'pg_trgm'), routine('public', '===', 'i'), routine('hr', '+', 'i')],
  schemas: ['ledger', 'public', 'hr', 'pg_catalog', 'information_schema'],
  path: ['pg_catalog', 'public'],
  complete: true,
});
