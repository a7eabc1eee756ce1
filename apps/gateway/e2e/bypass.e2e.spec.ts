import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bypasses, tagged, type Bypass } from '@sallyport/protocol-postgres/testing/bypass';
import { Attempts, type Attempt, type Way } from './bypass/attempts.ts';
import { secretsIn, shown } from './bypass/canaries.ts';
import { sessionStateQuery, stateQuery } from './bypass/state.ts';
import { notShownHere, throughMessages } from './bypass/statements.ts';
import { tapBus, type BusTap } from './support/bus-tap.ts';
import { classification, group, machine, target } from './support/cast.ts';
import { startWorld, type World } from './support/world.ts';

/**
 * Every statement that is known to try to get past a policy, against the whole product and a real PostgreSQL in which all of them would
 * work: the credential of the gateway is a superuser's. The list only grows.
 */
const here = import.meta.dirname;
const seed = readFileSync(join(here, 'bypass', 'seed.sql'), 'utf8');
const all: readonly Bypass[] = [...bypasses, ...throughMessages];
const denials = all.filter(({ must }) => must === 'deny');
const masks = all.filter(({ must }) => must === 'mask');
const ways: readonly Way[] = ['simple', 'extended'];

const policies = {
  'walls.cedar': `
@id("connect") @reason("the machine may connect")
permit (principal, action == Action::"connect", resource == Target::"walled");
@id("session") @reason("transactions and constants are part of any session")
permit (principal, action in [Action::"control", Action::"read"], resource in Target::"walled") when { resource.kind == "session" };
@id("read") @reason("ledger and public may be read")
permit (principal, action == Action::"read", resource in Target::"walled") when { resource.kind == "table" && (resource.schema == "ledger" || resource.schema == "public") };
@id("write") @reason("entries may be booked and corrected")
permit (principal, action == Action::"write", resource == Object::"walled/ledger.entries") when { context.kind == "INSERT" || context.kind == "UPDATE" };
`,
};

let world: World;
let tap: BusTap;
let gateway: Attempts;
let control: Attempts;
/** Somebody else's session, whose statements are nobody's business. */
let bystander: Attempts;
const controls = new Map<string, Attempt>();

beforeAll(async () => {
  world = await startWorld({
    targets: { walled: { version: 'embedded', seed, databases: ['walled', 'control_direct'], settings: [`log_statement = 'all'`, `log_line_prefix = '%d: '`, 'logging_collector = on', `log_directory = 'log'`, `log_filename = 'all.log'`, 'allow_system_table_mods = on'] } },
    documents: ({ issuer, servers, ca }) => [
      group('walled'),
      machine(issuer, 'prisoner', { groups: ['walled'] }),
      target('walled', { port: servers['walled']?.server.port ?? 0, ca, credential: 'walled' }),
      // No detectors: what they would find by its looks must be hidden because of where it comes from.
      classification('customers', 'walled', tagged.map((column) => ({ column, tag: 'test.canary', action: 'redact' as const })), { detectors: [] }),
    ],
    policies,
    stack: async (home) => {
      tap = await tapBus(home);
      return { env: { gateway: { SALLYPORT_NATS: tap.url } } };
    },
  });
  gateway = new Attempts(await world.gateway('walled', 'prisoner', 'walled'));
  control = new Attempts(world.direct('walled', 'control_direct'));
  bystander = new Attempts(world.direct('walled', 'control_direct'));
  await bystander.run(`select 'hr-canary-statement-30718'`);
});

afterAll(async () => {
  gateway?.close();
  control?.close();
  bystander?.close();
  await world?.[Symbol.asyncDispose]();
  await tap?.[Symbol.asyncDispose]();
});

const state = async () => (await world.servers['walled']?.server.sql(stateQuery, 'walled'))?.[0]?.['state'];

/** What the statement does when nothing stands in its way; undone afterwards. */
async function direct({ id, text }: Bypass): Promise<{ attempt: Attempt; harm: 'changed' | 'leaked' | 'none' }> {
  const digest = async () => {
    const [one, two] = [await control.run(stateQuery), await control.run(sessionStateQuery)];
    return JSON.stringify([one.rows, one.error, two.rows, two.error]);
  };
  await control.run(`begin; set local statement_timeout = '1s'; set local idle_in_transaction_session_timeout = 0`);
  const before = await digest();
  const attempt = await control.run(text);
  const after = attempt.error === null ? await digest() : before;
  await control.run('rollback');
  controls.set(id, attempt);
  return { attempt, harm: secretsIn(attempt.bytes).length > 0 ? 'leaked' : after === before ? 'none' : 'changed' };
}

it('the statements are known by distinct ids, and there are at least eighty', () => {
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(all.length).toBeGreaterThan(80);
});

describe('without the gateway', () => {
  it.for(denials.filter(({ id }) => !(id in notShownHere)))('$id does harm: $why', async (bypass) => {
    const { attempt, harm } = await direct(bypass);
    expect(harm, `SQLSTATE ${attempt.error}`).not.toBe('none');
  });

  it.for(masks.filter(({ id }) => !(id in notShownHere)))('$id shows something: $why', async (bypass) => {
    const { attempt } = await direct(bypass);
    if (bypass.id.startsWith('message-')) expect(secretsIn(attempt.bytes)).not.toEqual([]);
    else expect(attempt.rows.length, `SQLSTATE ${attempt.error}`).toBeGreaterThan(0);
  });
});

describe.each(ways)('through the gateway, by the %s protocol', (way) => {
  it.for(denials)('$id is refused: $why', async ({ text }) => {
    const before = await state();
    const attempt = await gateway.run(text, way);
    // 42601 and 08P01: what cannot be read at all.
    expect(['42501', '0A000', '42601', '08P01']).toContain(attempt.error);
    expect(attempt.rows).toEqual([]);
    expect(secretsIn(attempt.bytes)).toEqual([]);
    expect(await state()).toBe(before);
  });

  it.for(masks)('$id shows no value: $why', async ({ id, text, leaks }) => {
    const attempt = await gateway.run(text, way);
    expect(attempt.closed).toBe(false);
    expect(shown(attempt.bytes)).toEqual([]);
    const clear = controls.get(id)?.rows ?? [];
    const width = Math.max(0, ...clear.map((row) => row.length));
    for (const column of leaks ?? Array.from({ length: width }, (_, i) => i)) {
      const values = new Set(clear.map((row) => row[column]).filter((cell) => cell !== null && cell !== undefined && cell !== ''));
      expect(attempt.rows.map((row) => row[column]).filter((cell) => values.has(cell ?? ''))).toEqual([]);
    }
  });
});

describe('afterwards', () => {
  it('nothing that had to be refused has reached the target', () => {
    const log = plain(readFileSync(join(world.servers['walled']?.server.sockets ?? '', 'data', 'log', 'all.log'), 'utf8'));
    const ours = log.split('\n').filter((line) => line.startsWith('walled: ')).join('\n');
    expect(ours).toContain('select ssn as city from ledger.customers');
    expect(denials.filter(({ text }) => !text.includes('\0') && new RegExp(`(statement|execute [^:]*): ${escape(plain(text))}$`, 'm').test(ours)).map(({ id }) => id)).toEqual([]);
  });

  it('no value is in the logs and the states of the services, on the bus, or in any table of theirs', async () => {
    const { home, postgres } = world.stack;
    await new Promise((done) => setTimeout(done, 500));
    const files = ['logs', 'state', 'nats'].flatMap((directory) => filesOf(home.at(directory)));
    expect(files.length).toBeGreaterThan(8);
    expect(files.filter((file) => secretsIn(readFileSync(file)).length > 0)).toEqual([]);
    expect(tap.said().length).toBeGreaterThan(100_000);
    expect(secretsIn(tap.said())).toEqual([]);
    const tables = await postgres.sql(`select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname !~ '^(pg_|information_schema)'`, 'sallyport');
    for (const { name } of tables) {
      const rows = await postgres.sql(`select t::text as row from ${String(name)} t`, 'sallyport');
      // Passwords are nobody's concern here; bytes come as hex.
      for (const { row } of rows) expect(shown(Buffer.from(unhex(String(row)), 'latin1')), String(name)).toEqual([]);
    }
  });

  it('the password of the target shows nowhere either', () => {
    const password = world.servers['walled']?.password ?? '';
    const files = ['logs', 'state', 'nats'].flatMap((directory) => filesOf(world.stack.home.at(directory)));
    expect(files.filter((file) => readFileSync(file).includes(password))).toEqual([]);
    expect(tap.said().includes(password)).toBe(false);
  });

  it('every service is ready and the ledger verifies', async () => {
    for (const service of Object.values(world.stack.services)) await service.ready();
    expect(await world.cli('carl', 'evidence', 'verify')).toMatchObject({ code: 0 });
  });
});

const plain = (text: string) => text.replace(/[\t ]+/g, ' ').replace(/\n (?! )/g, ' ');
const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const unhex = (text: string) => text.replace(/\\\\?x([0-9a-f]{2,})/g, (_, hex: string) => Buffer.from(hex, 'hex').toString('latin1'));

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
