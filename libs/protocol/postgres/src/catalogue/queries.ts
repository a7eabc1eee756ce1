/**
 * What is asked of pg_catalog to make a Catalogue. PostgreSQL 12 to 18. Each is bounded: when the bound is reached the
 * snapshot says that it is not complete. View texts come from pg_get_viewdef, whose names are relative to the session's path,
 * so all of them must be run in one session with no change of search_path in between (best: one simple query string).
 * Needs no rights beyond those of any role.
 */
export const limits = { relations: 50_000, columns: 500_000, inherits: 100_000, routines: 50_000, operators: 10_000, schemas: 10_000, types: 10_000, viewText: 65_536 } as const;

const ours = `n.nspname !~ '^pg_toast' and (n.nspname !~ '^pg_temp_' or n.oid = pg_catalog.pg_my_temp_schema())`;
const kinds = `c.relkind in ('r', 'v', 'm', 'f', 'p', 'S', 'i', 'I', 'c')`;
/** Objects below this number come with PostgreSQL itself. */
const firstOwn = 16384;

/** The text of a user's view; the server locks what the view reads to write it down, and waits for who changes that. */
const viewText = `case when c.relkind in ('v', 'm') and c.oid >= ${firstOwn} and n.nspname not in ('pg_catalog', 'information_schema')
    then (select case when length(d) <= ${limits.viewText} then d end from pg_catalog.pg_get_viewdef(c.oid) as d) end`;

const relations = (definition: string) => `
select c.oid, n.nspname, c.relname, c.relkind,
  exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal)
    or exists (select from pg_catalog.pg_rewrite w where w.ev_class = c.oid and w.ev_type <> '1'),
  ${definition}
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where ${ours} and ${kinds} limit ${limits.relations}`;

/** Instead of `relations` while view texts cannot be had: views are then read as unknown. Waits for nobody. */
export const relationsWithoutViews = relations('null::text');

/** In the order that {@link readCatalogue} wants their rows. */
export const catalogueQueries = {
  relations: relations(viewText),
  columns: `
select a.attrelid, a.attnum, a.attname, a.atttypid
from pg_catalog.pg_attribute a
  join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where ${ours} and c.relkind in ('r', 'v', 'm', 'f', 'p', 'S') and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum limit ${limits.columns}`,
  inherits: `select inhrelid, inhparent from pg_catalog.pg_inherits order by inhrelid, inhseqno limit ${limits.inherits}`,
  routines: `
select distinct n.nspname, p.proname, p.provolatile, l.lanname, e.extname
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace join pg_catalog.pg_language l on l.oid = p.prolang
  left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e'
  left join pg_catalog.pg_extension e on e.oid = d.refobjid and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
where p.oid >= ${firstOwn} and ${ours} limit ${limits.routines}`,
  operators: `
select distinct n.nspname, o.oprname, p.provolatile, l.lanname, e.extname
from pg_catalog.pg_operator o join pg_catalog.pg_namespace n on n.oid = o.oprnamespace
  join pg_catalog.pg_proc p on p.oid = o.oprcode join pg_catalog.pg_language l on l.oid = p.prolang
  left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass and d.objid = o.oid and d.deptype = 'e'
  left join pg_catalog.pg_extension e on e.oid = d.refobjid and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
where o.oid >= ${firstOwn} and ${ours} limit ${limits.operators}`,
  schemas: `select n.nspname from pg_catalog.pg_namespace n where ${ours} limit ${limits.schemas}`,
  /** Types that read as another: domains as what they rest on, citext as text (25). */
  types: `
with recursive d(oid, base) as (
  select t.oid, t.typbasetype from pg_catalog.pg_type t where t.typtype = 'd' and t.oid >= ${firstOwn}
  union all select d.oid, t.typbasetype from d join pg_catalog.pg_type t on t.oid = d.base where t.typtype = 'd')
select d.oid, d.base from d join pg_catalog.pg_type t on t.oid = d.base where t.typtype <> 'd'
union all
select t.oid, 25 from pg_catalog.pg_type t
  join pg_catalog.pg_depend p on p.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and p.objid = t.oid and p.deptype = 'e'
  join pg_catalog.pg_extension e on e.oid = p.refobjid and p.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
where t.typname = 'citext' and e.extname = 'citext'
limit ${limits.types}`,
  path: `select s from pg_catalog.unnest(pg_catalog.current_schemas(true)) with ordinality as p(s, i) order by i`,
} as const;

/** What the session resolves names with now: one row for each schema, in order, implicit ones included. */
export const pathQuery = catalogueQueries.path;

export type CatalogueQuery = keyof typeof catalogueQueries;
