import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hash } from 'node:crypto';
import { parseEnvelope, verify } from '@sallyport/engine-evidence';
import { migrate } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { eventually, house, type House } from './testing/house.ts';
import { end, openSession, Producer, runCommand } from './testing/producer.ts';

let h: House;
let service: pg.Client;
let owner: pg.Client;

beforeAll(async () => {
  h = await house();
  const producer = new Producer(h.gateway);
  const { recorder } = openSession(producer, h.reader.publicKey);
  runCommand(recorder, 'select 1');
  recorder.close(end);
  await producer.send();
  await eventually('the events', async () => (await h.sql('select from evidence.ledger')).length >= 4);
  await h.stop();
  service = new pg.Client({ connectionString: h.database.dsn('evidence') });
  owner = new pg.Client({ connectionString: h.database.ownerDsn });
  await Promise.all([service.connect(), owner.connect()]);
});
afterAll(async () => {
  await Promise.all([service.end(), owner.end()]);
  await h[Symbol.asyncDispose]();
});

const kept = ['event_body', 'blob', 'session_seq', 'producer_seq', 'ledger', 'quarantine', 'gap'];
const rebuilt = ['event_idx', 'session_idx', 'producer_state'];
const columns: Record<string, string> = { event_body: 'received_at', blob: 'bytes', session_seq: 'event_id', producer_seq: 'event_id', ledger: 'event_id', quarantine: 'reason', gap: 'to_pseq', event_idx: 'type', session_idx: 'state', producer_state: 'contiguous' };
const refusal = async (client: pg.Client, text: string) => client.query(text).then(() => 'done', (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error));

describe("the service's role", () => {
  it('cannot read, insert, update, delete or truncate any table of the ledger, nor lock it', async () => {
    for (const table of [...kept, ...rebuilt]) {
      for (const text of [
        `select * from evidence.${table}`, `update evidence.${table} set ${columns[table]} = ${columns[table]}`, `delete from evidence.${table}`, `truncate evidence.${table}`,
        `insert into evidence.${table} default values`, `do $$ begin lock table evidence.${table}; end $$`, `alter table evidence.${table} disable trigger all`, `drop table evidence.${table}`,
      ]) expect([text, await refusal(service, text)]).toEqual([text, '42501']);
    }
  });

  it('cannot reach a partition, switch triggers off, or put a function of its own before ours', async () => {
    const partitions = await h.sql(`select inhrelid::regclass::text as name from pg_inherits where inhparent::regclass::text like 'evidence.%'`);
    expect(partitions.length).toBeGreaterThan(10);
    for (const { name } of partitions.filter(({ name }) => !String(name).includes('_pk'))) expect(await refusal(service, `delete from ${String(name)}`)).toBe('42501');
    expect(await refusal(service, `set session_replication_role = replica`)).toBe('42501');
    expect(await refusal(service, `create function evidence.sha256(bytea) returns bytea language sql as 'select null::bytea'`)).toBe('42501');
    expect(await refusal(service, `create schema mine`)).toBe('42501');
    expect(await refusal(service, `select evidence.to_states('[]', '{}')`)).toBe('42501');
    expect(await refusal(service, `select evidence.protect('evidence.ledger')`)).toBe('42501');
  });
});

describe('the owner', () => {
  it('is kept from changing anything by mistake, in partitions too, by triggers that are always on', async () => {
    const partitions = (await h.sql(`select c.oid::regclass::text as name from pg_class c where c.relispartition and c.relkind = 'r' and c.relnamespace = 'evidence'::regnamespace`)).map(({ name }) => String(name).replace(/^evidence\./, ''));
    expect(partitions).toEqual(expect.arrayContaining(['event_body_rest', 'blob_rest', 'session_seq_0']));
    // Totals are counted again from the list of sessions, which is made again from the events.
    const evidence = partitions.filter((name) => !name.startsWith('session_count_'));
    for (const table of [...kept, ...evidence]) expect([table, await refusal(owner, `truncate evidence.${table}`)]).toEqual([table, '42501']);
    for (const table of kept.filter((name) => name !== 'quarantine' && name !== 'gap')) {
      expect([table, await refusal(owner, `update evidence.${table} set ${columns[table]} = ${columns[table]}`)]).toEqual([table, '42501']);
      expect([table, await refusal(owner, `delete from evidence.${table}`)]).toEqual([table, '42501']);
    }
    const always = await h.sql(`select tgrelid::regclass::text as t from pg_trigger where tgname like 'forbid%' and tgenabled <> 'A'`);
    expect(always).toEqual([]);
  });

  it('who does it on purpose is found out', async () => {
    const before = await ledger();
    expect(verify(before, 'ledger').findings).toEqual([]);
    const victim = (await h.sql(`select event_id from evidence.event_idx join evidence.ledger using (at) where type = 'command.decided'`))[0]?.['event_id'];
    await h.sql(`
      alter table evidence.event_body disable trigger all;
      update evidence.event_body set body = convert_to(replace(convert_from(body, 'utf8'), '"allow"', '"denys"'), 'utf8') where id = '${String(victim)}';
      alter table evidence.event_body enable always trigger forbid_change`);
    const { findings } = verify(await ledger(), 'ledger');
    expect(findings.length).toBeGreaterThan(0);
    expect(findings.every(({ kind, where }) => kind === 'changed' && where.id === victim)).toBe(true);
  });
});

describe('migrations and partitions', () => {
  it('applied twice change nothing, and months are made once', async () => {
    expect(await migrate({ dsn: h.database.ownerDsn, schema: 'evidence', directory: join(import.meta.dirname, '../migrations'), log: silentLog })).toEqual([]);
    expect((await service.query('select evidence.ensure_partitions(1, 3) as n')).rows).toEqual([{ n: 0 }]);
    expect((await service.query('select evidence.ensure_partitions(1, 5) as n')).rows).toEqual([{ n: 4 }]);
    expect(await refusal(owner, `truncate evidence.event_body_rest`)).toBe('42501');
  });

  it('put an event into the month of its id', async () => {
    const rows = await h.sql(`select tableoid::regclass::text as t, body from evidence.event_body`);
    const month = new Date().toISOString().slice(0, 7).replace('-', '');
    expect(rows.every(({ t }) => String(t).endsWith(`event_body_${month}`))).toBe(true);
  });
});

async function ledger() {
  const { rows } = await service.query<{ body: Buffer; sha256: Buffer }>('select body, sha256 from evidence.ledger_events order by at');
  for (const { body } of rows) expect(() => parseEnvelope(body)).not.toThrow();
  expect(hash('sha256', 'x')).toHaveLength(64);
  return rows.map(({ body, sha256 }) => ({ bytes: body, sha256: sha256.toString('hex') }));
}
