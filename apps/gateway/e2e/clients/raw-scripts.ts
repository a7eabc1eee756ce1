import type { Endpoint } from '../support/endpoint.ts';
import { bind, close, copyData, copyDone, copyFail, describe, execute, flush, parse, query, RawClient, sync, text } from './raw-client.ts';

/** What is sent, and up to which message of the server (and how often) is waited before the next is sent. */
interface Step {
  readonly say: string;
  readonly send: readonly Buffer[];
  readonly until?: string;
  readonly times?: number;
}

/** Uses of the protocol that drivers make seldom or never, and that a relay gets wrong first. */
const steps: readonly Step[] = [
  { say: 'simple', send: [query('select id, t, num from shapes.types order by id')] },
  { say: 'empty', send: [query('')] },
  { say: 'only separators', send: [query(' ; ; -- nothing\n')] },
  { say: 'several, one of them empty', send: [query('select 1;; select 2')] },
  { say: 'simple queries without waiting', send: [query('select 1'), query('select 1/0'), query('select 3')], times: 3 },
  { say: 'extended in one go', send: [parse('', 'select $1::int4 + 1, $2::text', [23, 25]), describe('S', ''), bind('', '', ['41', 'x']), describe('P', ''), execute(''), sync] },
  { say: 'binary results and parameters', send: [parse('', 'select id, small, big, d, t, bytes from shapes.types where id = $1', [23]), bind('', '', [Buffer.from([0, 0, 0, 1])], [1], [1]), describe('P', ''), execute(''), sync] },
  { say: 'mixed formats', send: [parse('', 'select id, t, big from shapes.types order by id'), bind('', '', [], [], [1, 0, 1]), execute(''), sync] },
  { say: 'execute without describe', send: [parse('', 'select id, name from shapes.items where id < 4 order by id'), bind('', ''), execute(''), sync] },
  { say: 'named statement', send: [parse('s1', 'select name from shapes.items where id = $1'), sync] },
  { say: 'used twice', send: [bind('', 's1', ['1']), execute(''), bind('', 's1', ['2']), execute(''), sync] },
  { say: 'prepared again', send: [parse('s1', 'select 1'), sync] },
  { say: 'described', send: [describe('S', 's1'), sync] },
  { say: 'closed twice', send: [close('S', 's1'), close('S', 's1'), sync] },
  { say: 'used when closed', send: [bind('', 's1', ['1']), execute(''), sync] },
  { say: 'portal in parts', send: [query('begin')] },
  { say: 'first rows', send: [parse('', 'select id, name from shapes.items where id < 8 order by id'), bind('p1', ''), execute('p1', 3), sync] },
  { say: 'more rows, another statement between', send: [execute('p1', 2), parse('', 'select 1'), bind('', ''), execute(''), execute('p1', 100), execute('p1', 1), sync] },
  { say: 'portal of an unknown name', send: [execute('nobody'), sync] },
  { say: 'failed transaction', send: [parse('', 'select 1'), bind('', ''), execute(''), sync] },
  { say: 'rollback', send: [parse('', 'rollback'), bind('', ''), execute(''), sync] },
  { say: 'error in the middle of a pipeline', send: [parse('', 'select 1'), bind('', ''), execute(''), parse('', 'select 1/0'), bind('', ''), execute(''), parse('', 'select 3'), bind('', ''), execute(''), sync, parse('', 'select 4'), bind('', ''), execute(''), sync], times: 2 },
  { say: 'implicit transaction of a pipeline', send: [parse('', `insert into shapes.items (name) values ('pipelined')`), bind('', ''), execute(''), parse('', 'select 1/0'), bind('', ''), execute(''), sync, query(`select count(*) from shapes.items where name = 'pipelined'`)], times: 2 },
  { say: 'flush instead of sync', send: [parse('', 'select 5'), bind('', ''), describe('P', ''), execute(''), flush], until: 'C' },
  { say: 'and then sync', send: [sync] },
  { say: 'error and flush', send: [parse('', 'select 1/0'), bind('', ''), execute(''), flush], until: 'E' },
  { say: 'dropped until sync', send: [parse('', 'select 6'), bind('', ''), execute(''), flush, query('select 7'), sync] },
  { say: 'empty statement, extended', send: [parse('', ''), describe('S', ''), bind('', ''), describe('P', ''), execute(''), sync] },
  { say: 'no rows to describe', send: [parse('', 'set application_name to raw'), describe('S', ''), bind('', ''), describe('P', ''), execute(''), sync] },
  { say: 'describe an insert', send: [parse('', 'insert into shapes.items (name) values ($1) returning id'), describe('S', ''), bind('', '', ['raw']), execute(''), sync] },
  { say: 'several statements in a parse', send: [parse('', 'select 1; select 2'), sync] },
  { say: 'too few parameters', send: [parse('', 'select $1::int, $2::int'), bind('', '', ['1']), execute(''), sync] },
  { say: 'sync alone, twice', send: [sync, sync], times: 2 },
  { say: 'copy out', send: [query('copy shapes.types to stdout')] },
  { say: 'copy out, extended', send: [parse('', 'copy (select id, t from shapes.types order by id) to stdout (format csv)'), bind('', ''), describe('P', ''), execute(''), sync] },
  { say: 'copy in begins', send: [query('create temp table c (a int, b text)'), query('copy c from stdin')], until: 'G' },
  { say: 'copy in goes on', send: [copyData('1\tone\n2\t'), copyData('two\n'), copyDone] },
  { say: 'copy in begins again', send: [query('copy c from stdin; select count(*) from c')], until: 'G' },
  { say: 'and is given up', send: [copyData('3\tthree\n'), copyFail('no more')] },
  { say: 'copy in that fails', send: [query('copy c from stdin')], until: 'G' },
  { say: 'while the client still sends', send: [copyData('x\tbad\n'), copyData('4\tfour\n'), copyDone] },
  { say: 'copy in, extended', send: [parse('', 'copy c from stdin'), bind('', ''), execute(''), flush], until: 'G' },
  { say: 'sync ends it', send: [copyData('5\tfive\n'), copyDone, sync] },
  { say: 'what was copied', send: [query('select a + 0 as a, b || $$$$ as b from c order by 1')] },
  { say: 'a transaction in one text', send: [query('begin; select 1; commit; select 2')] },
  { say: 'a failing commit', send: [query('begin; insert into shapes.lines (item_id, amount) values (88888, 1)'), query('commit')], times: 2 },
  { say: 'a failing sync', send: [parse('', 'insert into shapes.lines (item_id, amount) values (88889, 1)'), bind('', ''), execute(''), sync] },
  { say: 'notices', send: [query(`update shapes.items set name = 'raw ' || id where id in (30, 31)`)] },
  { say: 'parameter status', send: [query(`set timezone = 'Europe/Berlin'; reset timezone`)] },
  { say: 'prepared by text, run by text', send: [query('prepare t as select $1::int'), query('execute t(3)'), query('deallocate all')], times: 3 },
  { say: 'prepared by message, run by text', send: [parse('m', 'select 8'), sync, query('execute m')], times: 2 },
  { say: 'discard', send: [query('discard all')] },
  { say: 'nothing is left', send: [bind('', 'm'), execute(''), sync] },
  { say: 'a hundred commands at once', send: [...Array.from({ length: 100 }, (_, i) => [parse('', 'select $1::int'), bind('', '', [String(i)]), execute('')]).flat(), sync] },
];

/** Runs all steps over one connection; one line for each message of the server, the greeting's parameters first. @param piece bytes in a write */
export async function rawTranscript(endpoint: Endpoint, piece?: number): Promise<string[]> {
  const client = await RawClient.connect(endpoint);
  // Keys are each side's own; settings come in no order that is promised.
  const seen = client.greeting.filter(({ type }) => type === 'S').map(text).sort();
  for (const { say, send, until = 'Z', times = 1 } of steps) {
    seen.push(`--- ${say}`);
    await client.send(Buffer.concat(send), piece);
    for (let i = 0; i < times; i++) seen.push(...(await client.until(until)).map(text));
    if (seen.at(-1)?.startsWith('closed')) break;
  }
  client.close();
  return seen;
}
