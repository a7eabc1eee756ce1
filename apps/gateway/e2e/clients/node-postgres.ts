import pg from 'pg';
import { nodePostgres, type Endpoint } from '../support/endpoint.ts';

type Entry = Readonly<Record<string, unknown>>;

/** What Node programs do with node-postgres, as a list of what was seen. */
export async function nodePostgresTranscript(endpoint: Endpoint): Promise<Entry[]> {
  const seen: Entry[] = [];
  const client = new pg.Client(nodePostgres(endpoint));
  client.on('error', (error) => seen.push({ ended: error.message }));
  client.on('notice', ({ severity, code, message, detail, hint, where }) => seen.push({ notice: { severity, code, message, detail, hint, where } }));
  client.on('notification', ({ channel, payload }) => seen.push({ notification: { channel, payload } }));
  await client.connect();
  const ask = async (what: string, config: string | pg.QueryConfig) => {
    try {
      const result: pg.QueryResult | pg.QueryResult[] = await client.query(config);
      seen.push({ what, results: (Array.isArray(result) ? result : [result]).map(({ command, rowCount, fields, rows }) => ({ command, rowCount, fields, rows })) });
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      const { severity, code, message, detail, hint, position, schema, table, column, constraint, where } = error;
      seen.push({ what, error: { severity, code, message, detail, hint, position, schema, table, column, constraint, where } });
    }
  };
  await simple(ask);
  await extended(ask);
  await pipelined(client, seen);
  await transactions(ask);
  await ask('listen', 'listen channel');
  await ask('notify', `notify channel, 'payload'`);
  await ask('after notify', 'select 1');
  await cancelled(endpoint, ask);
  await client.end();
  return seen;
}

type Ask = (what: string, config: string | pg.QueryConfig) => Promise<void>;

async function simple(ask: Ask): Promise<void> {
  await ask('types', 'select * from shapes.types order by id');
  await ask('several', `select 1 as a; insert into shapes.items (name) values ('node'); select 2 as b`);
  await ask('several that fail', 'select 1; select 1/0; select 2');
  await ask('empty', '');
  await ask('comment', '-- nothing');
  await ask('notices', `update shapes.items set name = name || '!' where id in (20, 21)`);
  await ask('syntax', 'select from where');
  await ask('position', 'select é, nocolumn from shapes.items');
}

async function extended(ask: Ask): Promise<void> {
  await ask('parameters', { text: 'select $1::int + 1 as n, $2::text as t, $3::jsonb as j, $4::bytea as b, $5::int[] as a', values: [41, `a'b`, { x: [1] }, Buffer.from([0, 255]), [1, null, 2]] });
  await ask('large parameter', { text: 'select length($1) as n, md5($1) as sum', values: ['é'.repeat(3_000_000)] });
  await ask('large result', { text: `select repeat('0123456789', $1::int) as r, n from generate_series(1, 3) n`, values: [400_000] });
  await ask('nulls', { text: 'select $1::text is null as nothing', values: [null] });
  for (let i = 0; i < 3; i++) await ask('named', { name: 'by-id', text: 'select id, name, price from shapes.items where id = $1', values: [i + 1] });
  await ask('bad parameter', { text: 'select $1::int', values: ['x'] });
  await ask('named after error', { name: 'by-id', text: 'select id, name, price from shapes.items where id = $1', values: [9] });
  await ask('too few', { text: 'select $1::int, $2::int', values: [1] });
  await ask('unknown table', { text: 'select * from nowhere where a = $1', values: [1] });
  await ask('several in one', { text: 'select 1; select 2', values: [1] });
  await ask('insert', { text: 'insert into shapes.items (name) values ($1) returning *', values: ['node extended'] });
  await ask('unique', { text: 'insert into shapes.items (name) values ($1)', values: ['item 2'] });
  await ask('binary', { text: 'select id, small, big, d, t, bytes, ints, u from shapes.types order by id', values: [], binary: true } as pg.QueryConfig);
  await ask('array rows', { text: 'select id, t from shapes.types order by id', rowMode: 'array' } as pg.QueryConfig);
}

/** Queries that are queued without waiting; node-postgres sends the next when the former is done, so errors stay where they belong. */
async function pipelined(client: pg.Client, seen: Entry[]): Promise<void> {
  const all = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => client.query('select $1::int as n, 10 / ($1::int % 7) as q', [i])));
  seen.push({ pipelined: all.map((one) => (one.status === 'fulfilled' ? one.value.rows : one.reason instanceof pg.DatabaseError ? one.reason.code : 'other')) });
}

async function transactions(ask: Ask): Promise<void> {
  await ask('begin', 'begin');
  await ask('fails', { text: 'select $1::int / 0', values: [1] });
  await ask('refused', { text: 'select $1::int', values: [1] });
  await ask('rollback', 'rollback');
  await ask('deferred', 'begin; insert into shapes.lines (item_id, amount) values (77777, 1)');
  await ask('commit', { text: 'commit', values: [] });
  await ask('alive', 'select 1 as alive');
  await ask('search path', 'set search_path = shapes');
  await ask('by path', { text: 'select count(*) from items where id < $1', values: [10] });
  await ask('reset', 'reset all');
  await ask('by no path', 'select count(*) from items');
  await ask('temporary', 'create temp table mine (a int); insert into mine values (1), (2)');
  await ask('from temporary', { text: 'select a + 0 as a from mine where a > $1', values: [1] });
  await ask('discard', 'discard all');
  await ask('gone', 'select * from mine');
}

/** Another connection asks the server to cancel; the process id that this client sees may be the gateway's own, so it is found by name. */
async function cancelled(endpoint: Endpoint, ask: Ask): Promise<void> {
  await ask('name', `set application_name = 'to be cancelled'`);
  const other = new pg.Client(nodePostgres(endpoint));
  await other.connect();
  let over = false;
  const slow = ask('cancelled', 'select pg_sleep(20)').finally(() => (over = true));
  // One after the other, so that none of them comes late and cancels what follows.
  while (!over) {
    await other.query(`select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'to be cancelled' and datname = current_database() and state = 'active'`);
    await new Promise((done) => setTimeout(done, 100));
  }
  await slow;
  await other.end();
  await ask('statement timeout', 'set statement_timeout = 200; select pg_sleep(20)');
  await ask('alive', 'reset statement_timeout; select 1 as alive');
}
