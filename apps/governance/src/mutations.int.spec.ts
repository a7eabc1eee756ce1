import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { subjects } from '@sallyport/platform-bus';
import { z } from 'zod';
import { routes, type ActingRoute } from './testing/mutations/routes.ts';
import { Stage } from './testing/mutations/stage.ts';
import { subjectEntries } from './testing/mutations/subjects.ts';
import { verbs } from './testing/mutations/verbs.ts';
import { WholeHouse, type HouseService } from './testing/whole-house.ts';

/**
 * Whatever changes something leaves its event, in the transaction of the change: every route of the API, every subject of the bus, every verb of the command line. The lists of them come from the
 * running product; the tables in testing/mutations say how each is tried. What is not in the tables fails here.
 */
const services = ['evidence', 'identity', 'approvals', 'masking', 'sinks', 'policy', 'governance', 'console'] as const satisfies readonly HouseService[];
const writing = services.filter((name) => name !== 'console');
const repository = join(import.meta.dirname, '../../..');

/** Tables that are written by the clock, or by the looking itself: whether they are right is no question of one request. */
const byTheClock = [/\.kysely_/, /\.outbox/, /^watched\./, /^identity\.(machine_use|inventory_mark|token_use|candidate)$/, /^sinks\.sink_(cursor|mark)/];
/** Of the ledger, and of governance which follows it, only what people order: what is concluded from events comes into the others all the time. */
const followed = /^(evidence|governance)\./;
const ordered = /^(evidence\.(holds?|erasures?|retention)|governance\.(change|change_part|directory|review_campaign|review_item|detection)$)/;

let h: WholeHouse;
let stage: Stage;
let described: string[] = [];
beforeAll(async () => {
  h = await WholeHouse.open(services);
  stage = await Stage.open(h);
  const document = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) }).parse((await stage.http('GET', '/v1/openapi.json', 'admin')).body);
  described = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`)).filter((route) => !route.startsWith('GET '));
}, 180_000);
afterAll(() => h[Symbol.asyncDispose]());

/** What every table holds, as hashes. */
async function everything(): Promise<ReadonlyMap<string, string>> {
  const tables = await h.sql(`select table_schema || '.' || table_name as name from information_schema.tables where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`);
  const kept = tables.map(({ name }) => String(name)).filter((name) => !byTheClock.some((pattern) => pattern.test(name)) && (!followed.test(name) || ordered.test(name)));
  const hashed = await Promise.all(kept.map(async (name) => [name, String((await h.sql(`select count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') as all from ${name} t`))[0]?.['all'])] as const));
  return new Map(hashed);
}

const tellsSince = async (from: number, type: string) => (await h.told()).slice(from).some((event) => event.type === type);
const shows = (spec: string, word: string) => existsSync(join(repository, spec)) && readFileSync(join(repository, spec), 'utf8').includes(word);

describe('every route of the API that is not for reading', () => {
  it('is in the table, and nothing else is', () => {
    expect(described.length).toBeGreaterThan(15);
    expect(described.filter((route) => !(route in routes)), 'add these to testing/mutations/routes.ts; what to say is written there').toEqual([]);
    expect(Object.keys(routes).filter((route) => !described.includes(route)), 'these are no routes any more').toEqual([]);
  });

  const acting = Object.entries(routes).filter((entry): entry is [string, ActingRoute] => 'request' in entry[1]);
  it.each(acting)('%s changes nothing without its event, and tells it with the change', async (route, { as, tells, request, acts }) => {
    const { params = {}, body } = await request(stage);
    const path = Object.entries(params).reduce((rest, [name, given]) => rest.replace(`:${name}`, given), route.slice('POST '.length));
    const ask = () => stage.http('POST', path, as, body);
    if (acts === undefined) {
      await stage.login(as);
      const before = await everything();
      const speak = await h.mute(writing);
      const refused = await ask().finally(speak);
      const after = await everything();
      expect([...after].filter(([name, hash]) => before.get(name) !== hash).map(([name]) => name), 'changed without an event').toEqual([]);
      expect(refused.status, JSON.stringify(refused.body)).toBeGreaterThanOrEqual(500);
    }
    const from = (await h.told()).length;
    const done = await ask();
    expect(done.status, JSON.stringify(done.body)).toBe(200);
    await vi.waitFor(async () => expect(await tellsSince(from, tells), `${route} leaves no ${tells}`).toBe(true), { timeout: 10_000, interval: 50 });
  });

  it.each(Object.entries(routes).flatMap(([route, entry]) => ('shownBy' in entry ? [[route, entry.shownBy, entry.tells] as const] : [])))('%s is shown by %s', (_route, spec, type) => expect(shows(spec, type)).toBe(true));
});

const notYet = [...Object.values(routes), ...Object.values(verbs)].flatMap((entry) => ('notYet' in entry ? [entry.notYet] : []));

describe('every subject of the bus that is served', () => {
  const all = Object.values(subjects).filter((one): one is string & (typeof subjects)['identityApply'] => typeof one === 'string' && !one.startsWith('control.'));

  it('is in the table, and leads to routes that are', async () => {
    const served: string[] = [];
    const asker = await stage.bus('console');
    for (const subject of all) {
      // An empty request fits no contract: whoever serves it says so. The console may not ask all of them; what it may not is asked as who may.
      const users = ['console', 'gateway', 'governance', 'policy', 'sinks', 'evidence', 'identity'] as const;
      for (const user of users) {
        const bus = user === 'console' ? asker : await stage.bus(user);
        const answer = await bus.nc.request(subject, '{}', { timeout: 500 }).catch(() => null);
        if (answer === null) continue;
        served.push(subject);
        break;
      }
    }
    expect(served.length).toBeGreaterThan(30);
    expect(served.filter((subject) => notYet.includes(subject)), 'these are served now: their routes and verbs have to be tried').toEqual([]);
    expect(served.filter((subject) => !(subject in subjectEntries)), 'add these to testing/mutations/subjects.ts; what to say is written there').toEqual([]);
    expect(Object.keys(subjectEntries).filter((subject) => !all.some((one) => one === subject)), 'these are no subjects any more').toEqual([]);
    expect(Object.values(subjectEntries).flatMap((entry) => ('route' in entry && !(entry.route in routes) ? [entry.route] : []))).toEqual([]);
  }, 120_000);

  it.each(Object.entries(subjectEntries).flatMap(([subject, entry]) => ('ask' in entry ? [[subject, entry] as const] : [])))('%s changes nothing without its event, and tells it with the change', async (_subject, { ask, tells }) => {
    const act = await ask(stage);
    const before = await everything();
    const speak = await h.mute(writing);
    const refused = await act().finally(speak);
    expect([...(await everything())].filter(([name, hash]) => before.get(name) !== hash).map(([name]) => name), 'changed without an event').toEqual([]);
    expect(refused.ok).toBe(false);
    const from = (await h.told()).length;
    expect(await act()).toMatchObject({ ok: true });
    expect(await tellsSince(from, tells), `leaves no ${tells}`).toBe(true);
  });
});

describe('every verb of the command line', () => {
  it('is in the table, and nothing else is', async () => {
    const at = new URL('../../cli/src/program.ts', import.meta.url).href;
    const { program } = (await import(at)) as { program: () => Verb };
    const found = leaves(program(), []);
    expect(found.filter((verb) => !(verb in verbs)), 'add these to testing/mutations/verbs.ts; what to say is written there').toEqual([]);
    expect(Object.keys(verbs).filter((verb) => !found.includes(verb)), 'these are no verbs any more').toEqual([]);
  });

  it.each(Object.entries(verbs).flatMap(([verb, entry]) => ('args' in entry ? [[verb, entry] as const] : [])))('%s leaves its event', async (verb, { as, tells, args, exit = 0 }) => {
    const given = await args(stage);
    const from = (await h.told()).length;
    const { code, err } = await sallyport([...verb.split(' '), ...given], await h.issuer.token({ sub: as }));
    expect(code, err).toBe(exit);
    await vi.waitFor(async () => expect(await tellsSince(from, tells), `${verb} leaves no ${tells}`).toBe(true), { timeout: 10_000, interval: 50 });
  });

  it.each(Object.entries(verbs).flatMap(([verb, entry]) => ('shownBy' in entry ? [[verb, entry.shownBy] as const] : [])))('%s is shown by %s', (verb, spec) => expect(shows(spec, verb.split(' ').at(-1) ?? '')).toBe(true));
});

interface Verb {
  readonly commands: readonly Verb[];
  name(): string;
}

/** Commands that do something themselves: those without commands below them, and `evidence verify`, which has both. */
function leaves(command: Verb, path: readonly string[]): string[] {
  const below = command.commands.flatMap((one) => leaves(one, [...path, one.name()]));
  const name = path.join(' ');
  return command.commands.length === 0 || name === 'evidence verify' ? [name, ...below] : below;
}

async function sallyport(args: readonly string[], token: string): Promise<{ readonly code: number; readonly err: string }> {
  const child = spawn(process.execPath, ['--conditions=@sallyport/source', join(repository, 'apps/cli/src/main.ts'), ...args], { env: { PATH: process.env['PATH'], SALLYPORT_API: h.api, SALLYPORT_TOKEN: token }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), new Promise<number>((done) => child.on('close', (status) => done(status ?? -1)))]);
  return { code, err: `${err}${out}` };
}
