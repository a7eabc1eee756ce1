/** One thing that somebody with access to the ledger's database may try. */
export interface Attack {
  readonly name: string;
  /** SQL, in the schema of the ledger. `:victim` is the id of an event in the middle of the log, `:at` its place, `:sid` its session, `:partition` where its body is; `:forged` and `:other` are fresh ids. */
  readonly sql: string;
  /** What must be named by the verifier, in its own words. */
  readonly names: RegExp;
  /** The kinds of fault or finding that must be among those reported. */
  readonly kind: string;
  /** 20 tampered, 21 incomplete. */
  readonly exit: 20 | 21;
}

/** Past every trigger at once, which the owner of the tables can do as a superuser can. */
const quietly = `do $$ declare t record; begin for t in select c.oid::regclass as n from pg_class c where c.relnamespace = 'evidence'::regnamespace and c.relkind in ('r', 'p') loop execute format('alter table %s disable trigger user', t.n); end loop; end $$;`;
/** Everything in the database that speaks of leaves is made to fit again, so that only what left the database can contradict. */
const fitted = `
  update ledger l set leaf_hash = sha256('\\x00'::bytea || b.body), sha256 = b.sha256 from event_body b where b.id = l.event_id and (b.sha256 = l.sha256 or not exists (select from event_body x where x.id = l.event_id and x.sha256 = l.sha256));
  delete from log_node; delete from checkpoint; update log_state set size = 0, frontier = '';`;
const changed = `update event_body set body = convert_to(replace(convert_from(body, 'utf8'), '"allow"', '"denys"'), 'utf8') where id = ':victim';`;

export const attacks: readonly Attack[] = [
  { name: 'edit an event', sql: `${quietly} ${changed}`, kind: 'changed', names: /hash was noted|vouches|not in the ledger|number/, exit: 20 },
  { name: 'edit it, and make all hashes in the database fit', sql: `${quietly} ${changed} ${fitted}`, kind: 'root', names: /among leaves \d+ to \d+, written since 20/, exit: 20 },
  { name: 'delete an event', sql: `${quietly} delete from ledger where at = :at; delete from event_idx where at = :at; delete from event_body where id = ':victim';`, kind: 'missing-leaf', names: /leaf \d+ is not in the ledger \(after 20.*before 20/, exit: 21 },
  { name: 'delete it, number the rest anew, make hashes fit', sql: `${quietly} delete from event_body where id = ':victim'; delete from ledger where at = :at; update ledger set at = at + 1000000 where at > :at; update ledger set at = at - 1000001 where at > 1000000; ${fitted}`, kind: 'root', names: /removed/, exit: 20 },
  { name: 'insert an event of a machine that never was there', sql: `${quietly} insert into event_body (id, body) select ':forged', convert_to(replace(replace(replace(convert_from(body, 'utf8'), ':victim', ':forged'), ':sid', ':other'), '"pseq":', '"pseq":9'), 'utf8') from event_body where id = ':victim';
    update ledger set at = at + 1000000 where at >= :at; update ledger set at = at - 999999 where at > 1000000; insert into ledger (at, event_id, sha256, leaf_hash) select :at, id, sha256, sha256(body) from event_body where id = ':forged'; ${fitted}`, kind: 'root', names: /added/, exit: 20 },
  { name: 'put two events into another order', sql: `${quietly} update ledger set at = 1000000 where at = :at; update ledger set at = :at where at = :at + 1; update ledger set at = :at + 1 where at = 1000000; ${fitted}`, kind: 'root', names: /another order/, exit: 20 },
  { name: 'truncate the ledger', sql: `${quietly} truncate ledger;`, kind: 'missing-leaf', names: /ends after 0 leaves/, exit: 21 },
  { name: 'truncate one partition of the events', sql: `${quietly} truncate :partition;`, kind: 'missing-leaf', names: /not in the ledger|is gone/, exit: 21 },
  { name: 'detach a partition', sql: 'alter table event_body detach partition :partition;', kind: 'missing-leaf', names: /not in the ledger|is gone/, exit: 21 },
  { name: 'switch triggers off, edit, switch them on again', sql: `alter table event_body disable trigger user; alter table :partition disable trigger user; ${changed} alter table :partition enable always trigger forbid_change; alter table event_body enable always trigger forbid_change;`, kind: 'changed', names: /hash/, exit: 20 },
  { name: 'drop a whole session, number the rest anew, make hashes fit', sql: `${quietly}
    delete from event_body where id in (select event_id from session_seq where sid = ':sid'); delete from ledger where event_id in (select event_id from session_seq where sid = ':sid');
    delete from session_seq where sid = ':sid'; delete from session_idx where sid = ':sid'; delete from event_idx where sid = ':sid';
    update ledger l set at = n.at + 1000000 from (select at as was, row_number() over (order by at) as at from ledger) n where n.was = l.at; update ledger set at = at - 1000000; ${fitted}`, kind: 'root', names: /removed/, exit: 20 },
  { name: 'cut off the tail, signed leaves with it', sql: `${quietly} delete from ledger where at > :at; ${fitted}`, kind: 'missing-leaf', names: /ledger ends after \d+ leaves; .* was signed over \d+/, exit: 21 },
  { name: 'swap a statement’s ciphertext', sql: `${quietly} update blob set bytes = overlay(bytes placing '\\x00' from 1 for 1) where event_id = (select event_id from blob order by event_id limit 1);`, kind: 'blob', names: /not the ciphertext that it names/, exit: 20 },
];
