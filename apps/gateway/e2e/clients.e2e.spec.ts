import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir, type TempDir } from '@sallyport/testing-stack';
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { nodePostgresTranscript } from './clients/node-postgres.ts';
import { compileJava, jdbc, missing, pgbench, pgDump, psql, psycopg2, type Bench } from './clients/programs.ts';
import { bind, execute, query, RawClient, sync, text } from './clients/raw-client.ts';
import { rawTranscript } from './clients/raw-scripts.ts';
import { classification, group, machine, target } from './support/cast.ts';
import { difference } from './support/difference.ts';
import type { Endpoint } from './support/endpoint.ts';
import { debian15 } from './support/target.ts';
import { startWorld, type World } from './support/world.ts';

/**
 * What a client sees through the gateway is what it sees without it. Each script runs twice, on two databases that are copies of one, so
 * that even object ids are equal; both transcripts must be the same, byte for byte.
 */
const seed = readFileSync(join(import.meta.dirname, 'clients', 'seed.sql'), 'utf8');
const kinds = ['psql', 'raw', 'pieces', 'node', 'python', 'java', 'dump', 'bench', 'classified'] as const;
const databases = kinds.flatMap((kind) => [`${kind}_direct`, `${kind}_gateway`]);

/** Everything is allowed: this test asks what is changed by the way, not what is refused. */
const policies = {
  'all.cedar': `@id("all") @reason("the differential test may do everything") permit (principal in Group::"everything", action, resource);
@id("masked") @reason("what is classified stays hidden") forbid (principal, action == Action::"unmask", resource);
`,
};

let world: World;
let classes: TempDir;

beforeAll(async () => {
  const versions = debian15 === null ? (['pg18', 'pg15'] as const) : (['pg18'] as const);
  classes = await tempDir('sallyport-java');
  world = await startWorld({
    targets: Object.fromEntries(versions.map((name) => [name, { version: name === 'pg15' ? 'debian15' : 'embedded', seed, databases }] as const)),
    documents: ({ issuer, servers, ca }) => [
      group('everything'),
      machine(issuer, 'client', { groups: ['everything'] }),
      ...versions.map((name) => target(name, { port: servers[name]?.server.port ?? 0, ca, credential: name })),
      // The same server once more, with something classified that no script reads: every result then goes through the masker.
      target('pg18-classified', { port: servers['pg18']?.server.port ?? 0, ca, credential: 'pg18' }),
      classification('elsewhere', 'pg18-classified', [{ column: 'elsewhere.people.ssn', tag: 'us.ssn', action: 'redact' }], { detectors: [] }),
    ],
    policies,
  });
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await classes?.[Symbol.asyncDispose]();
});

interface Sides {
  readonly direct: Endpoint;
  readonly gateway: Endpoint;
}

async function sides(server: string, kind: (typeof kinds)[number], through = server): Promise<Sides> {
  return { direct: world.direct(server, `${kind}_direct`), gateway: await world.gateway(through, 'client', `${kind}_gateway`) };
}

/** What a transcript says, as lines; names and numbers that belong to one side are taken out. */
async function lines(work: (endpoint: Endpoint) => Promise<string | readonly unknown[]>, endpoint: Endpoint): Promise<string[]> {
  const seen = await work(endpoint);
  const all = typeof seen === 'string' ? seen : seen.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n');
  const plain = all.replaceAll(endpoint.database, 'DATABASE').replaceAll(String(endpoint.port), 'PORT').replace(/PID \d+/g, 'PID');
  return ownWords(plain).split('\n');
}

/**
 * What the gateway says itself, on purpose: an unreadable text never reaches the target, and a name that this session has not given is not
 * looked up there. The SQLSTATE is the target's, the words are not. And the login at the target is nobody's business.
 */
function ownWords(text: string): string {
  return text
    .replace(/^(psql:[^\n]*)?ERROR: {2}42601: syntax error at[^\n]*\nLINE [^\n]*\n[^\n]*\^\nLOCATION: [^\n]*$/gm, 'ERROR:  42601')
    .replace(/^(psql:[^\n]*)?ERROR: {2}42601: [^\n]*\nDETAIL: {2}request [^\n]*\nHINT: [^\n]*$/gm, 'ERROR:  42601')
    .replace(/^E SERROR·VERROR·C(26000|34000|42601|42P05)·.*$/gm, 'E $1')
    .replace(/"error":\{"severity":"ERROR","code":"(42601)"[^}]*\}/g, '"error":"$1"')
    .replace(/^S session_authorization·.*$/gm, 'S session_authorization');
}

/** Runs it on both sides, the target first. */
async function both(of: Sides, work: (endpoint: Endpoint) => Promise<string | readonly unknown[]>): Promise<{ direct: string[]; gateway: string[] }> {
  return { direct: await lines(work, of.direct), gateway: await lines(work, of.gateway) };
}

async function expectSame(of: Sides, work: (endpoint: Endpoint) => Promise<string | readonly unknown[]>, keeps: (line: string) => boolean = () => true): Promise<string[]> {
  const { direct, gateway } = await both(of, work);
  expect(await difference(direct.filter(keeps), gateway.filter(keeps))).toBe('');
  return direct;
}

async function needs(context: TestContext, client: Parameters<typeof missing>[0]): Promise<void> {
  const why = await missing(client);
  if (why !== null) context.skip(why);
}

const psqlScripts = ['queries.sql', 'routines.sql', 'errors.sql', 'transactions.sql', 'copy.sql', 'describe.sql', 'stop-on-error.sql'];

describe.each([['pg18'], ['pg15']])('%s through the gateway is as it is directly', (server) => {
  beforeEach((context) => {
    if (server === 'pg15' && debian15 !== null) context.skip(debian15);
  });

  it.for(psqlScripts)('for psql with %s', async (script, context) => {
    await needs(context, 'psql');
    const direct = await expectSame(await sides(server, 'psql'), (endpoint) => psql(endpoint, script));
    expect(direct).toContain(script === 'stop-on-error.sql' ? '--- code 3' : '--- code 0');
  });

  it('for every message of the protocol', async () => {
    const direct = await expectSame(await sides(server, 'raw'), (endpoint) => rawTranscript(endpoint));
    expect(direct.at(-1)).toBe('Z I');
  });

  it('for a client whose bytes come three at a time', async () => {
    await expectSame(await sides(server, 'pieces'), (endpoint) => rawTranscript(endpoint, 3));
  });

  it('for node-postgres', async () => {
    await expectSame(await sides(server, 'node'), nodePostgresTranscript);
  });

  it('for psycopg2', async (context) => {
    await needs(context, 'psycopg2');
    expect(await expectSame(await sides(server, 'python'), psycopg2)).toContain('--- code 0');
  });

  it('for JDBC', async (context) => {
    await needs(context, 'jdbc');
    const classPath = await compileJava(classes.path);
    expect(await expectSame(await sides(server, 'java'), (endpoint) => jdbc(endpoint, classPath))).toContain('--- code 0');
  });

  it('for pg_dump, which says the same no to a server newer than itself', async (context) => {
    await needs(context, 'pg_dump');
    const of = await sides(server, 'dump');
    const direct = await expectSame(of, (endpoint) => pgDump(endpoint));
    if (server === 'pg15') expect(direct).toContain('--- code 0');
    await expectSame(of, (endpoint) => pgDump(endpoint, '--column-inserts', '--rows-per-insert=100'));
  });

  it('for pgbench: the same transactions leave the same tables', async (context) => {
    await needs(context, 'pgbench');
    await sameBench(await sides(server, 'bench'), server);
  });
});

describe('names that SQL has given', () => {
  it('are not found by messages: what they stand for was read as another command', async () => {
    const client = await RawClient.connect(await world.gateway('pg18', 'client', 'raw_gateway'));
    await client.send(Buffer.concat([query('prepare given as select 9'), bind('', 'given'), execute(''), sync]));
    await client.until('Z');
    expect((await client.until('Z')).map(text)[0]).toMatch(/^E .*·C26000·/);
    await client.send(Buffer.concat([query('begin; declare given cursor for select 1'), execute('given', 2), sync, query('rollback')]));
    await client.until('Z');
    expect((await client.until('Z')).map(text)[0]).toMatch(/^E .*·C34000·/);
    await client.until('Z');
    client.close();
  });
});

describe('with a classification on the target', () => {
  it.for(['queries.sql', 'copy.sql', 'describe.sql'])('psql with %s sees what is not classified as it is', async (script, context) => {
    await needs(context, 'psql');
    // What the target's messages can quote is left out or hidden where something is classified; and the client is told of masks, once.
    await expectSame(await sides('pg18', 'classified', 'pg18-classified'), (endpoint) => psql(endpoint, script), (line) => !/^(DETAIL|CONTEXT|LINE|HINT): |invalid input syntax|some values in the results/.test(line) && !/^ *\^$/.test(line));
  });
});

describe('afterwards', () => {
  it('every service is ready and the ledger of all that verifies', async () => {
    for (const service of Object.values(world.stack.services)) await service.ready();
    expect(await world.cli('carl', 'evidence', 'verify')).toMatchObject({ code: 0, out: expect.stringContaining('OK') });
  });
});

async function sameBench(of: Sides, server: string): Promise<void> {
  const script = join(import.meta.dirname, 'clients', 'transfer.pgbench');
  const same = async (bench: (endpoint: Endpoint) => Promise<Bench>, processed: string) => {
    const direct = await bench(of.direct);
    expect(direct).toMatchObject({ code: 0, processed: expect.stringContaining(processed) });
    expect(await bench(of.gateway)).toEqual(direct);
  };
  await same((endpoint) => pgbench(endpoint, '-i', '-s', '1', '-I', 'dtgvpf', '-q'), '');
  for (const mode of ['simple', 'extended', 'prepared']) {
    await same((endpoint) => pgbench(endpoint, '-n', '-M', mode, '-t', '60', '-c', '1', '--random-seed=7', '-f', script), '60/60');
    await same((endpoint) => pgbench(endpoint, '-n', '-S', '-M', mode, '-t', '50', '-c', '2', '-j', '2'), '100/100');
  }
  const sum = `select (select md5(string_agg(aid || ':' || abalance, ',' order by aid)) from pgbench_accounts) as accounts, (select md5(string_agg(aid || ':' || delta, ',' order by aid, delta)) from pgbench_history) as history`;
  const postgres = world.servers[server]?.server;
  expect(await postgres?.sql(sum, of.gateway.database)).toEqual(await postgres?.sql(sum, of.direct.database));
}
