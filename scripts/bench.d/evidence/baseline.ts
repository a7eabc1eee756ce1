import pg from 'pg';
import { treeSeconds } from '../postgres/cpu.ts';
import type { House } from './house.ts';

export interface Baseline {
  readonly eventsPerSecond: number;
  /** Microseconds of CPU an event. */
  readonly node: number;
  readonly postgres: number;
  readonly bytesPerEvent: number;
}

/** The least that anybody could do: the same number of bytes an event, 1000 rows with one INSERT, one table with one key, one connection, each batch committed. */
export async function baseline(house: House, { bytesPerEvent, seconds }: { readonly bytesPerEvent: number; readonly seconds: number }): Promise<Baseline> {
  const client = new pg.Client({ connectionString: house.postgres.dsn(house.database.name) });
  await client.connect();
  await client.query('drop schema if exists baseline cascade; create schema baseline; create table baseline.event (at bigint primary key, body bytea not null)');
  const body = Buffer.alloc(Math.round(bytesPerEvent), 'sallyport ');
  const before = { node: process.cpuUsage(), postgres: treeSeconds(house.postmaster()) };
  const began = performance.now();
  let at = 0;
  while (performance.now() - began < seconds * 1000) {
    const ids = Array.from({ length: 1000 }, () => ++at);
    await client.query('insert into baseline.event (at, body) select * from unnest($1::bigint[], $2::bytea[])', [ids, ids.map(() => body)]);
  }
  const took = (performance.now() - began) / 1000;
  const used = process.cpuUsage(before.node);
  const [size] = await house.sql(`select pg_total_relation_size('baseline.event')::float8 as bytes`);
  const figures = { eventsPerSecond: at / took, node: (used.user + used.system) / at, postgres: ((treeSeconds(house.postmaster()) - before.postgres) * 1e6) / at, bytesPerEvent: Number(size?.['bytes']) / at };
  await client.query('drop schema baseline cascade');
  await client.end();
  return figures;
}
