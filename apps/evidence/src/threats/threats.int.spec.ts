import { readFile } from 'node:fs/promises';
import { uuidv7 } from '@sallyport/domain-model';
import { CompactRange, LedgerLog, leafHash, noteSigner, parseEnvelope, parseNote, signCheckpoint, signingKeyFromPem, Verifier, type NamedNote } from '@sallyport/engine-evidence';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, house, type House } from '../testing/house.ts';
import { end, openSession, Producer, runCommand } from '../testing/producer.ts';
import { attacks, type Attack } from './attacks.ts';
import { threatTable, type Trial } from './threat-table.ts';

// Everything that research on insiders says may be tried on the ledger's database, by each role that can reach it, against the verifier and what left the
// database before: signed checkpoints. Each attack has a copy of the database to itself.

const log = 'bank.example/ledger';
let h: House;
let vkey: string;
let kept: NamedNote[];
let places: Readonly<Record<string, string>>;
const trials: Trial[] = [];

beforeAll(async () => {
  h = await house({ signEveryMs: 100 }, { SALLYPORT_LOG_ORIGIN: log });
  const notes = new Map<number, string>();
  const producer = new Producer(h.gateway);
  const session = async () => {
    const { recorder, session } = openSession(producer, h.reader.publicKey);
    for (let n = 0; n < 5; n++) runCommand(recorder, `select ${n}`);
    recorder.close(end);
    await producer.send();
    await eventually('the session', async () => (await h.sql(`select from evidence.session_idx where sid = '${session}' and state = 'closed'`)).length === 1);
    const size = Number((await h.sql('select max(at) as n from evidence.ledger'))[0]?.['n']);
    await eventually('a checkpoint', async () => Number((await h.sql('select max(size) as n from evidence.checkpoint where note is not null'))[0]?.['n']) >= size);
    return session;
  };
  await session();
  await h.stop();
  await h.postgres.sql(`create database yesterday template ${h.database.name}`, 'postgres');
  await h.start();
  await session();
  const victim = await session();
  for (let n = 0; n < 3; n++) await session();
  for (const { size, note } of await h.sql('select size::int, note from evidence.checkpoint where note is not null order by size')) notes.set(Number(size), String(note));
  await h.stop();
  kept = [...notes].map(([size, note]) => ({ name: `checkpoint-${size}`, bytes: new TextEncoder().encode(note) }));
  vkey = keyOf(await signer());
  const [row] = await h.sql(`select l.at, l.event_id, b.tableoid::regclass::text as partition from evidence.ledger l join evidence.event_body b on b.id = l.event_id join evidence.event_idx i on i.at = l.at
    where i.sid = '${victim}' and i.type = 'command.decided' order by l.at limit 1`);
  places = { at: String(row?.['at']), victim: String(row?.['event_id']), sid: victim, partition: String(row?.['partition']).replace(/^evidence\./, ''), forged: uuidv7(), other: uuidv7() };
});
afterAll(async () => {
  process.stdout.write(`\n${threatTable(trials)}\n`);
  await h[Symbol.asyncDispose]();
});

const signer = async () => noteSigner(log, signingKeyFromPem(await readFile(h.env['SALLYPORT_LOG_KEY'] ?? '', 'utf8')));
const keyOf = ({ key }: Awaited<ReturnType<typeof signer>>) => `${key.name}+${key.keyId.toString(16).padStart(8, '0')}+${Buffer.from([key.type, ...key.publicKey]).toString('base64')}`;

let copies = 0;
async function copy(of = h.database.name): Promise<string> {
  const name = `copy_${++copies}`;
  await h.postgres.sql(`create database ${name} template ${of}`, 'postgres');
  return name;
}

const sqlOf = ({ sql }: Attack) => `set search_path = evidence;${sql.replaceAll(/:(at|victim|sid|partition|forged|other)\b/g, (_, name: string) => places[name] ?? '')}`;
const roles = { service: (name: string) => h.database.dsn('evidence').replace(/\/[^/]*$/, `/${name}`), owner: (name: string) => h.database.ownerDsn.replace(/\/[^/]*$/, `/${name}`), superuser: (name: string) => h.postgres.dsn(name) };

async function as(role: keyof typeof roles, name: string, text: string): Promise<string> {
  const client = new pg.Client({ connectionString: roles[role](name) });
  await client.connect();
  try {
    return await client.query(text).then(() => 'done', (error: unknown) => (error instanceof pg.DatabaseError ? (error.code ?? 'error') : 'error'));
  } finally {
    await client.end();
  }
}

/** What `sallyport evidence verify db` does, with the ledger as the service's own role sees it. */
async function verified(name: string, checkpoints = kept) {
  const client = new pg.Client({ connectionString: roles.service(name) });
  await client.connect();
  try {
    const verifier = new Verifier('ledger');
    const leaves = new LedgerLog(checkpoints, [vkey]);
    const { rows } = await client.query<{ at: string; event_id: string; body: Buffer; sha256: Buffer }>('select at, event_id, body, sha256 from evidence.ledger_events order by at');
    const blobs = (await client.query<{ event_id: string; bytes: Buffer }>('select event_id, bytes from evidence.blobs')).rows;
    const written = new Map<string, string>();
    for (const { at, event_id, body, sha256 } of rows) {
      written.set(event_id, parseEnvelope(body).t.wall);
      verifier.add({ bytes: body, sha256: sha256.toString('hex'), blobs: blobs.filter((blob) => blob.event_id === event_id).map(({ bytes }) => bytes) });
      leaves.add(Number(at) - 1, leafHash(body), written.get(event_id) ?? null);
    }
    const [chains, tree] = [verifier.finish().findings, leaves.finish().faults];
    const where = (id: string | null) => (id === null ? '' : ` (event ${id}, written ${written.get(id) ?? 'at a time that is gone with it'})`);
    return [...tree.map(({ kind, say }) => ({ kind: kind as string, say })), ...chains.map(({ kind, say, where: { id } }) => ({ kind: kind as string, say: `${say}${where(id)}` }))];
  } finally {
    await client.end();
  }
}

const tampering = new Set(['changed', 'extra', 'reordered', 'malformed', 'blob', 'forged', 'root', 'fork', 'leaf']);
const exitOf = (found: readonly { readonly kind: string }[]) => (found.length === 0 ? 0 : found.some(({ kind }) => tampering.has(kind)) ? 20 : 21);

describe('the ledger as it is', () => {
  it('verifies, and agrees with every checkpoint that was kept', async () => {
    expect(kept.length).toBeGreaterThan(2);
    expect(await verified(await copy())).toEqual([]);
  });
});

describe.each(attacks)('somebody tries to $name', (attack) => {
  it('and is refused as the service, found out as owner and as superuser', async () => {
    const mine = await copy();
    const service = await as('service', mine, sqlOf(attack));
    expect(service).toBe('42501');
    expect(await verified(mine)).toEqual([]);
    const outcomes: Partial<Record<'owner' | 'superuser', string>> = {};
    for (const role of ['owner', 'superuser'] as const) {
      const theirs = await copy();
      expect([role, await as(role, theirs, sqlOf(attack))]).toEqual([role, 'done']);
      const found = await verified(theirs);
      const named = found.find(({ kind, say }) => kind === attack.kind && attack.names.test(say));
      expect(named, JSON.stringify(found, null, 1)).toBeDefined();
      expect([role, exitOf(found)]).toEqual([role, attack.exit]);
      outcomes[role] = String(attack.exit);
      const event = found.find(({ say }) => say !== named?.say && /\(event |of producer/.test(say));
      const told = [named?.say, event?.say].filter((say) => say !== undefined).join('; ');
      if (role === 'superuser') trials.push({ attack: attack.name, service, owner: outcomes.owner ?? '', superuser: outcomes.superuser ?? '', named: told });
    }
  });
});

describe('somebody brings yesterday’s backup back', () => {
  it('and the checkpoints of today name what is gone', async () => {
    const found = await verified(await copy('yesterday'));
    expect(exitOf(found)).toBe(21);
    expect(found[0]).toMatchObject({ kind: 'missing-leaf', say: expect.stringMatching(/^the ledger ends after \d+ leaves; checkpoint-\d+ was signed over/) });
    trials.push({ attack: 'bring an old backup back', service: 'cannot', owner: '21', superuser: '21', named: found[0]?.say ?? '' });
  });
});

describe('somebody with the database and the log’s key', () => {
  it('forks the log after a checkpoint: the fork’s own checkpoint verifies, each kept one after it does not', async () => {
    const name = await copy();
    const edit = attacks.find(({ name }) => name.startsWith('edit it'));
    if (edit === undefined) throw new Error('the attack has another name now');
    expect(await as('superuser', name, sqlOf(edit))).toBe('done');
    const leaves = (await h.postgres.sql('select body from evidence.ledger_events order by at', name)).map(({ body }) => leafHash(body as Buffer));
    const forked = new CompactRange();
    forked.appendAll(leaves);
    const text = parseNote(kept.at(-1)?.bytes ?? '').text;
    const note = signCheckpoint({ origin: text.split('\n')[0] ?? '', size: leaves.length, root: forked.root() }, await signer());
    const fork = { name: 'checkpoint of the fork', bytes: new TextEncoder().encode(note) };
    expect((await verified(name, [fork])).filter(({ kind }) => kind === 'root')).toEqual([]);
    const found = await verified(name, [...kept, fork]);
    expect(found.filter(({ kind }) => kind === 'root')).toHaveLength(1);
    expect(exitOf(found)).toBe(20);
    trials.push({ attack: 'fork the log after a checkpoint, with the log’s key', service: 'cannot', owner: '20', superuser: '20', named: found.find(({ kind }) => kind === 'root')?.say ?? '' });
    const same = { name: 'kept elsewhere', bytes: new TextEncoder().encode(signCheckpoint({ origin: text.split('\n')[0] ?? '', size: leaves.length, root: new Uint8Array(32) }, await signer())) };
    expect((await verified(name, [fork, same])).some(({ kind }) => kind === 'fork')).toBe(true);
  });
});

describe('what no checkpoint covers yet', () => {
  it('can be cut off unseen when the gateway’s journal and the bus lose it too: the limit that is told', async () => {
    const name = await copy();
    const before = kept.slice(0, 1);
    const covered = Number(parseNote(before[0]?.bytes ?? '').text.split('\n')[1]);
    expect(await as('superuser', name, sqlOf({ name: '', kind: '', exit: 21, names: /x/, sql: attacks.find(({ name }) => name.startsWith('cut off'))?.sql.replace('at > :at', `at > ${covered}`) ?? '' }))).toBe('done');
    expect((await verified(name, before)).filter(({ kind }) => kind !== 'silent' && kind !== 'unclosed')).toEqual([]);
  });
});
