import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { bootstrapDatabase, startPostgres, type Database, type PostgresServer } from '@sallyport/testing-stack';

let postgres: PostgresServer;
let database: Database;
let service: pg.Client;
let owner: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
  database = await bootstrapDatabase(postgres);
  await migrate({ dsn: database.ownerDsn, schema: 'evidence', directory: join(import.meta.dirname, '../../migrations'), log: silentLog });
  service = new pg.Client({ connectionString: database.dsn('evidence') });
  owner = new pg.Client({ connectionString: database.ownerDsn });
  await Promise.all([service.connect(), owner.connect()]);
});
afterAll(async () => {
  await Promise.all([service.end(), owner.end()]);
  await postgres[Symbol.asyncDispose]();
});

const outcome = async (client: pg.Client, text: string): Promise<unknown> => client.query(text).then(() => 'done', (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error));
/** What the service does in a transaction in which it is the role that purges. */
const purging = async (text: string): Promise<unknown> => {
  await service.query('begin; set local role sallyport_retention');
  try {
    return await outcome(service, text);
  } finally {
    await service.query('rollback');
  }
};
const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const key = (day: string, hex = '0011223344556677') => `standard/${day}/${hex}`;

const functions = [
  `select evidence.purge_partition('event_body_201803', 0, '{}')`, `select evidence.purge_leaves('event_body_201803')`, `select evidence.sealing_key_expire('x', '${id(1)}')`,
  `select evidence.sealing_key_replace('x', 'y', '${id(1)}', '{}', '{}', '{}', '{}')`,
];
const columns = { retention_rule: 'days', hold: 'reason', sealing_key: 'class', dek: 'iv', erasure: 'reason', pruned: 'leaves' };
const tables = Object.keys(columns);

describe("the service's role", () => {
  it('cannot purge, nor note a key as destroyed, in its ordinary statements', async () => {
    for (const text of functions) expect([text, await outcome(service, text)]).toEqual([text, '42501']);
  });

  it('cannot touch the tables of retention', async () => {
    for (const [table, column] of Object.entries(columns)) for (const text of [`select * from evidence.${table}`, `insert into evidence.${table} default values`, `delete from evidence.${table}`, `update evidence.${table} set ${column} = ${column}`, `truncate evidence.${table}`]) {
      expect([text, await outcome(service, text)]).toEqual([text, '42501']);
    }
  });
});

describe('the role that purges', () => {
  it('may call the functions that take away, and nothing else at all: it reads nothing, adds nothing, holds nothing', async () => {
    for (const text of functions) expect([text, await purging(text)]).not.toEqual([text, '42501']);
    const others = [
      ...[...tables, 'event_body', 'blob', 'ledger', 'session_idx', 'checkpoint'].flatMap((table) => [`select * from evidence.${table}`, `delete from evidence.${table}`, `truncate evidence.${table}`, `drop table evidence.${table}`, `alter table evidence.${table} disable trigger all`]),
      'select * from evidence.ledger_events', 'select * from evidence.holds', 'select * from evidence.deks', `select evidence.hold_release('${id(1)}', 'x', 'y')`, `select evidence.retention_set('events', 1)`,
      `select evidence.sealing_key_made('x', 'y', '2026-01-01', 'aes256')`, `select evidence.erasure_order('${id(1)}', 'x', 'y')`, 'select evidence.ensure_partitions(0, 0)', `select evidence.keep_aside('', '', '')`,
      'create table evidence.mine (a int)', 'set session_replication_role = replica', 'set local role sallyport_owner',
    ];
    for (const text of others) expect([text, await purging(text)]).toEqual([text, '42501']);
  });

  it('is nobody who logs in, and no other service is a member of it', async () => {
    expect(await postgres.sql(`select rolcanlogin, rolsuper, rolbypassrls from pg_roles where rolname = 'sallyport_retention'`, database.name)).toEqual([{ rolcanlogin: false, rolsuper: false, rolbypassrls: false }]);
    expect(await postgres.sql(`select r.rolname, r.rolinherit from pg_auth_members m join pg_roles r on r.oid = m.member join pg_roles g on g.oid = m.roleid where g.rolname = 'sallyport_retention'`, database.name)).toEqual([{ rolname: 'sallyport_evidence', rolinherit: false }]);
  });

  it('is refused what is not due, what is no month, and what the ledger has not said', async () => {
    const [month] = await postgres.sql(`select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'evidence.event_body'::regclass and c.relname ~ '\\d$' order by 1 limit 1`, database.name);
    await service.query(`select evidence.retention_set('events', 3650), evidence.retention_set('standard', 400)`);
    for (const table of [String(month?.['name']), 'event_body_rest', 'event_body', 'ledger', 'event_body_209901', 'x; drop table evidence.ledger', 'blob_rest']) {
      expect([table, await purging(`select evidence.purge_partition('${table}', 9007199254740991, array['${id(1)}']::uuid[])`)]).toEqual([table, '55000']);
    }
    await old('201001');
    expect(await purging(`select evidence.purge_partition('event_body_201001', null, array['${id(1)}']::uuid[])`)).toBe('55000');
    expect(await purging(`select evidence.purge_partition('event_body_201001', 0, array['${id(1)}']::uuid[])`)).toBe('55000');
    expect(await purging(`select evidence.purge_partition('event_body_201001', 0, '{}')`)).toBe('55000');
  });

  it('cannot note a key as destroyed before its day, nor without the ledger having said so', async () => {
    const today = new Date().toISOString().slice(0, 10);
    await service.query(`select evidence.sealing_key_made('${key(today)}', 'standard', '${today}', 'x25519'), evidence.sealing_key_made('${key('2010-01-05')}', 'standard', '2010-01-05', 'x25519')`);
    for (const day of [today, '2010-01-05']) expect([day, await purging(`select evidence.sealing_key_expire('${key(day)}', '${id(1)}')`)]).toEqual([day, '55000']);
    expect(await purging(`select evidence.sealing_key_replace('${key('2010-01-05')}', '${key(today)}', '${id(1)}', '{}', '{}', '{}', '{}')`)).toBe('55000');
  });
});

async function old(month: string): Promise<void> {
  await owner.query(`create table evidence.event_body_${month} partition of evidence.event_body
    for values from ('${await uuidFrom(month, 0)}') to ('${await uuidFrom(month, 1)}'); select evidence.protect('evidence.event_body_${month}'::regclass)`);
}
async function uuidFrom(month: string, later: number): Promise<string> {
  const { rows } = await owner.query<{ id: string }>(`select evidence.uuid_from((to_date('${month}', 'YYYYMM') + make_interval(months => ${later})) at time zone 'UTC') as id`);
  return rows[0]?.id ?? '';
}

describe('a class', () => {
  it('that is shortened counts as long as before for a week, and one that is lengthened counts at once', async () => {
    const days = async (name: string) => (await service.query<{ days: number; effective_days: number }>(`select days, effective_days from evidence.retention_classes where class = '${name}'`)).rows[0];
    await service.query(`select evidence.retention_set('texts', 300)`);
    expect((await service.query(`select evidence.retention_set('texts', 10) as was`)).rows).toEqual([{ was: 300 }]);
    expect(await days('texts')).toEqual({ days: 10, effective_days: 300 });
    await service.query(`select evidence.retention_set('texts', 500)`);
    expect(await days('texts')).toEqual({ days: 500, effective_days: 500 });
    await service.query(`select evidence.retention_set('texts', 20)`);
    await postgres.sql(`alter table evidence.retention_rule disable trigger all; update evidence.retention_rule set set_at = set_at - interval '8 days' where class = 'texts'; alter table evidence.retention_rule enable always trigger forbid_change; alter table evidence.retention_rule enable always trigger forbid_truncate`, database.name);
    expect(await days('texts')).toEqual({ days: 20, effective_days: 20 });
  });
});

describe('a hold', () => {
  it('is ended by two people and not by one, whoever writes to the table', async () => {
    const release = async (by: string) => (await service.query<{ outcome: string }>(`select evidence.hold_release('${id(7)}', '${by}', 'over') as outcome`)).rows[0]?.outcome;
    expect(await release('ada')).toBe('unknown');
    await service.query(`select evidence.hold_place('${id(7)}', 'case 1', null, null, null, null, null, 'ada')`);
    expect(await release('ada')).toBe('requested');
    expect(await release('ada')).toBe('same-person');
    expect(await outcome(owner, `update evidence.hold set released_by = 'ada', released_at = now()`)).toBe('23514');
    for (const text of [`update evidence.hold set to_at = now()`, `update evidence.hold set machine = 'x'`, `update evidence.hold set placed_by = 'x'`, `delete from evidence.hold`, `truncate evidence.hold`]) expect([text, await outcome(owner, text)]).toEqual([text, '42501']);
    expect(await release('bert')).toBe('ended');
    expect(await outcome(owner, `update evidence.hold set released_by = null, released_at = null`)).toBe('42501');
  });

  it('is not ended by a request of long ago: it counts for thirty days', async () => {
    await service.query(`select evidence.hold_place('${id(8)}', 'case 2', null, null, null, null, null, 'ada')`);
    await service.query(`select evidence.hold_release('${id(8)}', 'ada', 'over')`);
    await owner.query(`update evidence.hold set release_at = release_at - interval '31 days' where id = '${id(8)}'`);
    expect((await service.query(`select evidence.hold_release('${id(8)}', 'bert', 'over') as outcome`)).rows).toEqual([{ outcome: 'requested' }]);
    expect((await service.query(`select evidence.hold_release('${id(8)}', 'bert', 'over') as outcome`)).rows).toEqual([{ outcome: 'same-person' }]);
  });

  it('of everything keeps every month and every key', async () => {
    expect((await service.query(`select holds from evidence.retention_tables() where name = 'event_body_201001'`)).rows).toEqual([{ holds: [id(8)] }]);
    expect(await purging(`select evidence.purge_partition('event_body_201001', 0, array['${id(1)}']::uuid[])`)).toBe('55000');
    expect((await service.query(`select evidence.purge_blocks('event_body_201001', 0) as blocks`)).rows).toEqual([{ blocks: ['held'] }]);
  });
});

describe('the owner', () => {
  it('is kept by triggers from reviving keys, taking back erasures and forgetting purges by mistake', async () => {
    await service.query(`select evidence.erasure_order('${id(9)}', 'ada', 'request 1')`);
    expect((await service.query(`select evidence.erasure_order('${id(9)}', 'ada', 'request 1') as o`)).rows).toEqual([{ o: 'same-person' }]);
    expect(await outcome(owner, `update evidence.erasure set confirmed_by = 'ada', confirmed_at = now()`)).toBe('23514');
    await service.query(`select evidence.erasure_order('${id(9)}', 'bert', 'request 1')`);
    for (const text of [
      `delete from evidence.erasure`, `update evidence.erasure set confirmed_by = null, confirmed_at = null`, `truncate evidence.erasure`, `delete from evidence.sealing_key`, `update evidence.sealing_key set day = day + 1`,
      `update evidence.pruned set leaves = '{[0,5)}'; update evidence.pruned set leaves = '{}'`, `delete from evidence.pruned`, `truncate evidence.pruned`, `delete from evidence.retention_rule`, `update evidence.retention_rule set days = 1`,
    ]) expect([text, await outcome(owner, text)]).toEqual([text, '42501']);
  });
});
