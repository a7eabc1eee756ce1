import { randomBytes, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { approvalsShow, approvalsSpend, fail, maskingApply, maskingList, ok, type Bus, type Caller, type ChangeAuthority, type ChangeTerms, type Removal, type Reply } from '@sallyport/platform-bus';
import { changeSubject } from '@sallyport/platform-config';
import { boot, type Running } from '@sallyport/platform-runtime';
import { migrate } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { bootstrapDatabase, settingsOf, startNats, startPostgres, tempDir, type Database, type NatsServer, type PostgresServer, type Settings, type TempDir } from '@sallyport/testing-stack';
import type { z } from 'zod';
import { maskingConfig } from './config.ts';
import { startMasking } from './service.ts';
import { column, raw } from './testing/documents.ts';

let nats: NatsServer;
let postgres: PostgresServer;
let database: Database;
let directory: TempDir;
let settings: Settings;
let governance: Bus;
const services: Running[] = [];
/** What was spent, and what the scripted approvals service answers to the next one. */
const spent: string[] = [];
let spending: Reply<{ by: string[]; at: string }> = ok({ by: ['bob'], at: '2026-11-23T10:00:00.000000Z' });

/** Whom the scripted approvals were asked of. */
let asked = [{ group: 'security', count: 1 }];

const admin: Caller = { person: 'root', roles: ['admin'], groups: [], source: '127.0.0.1' };
const controlled = { changeControl: [{ kinds: ['Classification'], approvers: [{ group: 'security', count: 1 }] }] };

async function start(): Promise<void> {
  services.push(await boot(
    { name: 'masking', config: maskingConfig, start: ({ config, env, log, bus, readiness }) => startMasking({ config, tenant: env.tenant, log, bus, readiness, everyMs: 50 }) },
    { SALLYPORT_NATS: nats.url, SALLYPORT_NATS_PASSWORD: nats.passwords.masking, SALLYPORT_DSN: database.dsn('masking'), SALLYPORT_HTTP: '127.0.0.1:0', SALLYPORT_TOKEN_KEY: join(directory.path, 'token-key') },
    silentLog,
  ));
}

beforeAll(async () => {
  [nats, postgres, directory] = await Promise.all([startNats(), startPostgres(), tempDir('sallyport-masking')]);
  database = await bootstrapDatabase(postgres);
  await writeFile(join(directory.path, 'token-key'), randomBytes(32).toString('base64url'));
  await migrate({ dsn: database.ownerDsn, schema: 'masking', directory: join(import.meta.dirname, '../migrations'), log: silentLog });
  settings = await settingsOf(nats);
  const approvals = await nats.connect('approvals');
  approvals.nc.subscribe(approvalsSpend.subject, {
    callback: (_error, message) => {
      const { approval, subject } = approvalsSpend.request.parse(message.json());
      const again = spent.includes(approval);
      if (!again && spending.ok) spent.push(approval);
      message.respond(JSON.stringify(again ? fail('spent', 'already') : spending.ok && subject.id.endsWith('/masking') ? spending : spending.ok ? fail('mismatch', 'pci.pan') : spending));
    },
  });
  approvals.nc.subscribe(approvalsShow.subject, {
    callback: (_error, message) => {
      const { approval } = approvalsShow.request.parse(message.json());
      const none = { machine: null, owner: null, target: null, environment: null, session: null, command: null, text: null, parameters: null };
      const shown: z.input<typeof approvalsShow.value> = { id: approval, state: 'approved', subject: null, requester: 'person:x', source: '', shape: '', effects: [], rules: [], say: '', quorum: asked, created: '', expires: '', votes: [], ...none };
      message.respond(JSON.stringify(ok(shown)));
    },
  });
  await approvals.nc.flush();
  await start();
  // A second process of the service answers, too.
  await start();
  governance = await nats.connect('governance');
});
afterAll(async () => {
  for (const service of services) await service.stop();
  await Promise.all([nats[Symbol.asyncDispose](), postgres[Symbol.asyncDispose](), directory[Symbol.asyncDispose]()]);
});
beforeEach(() => {
  settings.say(controlled);
  spending = ok({ by: ['bob'], at: '2026-11-23T10:00:00.000000Z' });
});

const apply = (documents: readonly unknown[], over: { dryRun?: boolean; change?: ChangeAuthority | null; by?: Caller; remove?: Removal[] } = {}) =>
  governance.call(maskingApply, { by: over.by ?? admin, documents: [...documents], dryRun: over.dryRun ?? false, prune: false, remove: over.remove ?? [], change: over.change ?? null }, 15_000);
const code = (reply: Reply<unknown>) => (reply.ok ? 'ok' : reply.error.code);
const terms = async (documents: readonly unknown[], remove: Removal[] = []): Promise<ChangeTerms> => {
  const tried = await apply(documents, { dryRun: true, remove });
  if (!tried.ok || tried.value.terms === null) throw new Error('no terms');
  return tried.value.terms;
};
const under = async (documents: readonly unknown[], over: Partial<ChangeAuthority> = {}): Promise<ChangeAuthority> => ({ id: randomUUID(), round: 1, approval: randomUUID(), binding: (await terms(documents)).binding, ...over });
const names = async () => {
  const reply = await governance.call(maskingList, { name: null });
  return reply.ok ? reply.value.documents.map((one) => (one as { metadata: { name: string } }).metadata.name) : [];
};
const events = async () => (await postgres.sql('select event from masking.outbox order by pseq', database.name)).flatMap(({ event }): { type: string; d: Record<string, unknown>; auth: { approval: string } | null }[] => (Buffer.isBuffer(event) ? [JSON.parse(event.toString('utf8'))] : [])).filter(({ type }) => type.startsWith('config.'));
const doc = (name: string, tag = 'us.ssn') => raw(name, 'ledger-db', [column(`ledger.${name}.secret`, tag, 'redact')]);

describe('a classification under change control', () => {
  it('is not changed directly, the bootstrap administrator’s word included, and says the way; the refusal is evidence', async () => {
    for (const by of [admin, { ...admin, person: 'bootstrap-admin' }]) {
      expect(await apply([doc('direct')], { by })).toMatchObject({ ok: false, error: { code: 'change-required', say: expect.stringContaining('sallyport changes propose') } });
      expect((await events()).at(-1)).toMatchObject({ type: 'config.refused', d: { kind: 'Classification', name: '*', code: 'change-required' } });
    }
    expect(await names()).toEqual([]);
    expect(await terms([doc('direct')])).toMatchObject({ kinds: ['Classification'], approvers: [{ group: 'security', count: 1 }] });
  });

  it('is not changed while it cannot be known whether it is controlled', async () => {
    settings.say('silent');
    expect(code(await apply([doc('unknown')]))).toBe('unavailable');
    settings.say({ changeControl: 'nonsense' });
    expect(code(await apply([doc('unknown')]))).toBe('unavailable');
    expect(await names()).toEqual([]);
  }, 30_000);

  it('is changed with an approval of exactly this, once, whatever is asked again', async () => {
    const change = await under([doc('first')]);
    expect(code(await apply([doc('first', 'pci.pan')], { change }))).toBe('base-moved');
    expect(code(await apply([doc('first')], { change: { ...change, approval: null } }))).toBe('not-approved');
    expect(spent).not.toContain(change.approval);
    expect(await apply([doc('first')], { change })).toMatchObject({ ok: true, value: { changes: [{ kind: 'Classification', name: 'first', change: 'created', version: 1 }] } });
    expect((await events()).at(-1)).toMatchObject({ type: 'config.changed', d: { name: 'first' }, auth: { approval: change.approval } });
    const count = (await events()).length;
    expect(await apply([doc('first')], { change })).toMatchObject({ ok: true, value: { changes: [] } });
    expect((await events()).length).toBe(count);
    expect(changeSubject(change.id, 1, 'masking')).toBe(`${change.id}/1/masking`);
  });

  it('is not changed without the people’s yes, and not by the approval of something else', async () => {
    const change = await under([doc('second')]);
    for (const no of ['not-approved', 'expired', 'mismatch', 'not-found', 'unavailable']) {
      spending = fail(no, 'no');
      expect(code(await apply([doc('second')], { change }))).toBe(no);
    }
    expect(await names()).toEqual(['first']);
  });

  it('is not changed by the approval of people whom the settings do not name, whoever asked them', async () => {
    const change = await under([doc('second')]);
    for (const others of [[{ group: 'friends', count: 1 }], [{ group: 'security', count: 2 }], [], [{ group: 'security', count: 1 }, { group: 'friends', count: 1 }]]) {
      asked = others;
      expect(code(await apply([doc('second')], { change }))).toBe('mismatch');
    }
    asked = [{ group: 'security', count: 1 }];
    expect(spent).not.toContain(change.approval);
    expect(await names()).toEqual(['first']);
  });

  it('whose approval was spent by a process that died before it wrote is written by the next one', async () => {
    const change = await under([doc('third')]);
    spent.push(change.approval ?? '');
    expect(code(await apply([doc('third')], { change }))).toBe('ok');
    expect(await names()).toEqual(['first', 'third']);
  });

  it('that moved since it was approved has to be approved anew', async () => {
    const change = await under([doc('third', 'tag.a')]);
    expect(code(await apply([doc('third', 'tag.b')], { change: await under([doc('third', 'tag.b')]) }))).toBe('ok');
    expect(code(await apply([doc('third', 'tag.a')], { change }))).toBe('base-moved');
    expect(spent).not.toContain(change.approval);
  });

  it('for which others have to agree by now has to be approved anew', async () => {
    const change = await under([doc('third', 'tag.c')]);
    settings.say({ changeControl: [{ kinds: ['Classification'], approvers: [{ group: 'security', count: 2 }] }] });
    expect(code(await apply([doc('third', 'tag.c')], { change }))).toBe('base-moved');
  });

  it('is written once of twenty that ask for it at once, in two processes', async () => {
    const change = await under([doc('many')]);
    const replies = await Promise.all(Array.from({ length: 20 }, () => apply([doc('many')], { change })));
    expect(replies.map(code).filter((one) => one !== 'ok')).toEqual([]);
    expect((await events()).filter(({ type, d }) => type === 'config.changed' && d['name'] === 'many')).toHaveLength(1);
  });

  it('is removed by name under the same rule, and only what stands', async () => {
    const remove = [{ kind: 'Classification', name: 'many' }];
    expect(code(await apply([], { remove }))).toBe('change-required');
    expect(code(await apply([], { remove: [{ kind: 'Classification', name: 'nothing' }] }))).toBe('invalid');
    expect(code(await apply([doc('many')], { remove }))).toBe('invalid');
    const change = { id: randomUUID(), round: 1, approval: randomUUID(), binding: (await terms([], remove)).binding };
    expect(code(await apply([], { remove, change }))).toBe('ok');
    expect(await names()).toEqual(['first', 'third']);
  });

  it('has neither change nor event when the event cannot be written', async () => {
    settings.say(null);
    await postgres.sql(`create function masking.no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$; create trigger no before insert on masking.outbox for each row execute function masking.no()`, database.name);
    expect(code(await apply([doc('lost')]))).toBe('unavailable');
    await postgres.sql('drop trigger no on masking.outbox; drop function masking.no()', database.name);
    expect(await names()).toEqual(['first', 'third']);
    expect(code(await apply([doc('kept')]))).toBe('ok');
  });
});
