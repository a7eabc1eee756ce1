import { chmod, mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatVerifierKey, LedgerLog, leafHash, noteSigner, signingKeyFromPem, type NamedNote } from '@sallyport/engine-evidence';
import { tempDir } from '@sallyport/testing-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canCutDisks, cutDisk, type CutDisk } from './support/cut-disk.ts';
import { connect, failure } from './support/endpoint.ts';
import { settleAccounts } from './support/kill-account.ts';
import { Load } from './support/kill-load.ts';
import { allReady, database, kill9, restart, startKillWorld, until } from './support/kill-world.ts';
import type { World } from './support/world.ts';

/**
 * Each process in the way of evidence is killed in turn while clients work, and every other time its disk loses what was written and not synced. After each
 * round what clients were told is in the ledger, no leaf stands twice, and every checkpoint that was seen before still holds.
 *
 * As many rounds as SALLYPORT_ROUNDS says; a hundred are `scripts/trial power-cut`. Where disks cannot be cut (no root, no loop devices) processes are only killed, and it says so.
 */
const rounds = Number(process.env['SALLYPORT_ROUNDS'] ?? 5);
const parts = ['gateway', 'nats', 'postgres', 'evidence', 'all of them'] as const;
type Part = (typeof parts)[number];

/** A journal sees after half a minute that the bus has lost what it acknowledged, and sends it again. */
const lostPatienceMs = 90_000;

let power: boolean;
let outside: Awaited<ReturnType<typeof tempDir>>;
let world: World;
let load: Load;
const disks = new Map<Exclude<Part, 'all of them'>, CutDisk>();
const gatewayKills: number[] = [];
/** Checkpoints as somebody outside has kept them, by origin and size. */
const kept = new Map<string, NamedNote>();
const told: string[] = [];

beforeAll(async () => {
  outside = await tempDir('sallyport-disks');
  power = await canCutDisks(outside.path);
  // PostgreSQL runs as another user and must reach its disk.
  await chmod(outside.path, 0o755);
  world = await startKillWorld(power ? plugIn : undefined);
  for (const disk of disks.values()) await disk.sync();
  load = new Load(world);
  load.start({ strict: 4, spool: 2 });
  await load.goesOn(4);
});

afterAll(async () => {
  process.stdout.write(`\n${[power ? 'disks were cut' : 'disks cannot be cut here (root and loop devices): processes were only killed', ...told].join('\n')}\n`);
  await load?.stop();
  await world?.[Symbol.asyncDispose]();
  for (const disk of disks.values()) await disk[Symbol.asyncDispose]();
  await outside?.[Symbol.asyncDispose]();
});

/** Each part's files on a disk of its own, from the first byte. */
async function plugIn(home: string): Promise<void> {
  const places = { gateway: ['state', 'gateway', 128], nats: ['', 'nats', 512], postgres: ['', 'postgres', 1024], evidence: ['state', 'evidence', 32] } as const;
  for (const [part, [folder, name, megabytes]] of Object.entries(places) as [keyof typeof places, (typeof places)[keyof typeof places]][]) {
    const disk = await cutDisk(join(outside.path, name), megabytes, part === 'postgres' ? 65_534 : 0);
    disks.set(part, disk);
    await mkdir(join(home, folder), { recursive: true });
    await symlink(disk.at, join(home, folder, name));
  }
}

async function strike(part: Part, cut: boolean): Promise<void> {
  const struck = part === 'all of them' ? (['gateway', 'evidence', 'nats', 'postgres'] as const) : [part];
  if (struck.some((one) => one === 'gateway')) gatewayKills.push(Date.now());
  await Promise.all(struck.map((one) => kill9(world, one)));
  if (cut) for (const one of struck) await disks.get(one)?.cut();
  // What others wait for comes first.
  for (const one of ['postgres', 'nats', 'evidence', 'gateway'] as const) if (struck.some((also) => also === one)) await restart(world, one);
  await allReady(world);
}

const sql = (text: string) => world.stack.postgres.sql(text, 'sallyport');

async function keepCheckpoints(): Promise<void> {
  for (const { epoch, size, note } of await sql('select epoch, size::bigint::int as size, note from evidence.checkpoints where note is not null')) {
    const name = `checkpoint of epoch ${String(epoch)} over ${String(size)}`;
    if (!kept.has(name)) kept.set(name, { name, bytes: new TextEncoder().encode(String(note)) });
  }
}

/** What the tree of the ledger as it is now says to every checkpoint that was ever seen. */
async function checkpointFaults(): Promise<readonly string[]> {
  const { key } = noteSigner('sallyport.local/default', signingKeyFromPem(await readFile(world.stack.home.keys.log, 'utf8')));
  const log = new LedgerLog([...kept.values()], [formatVerifierKey(key)]);
  for (const { at, body } of await sql('select at::int as at, body from evidence.ledger_events order by at')) log.add(Number(at) - 1, leafHash(body as Buffer), null);
  return log.finish().faults.map(({ say }) => say);
}

describe('a disk whose power is cut', () => {
  it('keeps what was synced and loses what was not', async ({ skip }) => {
    if (!power) skip('needs root and loop devices');
    const disk = await cutDisk(join(outside.path, 'control'), 16);
    const path = (name: string) => join(disk.at, name);
    const synced = await open(path('synced'), 'w');
    await synced.write('kept');
    await synced.sync();
    await synced.close();
    const folder = await open(disk.at, 'r');
    await folder.sync();
    await folder.close();
    await writeFile(path('unsynced'), 'lost');
    await disk.cut();
    expect(await readFile(path('synced'), 'utf8')).toBe('kept');
    await expect(readFile(path('unsynced'))).rejects.toThrow();
    await disk[Symbol.asyncDispose]();
  });
});

describe('under load, nothing that was acknowledged is lost, nothing stands twice, checkpoints hold:', () => {
  const plan = Array.from({ length: rounds }, (_, round) => ({ round: round + 1, part: parts[round % parts.length] ?? 'gateway', how: Math.floor(round / parts.length) % 2 === 0 ? 'power cut' : 'kill -9' }) as const);
  it.for(plan)('round $round, $how of $part', { timeout: 180_000 }, async ({ round, part, how }) => {
    load.work();
    await load.goesOn();
    await keepCheckpoints();
    const before = load.of('ok').length;
    await strike(part, how === 'power cut');
    await load.goesOn(4, 60_000);
    const ledger = await settleAccounts(world, load, gatewayKills, lostPatienceMs);
    expect(await sql('select max(at) = count(*) and count(*) = count(distinct event_id) as dense from evidence.ledger')).toEqual([{ dense: true }]);
    expect(await checkpointFaults()).toEqual([]);
    told.push(`round ${round}: ${power ? how : 'kill -9'} of ${part} after ${before} acknowledged statements; ${ledger.events.length} leaves, ${kept.size} checkpoints hold`);
  });

  it('and a rule that was applied a moment before the bus lost its memory holds', { timeout: 180_000 }, async () => {
    load.work();
    await using before = await connect(await world.gateway('strict', 'worker', database));
    expect(await failure(before.client.query('select * from frozen'))).toMatchObject({ code: '42P01' });
    await world.apply([], { 'frozen.cedar': '@id("frozen") @reason("nothing of it is read") forbid (principal, action == Action::"read", resource) when { resource.name == "frozen" };\n' });
    gatewayKills.push(Date.now());
    await Promise.all([kill9(world, 'nats'), kill9(world, 'gateway')]);
    await disks.get('nats')?.cut();
    for (const part of ['nats', 'gateway'] as const) await restart(world, part);
    await allReady(world);
    // Whoever comes before the owners have shown everything again is refused.
    await until('somebody is let in', async () => connect(await world.gateway('spool', 'worker', database)).then((one) => one[Symbol.asyncDispose]()).then(() => true, () => false));
    await using after = await connect(await world.gateway('spool', 'worker', database));
    expect(await failure(after.client.query('select * from frozen'))).toMatchObject({ code: '42501' });
    await settleAccounts(world, load, gatewayKills, lostPatienceMs);
  });

  it('and the log has been signed all along, under one origin', async () => {
    await until('a checkpoint over what was struck last', async () => {
      await keepCheckpoints();
      const [row] = await sql('select (select max(size) from evidence.checkpoints where note is not null) > (select max(at) from evidence.ledger) - 200 as near');
      return row?.['near'] === true;
    });
    expect(await sql('select distinct epoch from evidence.checkpoints')).toHaveLength(1);
    expect(await checkpointFaults()).toEqual([]);
  });
});
