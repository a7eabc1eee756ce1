import type { MaskPlan } from '@sallyport/domain-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extended, q } from '../testing/wire-scripts.ts';
import { openWorld, startTarget, type Target18, type World } from '../testing/world.ts';
import type { WireClient } from '../testing/wire-client.ts';

const card = '4111111111111111';
const hidden = '************1111';

/** Columns whose types hold text without being text, the value that each has, and what a client gets: the card replaced, or all of the cell. */
const columns: Readonly<Record<string, { readonly type: string; readonly value: string; readonly text: string; readonly binary?: string }>> = {
  text: { type: 'text', value: 'x.c', text: hidden },
  varchar: { type: 'varchar(40)', value: 'x.c', text: hidden },
  char: { type: 'char(20)', value: 'x.c', text: `${hidden}    ` },
  name: { type: 'name', value: 'x.c', text: hidden },
  domain: { type: 'ledger.deeper', value: 'x.c', text: hidden },
  xml: { type: 'xml', value: `('<a b="1">' || x.c || '</a>')::xml`, text: `<a b="1">${hidden}</a>` },
  json: { type: 'json', value: 'x.j', text: `{"n":"${hidden}"}` },
  jsonb: { type: 'jsonb', value: 'x.j', text: `{"n": "${hidden}"}`, binary: `\x01{"n": "${hidden}"}` },
  citext: { type: 'citext', value: 'x.c', text: hidden },
  loose: { type: 'ledger.loose', value: 'x.c', text: hidden },
  texts: { type: 'text[]', value: `array['a', x.c]`, text: '\\N' },
  names: { type: 'name[]', value: 'array[x.c::name]', text: '\\N' },
  citexts: { type: 'citext[]', value: 'array[x.c::citext]', text: '\\N' },
  domains: { type: 'ledger.words[]', value: 'array[x.c::ledger.words]', text: '\\N' },
  pair: { type: 'ledger.pair', value: `('(1,' || x.c || ')')::ledger.pair`, text: '\\N' },
  pairs: { type: 'ledger.pair[]', value: 'array[row(1, x.c)::ledger.pair]', text: '\\N' },
  hstore: { type: 'hstore', value: `hstore('k', x.c)`, text: '\\N' },
  enum: { type: 'ledger.kind', value: 'x.c::ledger.kind', text: '\\N' },
  vector: { type: 'tsvector', value: 'x.c::tsvector', text: '\\N' },
  path: { type: 'jsonpath', value: `('$."' || x.c || '"')::jsonpath`, text: '\\N' },
  ltree: { type: 'ltree', value: 'x.c::ltree', text: '\\N' },
  bytea: { type: 'bytea', value: `convert_to(x.c, 'UTF8')`, text: `\\x${Buffer.from('[masked]').toString('hex')}`, binary: '[masked]' },
};
const names = Object.keys(columns);

const setup = `
  create extension citext; create extension hstore; create extension ltree;
  create schema ledger;
  create domain ledger.words as text; create domain ledger.deeper as ledger.words check (length(value) > 0); create domain ledger.loose as citext;
  create type ledger.pair as (id int, note text); create type ledger.kind as enum ('${card}');
  create table ledger.wordy (${names.map((name) => `"${name}" ${columns[name]?.type}`).join(', ')});
  insert into ledger.wordy select ${names.map((name) => columns[name]?.value).join(', ')}
    from (select '${card}'::text as c, '{"n":"${card}"}'::json as j) x`;

const plan: MaskPlan = { id: 'plan-2', target: 'ledger-db', detectors: ['card'], large: [], columns: [] };

describe.each(['embedded', 'debian15'] as const)('detectors look into every type that can hold text: %s', (version) => {
  let target: Target18;
  let world: World;
  let client: WireClient;
  const select = (name: string) => `select "${name}" from ledger.wordy`;
  const row = (lines: readonly string[]) => lines.find((line) => line.startsWith('D ') || line.startsWith('d '));

  beforeAll(async () => {
    target = await startTarget(version, setup);
    world = await openWorld(target, plan);
    client = await world.connect();
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
    await target[Symbol.asyncDispose]();
  });

  it.each(names)('%s', async (name) => {
    const { text = '', binary = text } = columns[name] ?? {};
    expect(row(await client.ask(q(select(name))))).toBe(`D ${text}`);
    expect(row(await client.ask(extended(select(name), [], 'binary')))).toBe(`D ${binary}`);
    expect(row(await client.ask(q(`copy ledger.wordy ("${name}") to stdout`)))).toBe(`d ${text.replace(/^\\x/, '\\\\x')}\n`);
    expect(client.text).not.toContain(card);
  });
});
