import type { MaskPlan } from '@sallyport/domain-model';
import type { Exchange, RealTarget, Subject, TargetCredential, Way } from '@sallyport/testing-conformance';
import { startPostgres, tlsMaterial, type StartPostgresOptions } from '@sallyport/testing-servers';
import { PostgresAdapter } from '../adapter.ts';
import {
  copyDone, emptyQueryResponse, noData, bindComplete, parseComplete, writeCommandComplete, writeCopyData, writeDataRow, writeErrorFields, writeNotification, writeParameterStatus, writePassword,
  writeReadyForQuery, writeRowDescription, writeStartup, type ResultColumn,
} from '../messages/index.ts';
import { Body } from '../messages/body.ts';
import { ScriptedPostgres } from './scripted-target.ts';
import { encrypted, show, WireClient, type Frame } from './wire-client.ts';
import { b, c, d, e, extended, h, p, q, s } from './wire-scripts.ts';
import { targetOf } from './world.ts';

const all = (...parts: Buffer[]) => Buffer.concat(parts);
const row = (text: string) => writeCopyData(Buffer.from(text));
const cells = (...values: readonly (string | null)[]) => writeDataRow(values.map((value) => (value === null ? null : Buffer.from(value))));
const column = (name: string, tableOid = 0): ResultColumn => ({ name, tableOid, attnum: tableOid === 0 ? 0 : 1, typeOid: 25, typeLen: -1, typeMod: -1, format: 0 });
const Z = writeReadyForQuery('I');

/** Answered when as many ReadyForQuery have come. */
function exchange(name: string, bytes: Buffer, texts: readonly string[], ready = 1): Exchange {
  return { name, bytes, texts, answered: (received) => framesOf(received).filter(({ type }) => type === 'Z').length >= ready };
}

const canary = '078-05-1120';
const setup = `
  create schema ledger;
  create table ledger.customers (id int primary key, ssn text unique, note bytea);
  insert into ledger.customers values (1, '${canary}', '\\x${Buffer.from(canary).toString('hex')}');
  create view ledger.people as select id, ssn from ledger.customers;
  create function ledger.spread() returns int language plpgsql as $$ begin perform pg_notify('news', (select c.ssn from ledger.customers c)); return 1; end $$;
  create function ledger.set() returns int language plpgsql as $$ begin perform set_config('application_name', (select c.ssn from ledger.customers c), false); return 1; end $$;
  create function ledger.tell() returns int language plpgsql as $$ declare v text; begin select c.ssn into v from ledger.customers c; raise notice 'it is "%"', v; return 1; end $$;`;
const tag = (name: string) => ({ column: `ledger.customers.${name}`, tag: 'us.ssn', action: 'redact' as const });
const plan: MaskPlan = { id: 'exam', target: 'ledger-db', columns: [tag('ssn'), tag('note')], detectors: [], large: [] };

const way = (name: string, bytes: Buffer, shown: Way['shown'] = 'plain', ready = 1): Way => ({ ...exchange(name, bytes, [], ready), shown });
const ways: readonly Way[] = [
  way('text, by the simple protocol', q('select ssn from ledger.customers')),
  way('text, by the extended protocol', extended('select ssn from ledger.customers')),
  way('binary', extended('select ssn, note from ledger.customers', [], 'binary')),
  way('without Describe', all(p('', 'select ssn from ledger.customers'), b('', ''), e(), s)),
  way('bytea as text', q('select note from ledger.customers'), 'encoded'),
  way('COPY, text', q('copy ledger.customers to stdout')),
  way('COPY, csv', q('copy (select ssn from ledger.customers) to stdout (format csv)')),
  way('COPY, binary', q('copy ledger.customers to stdout (format binary)')),
  way('a cursor', all(q('begin; declare cu cursor for select ssn from ledger.customers'), q('fetch all from cu'), q('rollback')), 'plain', 3),
  way('a portal with a row limit', all(p('', 'select ssn from ledger.customers'), b('', ''), e('', 1), e('', 1), s)),
  way('a prepared statement of SQL', all(q('prepare pr as select ssn from ledger.customers'), q('execute pr'), q('deallocate pr')), 'plain', 3),
  way('several statements in one', q('select 1; select ssn from ledger.customers; select 2')),
  way('a view', q('select * from ledger.people')),
  way('an expression', q("select 'x' || ssn from ledger.customers")),
  way('json', q('select to_json(c) from ledger.customers c')),
  way('characters one by one', q("select string_agg(ch, '') from ledger.customers, regexp_split_to_table(ssn, '') ch")),
  way('base64', q("select encode(ssn::bytea, 'base64') from ledger.customers"), 'encoded'),
  way('hex', q("select encode(ssn::bytea, 'hex') from ledger.customers"), 'encoded'),
  way('backwards', q('select reverse(ssn) from ledger.customers'), 'encoded'),
  way('the text of an error', q('select ssn::int from ledger.customers')),
  way('the detail of an error', q('insert into ledger.customers select id + 1, ssn from ledger.customers')),
  way('a notice', q('select ledger.tell()')),
  way('RETURNING', q('update ledger.customers set id = id returning ssn')),
  way('a reported setting', q("select set_config('application_name', (select ssn from ledger.customers), false)")),
  way('a reported setting, by code', q('select ledger.set()')),
  way('a notification', all(q('listen news'), q("select pg_notify('news', (select ssn from ledger.customers))"), q('unlisten news')), 'plain', 3),
  way('a notification, by code', all(q('listen news'), q('select ledger.spread()'), q('unlisten news')), 'plain', 3),
];

/** Everything that only PostgreSQL knows, for the conformance exam. */
export function postgresSubject(version: NonNullable<StartPostgresOptions['version']>): Subject {
  return {
    adapter: () => PostgresAdapter.load(),
    scripted: (credential) => ScriptedPostgres.start(credential),
    real: (credential) => realTarget(version, credential),
    connect: async ({ port, ca }) => {
      const client = await WireClient.open({ port, ca });
      client.socket.removeAllListeners('data');
      return { socket: client.socket, welcome: Buffer.concat(client.heard) };
    },
    turnedAway: async ({ port, ca }) => {
      const client = new WireClient(await encrypted(port, ca));
      client.send(writeStartup(0, Object.entries({ user: 'ledger-db', database: 'postgres' })), writePassword(Buffer.from('a-token')));
      await client.closed;
      return Buffer.concat(client.heard);
    },
    read: exchange('a read', q('select 1 as one'), ['select 1 as one']),
    change: exchange('a change', q('insert into public.t values (1)'), ['insert into public.t values (1)']),
    streams: [
      exchange('simple queries', all(q('select 1; select 2'), q(''), q('select 3')), ['select 1', 'select 2', 'select 3'], 3),
      exchange('a named statement from its beginning to its end', all(p('st', 'select $1::int'), d('S', 'st'), b('po', 'st', ['7']), d('P', 'po'), e('po', 5), h, c('P', 'po'), c('S', 'st'), s), ['select $1::int']),
      exchange('a pipeline', all(extended('select 1'), extended('select $1', [null]), q('select 3')), ['select 1', 'select $1', 'select 3'], 3),
      exchange('a COPY, with its data in pieces', all(q('copy public.t from stdin'), row('1\n2'), row('\n3\n'), copyDone), ['copy public.t from stdin']),
      exchange('a COPY in the extended protocol', all(p('', 'copy public.t from stdin'), b('', ''), e(), s, row('1\n'), copyDone, s), ['copy public.t from stdin']),
      exchange('text that is not ASCII', q("select 'ä€😀', $$\u00e9$$"), ["select 'ä€😀', $$\u00e9$$"]),
    ],
    pipeline: (count) => {
      const texts = Array.from({ length: count }, (_, i) => `select ${i} as n`);
      const bytes = all(...texts.map((text, i) => (i % 2 === 0 ? q(text) : extended(text))));
      return { ...exchange('a pipeline', bytes, texts, count), order: (received) => framesOf(received).filter(({ type }) => type === 'D').map((frame) => Number(show(frame).slice(2))) };
    },
    answers: [
      {
        name: 'rows, notices, settings and notifications',
        ask: exchange('a query', q('select a, b from t'), ['select a, b from t']),
        reply: all(
          writeParameterStatus('TimeZone', 'Europe/Berlin'), notice('careful with "4111 1111 1111 1111"'), writeRowDescription([column('a'), column('b', 9)]), cells('someone@example.com', 'x'), cells(null, ''), cells('4111 1111 1111 1111', 'y'.repeat(40)),
          writeNotification(5, 'news', 'a payload'), writeCommandComplete('SELECT 3'), Z,
        ),
      },
      { name: 'several results', ask: exchange('two queries', q('select 1; select 2'), ['select 1', 'select 2']), reply: all(writeRowDescription([column('a')]), cells('1'), writeCommandComplete('SELECT 1'), writeRowDescription([column('b')]), writeCommandComplete('SELECT 0'), Z) },
      { name: 'no query', ask: exchange('nothing', q(''), []), reply: all(emptyQueryResponse, Z) },
      { name: 'an error', ask: exchange('a query', q('select 1'), ['select 1']), reply: all(writeErrorFields('E', new Map([['S', 'ERROR'], ['V', 'ERROR'], ['C', '22012'], ['M', 'division by "078-05-1120"'], ['D', 'a detail']])), Z) },
      {
        name: 'the extended protocol',
        ask: exchange('an extended query', extended('select a from t'), ['select a from t']),
        reply: all(parseComplete, bindComplete, writeRowDescription([column('a', 9)]), cells('secret'), cells('another'), writeCommandComplete('SELECT 2'), Z),
      },
      { name: 'an extended query without rows', ask: exchange('an extended query', extended('begin'), ['begin']), reply: all(parseComplete, bindComplete, noData, writeCommandComplete('BEGIN'), Z) },
      {
        name: 'COPY out',
        ask: exchange('a COPY', q('copy (select a, b from t) to stdout'), []),
        reply: all(new Body().uint8(0).int16(2).int16(0).int16(0).frame('H'), row('one\ttwo\n'), row('\\N\tthree\n'), copyDone, writeCommandComplete('COPY 2'), Z),
      },
    ],
    unknown: new Body().text('what is this').frame('~'),
    oversize: { bytes: all(Buffer.from([0x51, 0x40, 0, 0, 0]), Buffer.alloc(64 * 1024, 0x20)), settings: { maxFrame: 1024 * 1024 } },
    bulk: { begin: writeRowDescription([column('a')]), piece: all(...Array.from({ length: 16 }, () => cells('z'.repeat(4000)))), end: all(writeCommandComplete('SELECT 1'), Z) },
    refusals: (received) => framesOf(received).filter(({ type }) => type === 'E').map(show),
    masked: { plan, canaries: [canary], ways },
  };
}

async function realTarget(version: NonNullable<StartPostgresOptions['version']>, { username, secret }: TargetCredential): Promise<RealTarget> {
  const tls = await tlsMaterial();
  const server = await startPostgres({ version, tls: { cert: tls.cert, key: tls.key } });
  await server.sql(`create role ${username} login superuser password '${secret}'; create table public.t (a int); ${setup}`);
  return {
    target: targetOf(server.port, { mode: 'verify-full', ca: tls.pem.ca, serverName: 'localhost' }),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await tls[Symbol.asyncDispose]();
    },
  };
}

function notice(say: string): Buffer {
  return writeErrorFields('N', new Map([['S', 'NOTICE'], ['V', 'NOTICE'], ['C', '00000'], ['M', say]]));
}

/** The whole frames of a stream; what is not whole at its end is left out. */
function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 1 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    frames.push({ type: String.fromCharCode(bytes[at] ?? 0), body: bytes.subarray(at + 5, end) });
    at = end;
  }
  return frames;
}
