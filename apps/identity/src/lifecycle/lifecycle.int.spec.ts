import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  buckets, identityApply, identityMachine, identityMachineAccept, identityMachineAgree, identityMachineRetire, identityMachines, identityMachineSuspend, identityMachineTransfer, identityPeople, identityPerson, identitySignal, leaseChanged, subjects,
  type Bus, type Caller,
} from '@sallyport/platform-bus';
import { boot, type Running } from '@sallyport/platform-runtime';
import { silentLog } from '@sallyport/platform-telemetry';
import { identityConfig } from '../config.ts';
import { startIdentity } from '../service.ts';
import { approvers, binding, issuer, machine, person, raw, target, type Raw } from '../testing/documents.ts';
import { IdentityHouse } from '../testing/house.ts';

let house: IdentityHouse;
let governance: Bus;

const day = 86_400_000;
const as = (name: string, ...roles: string[]): Caller => ({ person: name, roles, groups: [], source: '127.0.0.1' });
const root = as('root', 'admin');

beforeAll(async () => {
  house = await IdentityHouse.open();
  governance = await house.nats.connect('governance');
  await house.apply([
    issuer(house.pinned), target('box'), person('root', { roles: ['admin'] }), person('olga', { roles: ['operator'] }), person('carol', { roles: ['approver'] }), person('dan', { roles: ['approver'] }), person('nobody', { roles: [] }),
    ...['alice', 'bob', 'erin', 'fred', 'gina'].map((name) => person(name, { roles: [], directoryIds: [`${name}@bank.example`] })),
  ]);
});
afterAll(async () => house[Symbol.asyncDispose]());

/** A machine of its own for each story, owned by alice with bob behind her unless said otherwise. */
const own = (name: string, spec: Readonly<Record<string, unknown>> = {}): Raw => machine(name, { bindings: [binding({ workload_id: name })], ...spec });
const token = (name: string) => house.mint({ workload_id: name });
const come = async (name: string) => house.resolve(await token(name), { target: null });
const moment = () => new Date(Date.now() + house.ahead).toISOString();

async function signal(kind: 'left' | 'returned', who: string, options: { readonly source?: 'scim' | 'hr' | 'ssf'; readonly at?: string; readonly ref?: string } = {}) {
  const reply = await governance.call(identitySignal, { source: options.source ?? 'scim', kind, person: who, at: options.at ?? moment(), ref: options.ref ?? null, reason: 'the directory says so' });
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.say}`);
  return reply.value;
}
const answer = (reply: { ok: true; value: unknown } | { ok: false; error: { code: string } }): string => (reply.ok ? 'ok' : reply.error.code);
const transfer = async (by: Caller, name: string, to: string, backup: string | null = null) => answer(await house.console.call(identityMachineTransfer, { by, machine: name, to, backup, reason: 'somebody has to answer for it' }));
const accept = async (by: Caller, name: string, backup: string | null = null) => answer(await house.console.call(identityMachineAccept, { by, machine: name, backup }));
const agree = async (by: Caller, name: string) => answer(await house.console.call(identityMachineAgree, { by, machine: name }));
async function stateOf(name: string): Promise<string> {
  const reply = await house.console.call(identityMachine, { by: root, machine: name });
  return reply.ok ? (reply.value.machine?.state ?? 'removed') : reply.error.code;
}
const since = async (count: number) => (await house.events()).slice(count);
const count = async () => (await house.events()).length;
const back = async (...people: string[]) => {
  for (const one of people) await house.console.call(identityPerson, { by: root, person: one, kind: 'returned', reason: 'the story is over' });
};

describe('somebody leaves on Friday', () => {
  it('and the nightly job is stopped before the directory has its answer, until a new owner accepts it and somebody else agrees', async () => {
    await house.apply([own('nightly')]);
    const held = await token('nightly');
    expect(await house.resolve(held)).toBe('nightly');
    const ticket = await house.ticket({ subject_token: held });
    const heard: unknown[] = [];
    const stop = house.gateway.subscribe(subjects.leaseChanged, leaseChanged, (scope) => heard.push(scope));
    await house.gateway.nc.flush();

    const from = await count();
    const began = performance.now();
    expect(await signal('left', 'alice@bank.example', { ref: 'scim-7' })).toEqual({ person: 'alice', changed: true, suspended: ['nightly'], attention: [] });
    const took = performance.now() - began;
    expect(await house.resolve(held)).toBe('unauthorized: the owner of machine nightly is no longer active; it needs a new one (owner-inactive)');
    expect(await house.resolve(ticket)).toContain('(owner-inactive)');
    await expect.poll(() => heard).toContainEqual({ machine: 'nightly', target: null, behalf: null, why: 'its owner alice is no longer active', policy: null });
    process.stdout.write(`identity.signal: ${took.toFixed(0)} ms until the machine was suspended, its ticket revoked and the bucket told\n`);
    stop();
    const told = (await since(from)).filter(({ type }) => !type.startsWith('auth.'));
    expect(told.map(({ type }) => type)).toEqual(expect.arrayContaining(['signal.received', 'person.left', 'nhi.state_changed', 'nhi.suspended', 'token.revoked', 'nhi.transfer_requested']));
    expect(told.slice(0, 6)).toMatchObject([
      { type: 'signal.received', d: { source: 'scim', kind: 'left', person: 'alice', ref: 'scim-7', outcome: 'left' } },
      { type: 'person.left', d: { person: 'alice', source: 'scim', count: 1, machines: ['nightly'] } },
      { type: 'nhi.state_changed', d: { machine: 'nightly', from: 'active', to: 'suspended', until: null } },
      { type: 'nhi.suspended', d: { machine: 'nightly' } },
      { type: 'token.revoked', d: { machine: 'nightly', count: 1 } },
      { type: 'nhi.transfer_requested', d: { machine: 'nightly', owner: 'bob', previous_owner: 'alice' } },
    ]);
    expect(await (await house.gateway.kv(buckets.inventory)).get('machine.nightly')).toMatchObject({ spec: { state: 'suspended' } });
    expect(await (await house.gateway.kv(buckets.inventory)).get('person.alice')).toMatchObject({ spec: { active: false } });

    // Nobody of those concerned makes it work alone, and nothing does it before it was accepted.
    expect(await agree(as('carol', 'approver'), 'nightly')).toBe('not-accepted');
    expect(await accept(as('erin'), 'nightly')).toBe('denied');
    expect(await transfer(as('olga', 'operator'), 'nightly', 'alice')).toBe('owner-left');
    expect(await transfer(as('nobody'), 'nightly', 'erin')).toBe('denied');
    expect(await transfer(as('carol', 'approver'), 'nightly', 'zoe')).toBe('denied');
    expect(await transfer(as('olga', 'operator'), 'nightly', 'zoe')).toBe('person-unknown');
    expect(await transfer(as('olga', 'operator'), 'nightly', 'erin')).toBe('ok');
    expect(await accept(as('bob'), 'nightly')).toBe('denied');
    expect(await accept(as('erin'), 'nightly')).toBe('ok');
    expect(await accept(as('erin'), 'nightly')).toBe('ok');
    for (const [by, code] of [[as('erin', 'approver'), 'self-approval'], [as('alice', 'approver'), 'self-approval'], [as('olga', 'operator', 'approver'), 'self-approval'], [as('nobody'), 'not-an-approver'], [as('nobody', 'admin'), 'not-an-approver'], [as('bootstrap', 'admin'), 'not-an-approver']] as const) {
      expect(await agree(by, 'nightly'), by.person).toBe(code);
    }
    expect(await house.resolve(held)).toContain('(owner-inactive)');
    const before = await count();
    expect(await agree(as('carol', 'approver'), 'nightly')).toBe('ok');
    expect((await since(before)).filter(({ type }) => !type.startsWith('auth.'))).toMatchObject([
      { type: 'operator.acted', who: { id: 'person:carol' }, d: { action: 'machine.agree', object: 'nightly', ok: true } },
      { type: 'config.changed', who: { id: 'person:carol' }, d: { kind: 'Machine', name: 'nightly', change: 'updated', version: 2 } },
      { type: 'nhi.recorded', d: { machine: 'nightly', version: 2, owner: 'erin', backup_owner: 'bob', state: 'active', source: 'transfer' } },
      { type: 'nhi.state_changed', d: { machine: 'nightly', from: 'suspended', to: 'active' } },
      { type: 'nhi.reactivated', who: { id: 'person:carol' }, d: { machine: 'nightly', owner: 'erin', approved_by: ['carol'] } },
    ]);
    expect(await house.resolve(held)).toBe('nightly');
    // What was revoked stays revoked.
    expect(await house.resolve(ticket)).toContain('(ticket-revoked)');
    expect(await (await house.gateway.kv(buckets.inventory)).get('machine.nightly')).toMatchObject({ spec: { state: 'active', owner: 'erin' } });
  });

  it('and an old file that still names him is refused, with who answers for it now', async () => {
    const reply = await house.console.call(identityApply, { by: root, documents: [own('nightly')], dryRun: false, prune: false });
    expect(reply).toMatchObject({ ok: false, error: { code: 'invalid', say: expect.stringMatching(/Machine\/nightly: spec\.owner: alice left on \d{4}-\d\d-\d\d \(scim\); it is erin now: correct the file \(owner-left\)/) } });
    expect(await house.last()).toMatchObject({ type: 'config.refused', d: { code: 'owner-left' } });
    expect(await come('nightly')).toBe('nightly');
  });

  it('and the history says all of it, and who did it', async () => {
    const reply = await house.console.call(identityMachine, { by: root, machine: 'nightly' });
    if (!reply.ok) throw new Error(reply.error.say);
    const { machine: shown, versions, statuses, transfers } = reply.value;
    expect(shown).toMatchObject({ owner: 'erin', state: 'active', held: [], transfer: null });
    expect(versions.map(({ version, author }) => `${version} ${author}`)).toEqual(['2 erin, carol', '1 root']);
    expect(statuses.map(({ cause, state, by }) => `${cause} ${state} ${by}`)).toEqual(['owner-gone cleared person:carol', 'owner-gone suspended identity']);
    expect(transfers.map(({ newOwner, requestedBy, state }) => `${newOwner} ${requestedBy ?? '-'} ${state}`)).toEqual(['erin olga done', 'bob - replaced']);
    expect(transfers[0]?.agreed).toMatchObject([{ person: 'carol' }]);
    for (const table of ['machine_status', 'person_word']) for (const text of [`update identity.${table} set recorded = now()`, `delete from identity.${table}`, `truncate identity.${table}`]) await expect(house.postgres.sql(text, house.database.name)).rejects.toThrow(/only ever added/);
    await back('alice');
  });
});

describe('a signal', () => {
  it('that comes twice changes nothing the second time, and says so', async () => {
    await house.apply([own('twice', { owner: 'fred' })]);
    const at = moment();
    expect((await signal('left', 'fred', { at })).changed).toBe(true);
    const before = await count();
    expect(await signal('left', 'fred', { at })).toEqual({ person: 'fred', changed: false, suspended: [], attention: [] });
    expect(await since(before)).toMatchObject([{ type: 'signal.received', d: { outcome: 'unchanged' } }]);
    expect(await signal('returned', 'fred', { at: new Date(Date.parse(at) - 1000).toISOString() })).toMatchObject({ changed: false });
    await back('fred');
  });

  it('about nobody is recorded and no error; one that is not a directory’s is refused', async () => {
    expect(await signal('left', 'who@is.this')).toEqual({ person: null, changed: false, suspended: [], attention: [] });
    expect(await house.last()).toMatchObject({ type: 'signal.received', d: { person: null, outcome: 'nobody' } });
    for (const bad of [{ at: 'soon' }, { at: '2999-01-01T00:00:00Z' }, { source: 'operator' as const }, { source: 'contract' as const }]) {
      expect(answer(await governance.call(identitySignal, { source: 'hr', kind: 'left', person: 'gina', at: moment(), ref: null, reason: '', ...bad }))).toBe('invalid');
    }
    expect(await house.console.call(identityPeople, { by: root, gone: true, after: null, limit: 10 })).toMatchObject({ value: { people: [], total: 0 } });
  });

  it('of one source is not taken back by another, and an operator’s word takes back all but what documents say', async () => {
    await house.apply([own('sources', { owner: 'fred', criticality: 'low' })]);
    await signal('left', 'fred', { source: 'hr' });
    await signal('left', 'fred', { source: 'scim' });
    expect((await signal('returned', 'fred', { source: 'scim' })).changed).toBe(true);
    expect(await stateOf('sources')).toBe('attention');
    expect(answer(await house.console.call(identityPerson, { by: as('olga', 'operator'), person: 'fred', kind: 'returned', reason: 'a mistake of HR' }))).toBe('denied');
    expect(await house.last()).toMatchObject({ type: 'operator.acted', who: { id: 'person:olga' }, d: { action: 'person.returned', object: 'fred', ok: false, code: 'denied' } });
    expect(await house.console.call(identityPerson, { by: root, person: 'fred', kind: 'returned', reason: 'a mistake of HR' })).toMatchObject({ ok: true, value: { changed: true } });
    expect(await stateOf('sources')).toBe('active');
    await house.apply([person('fred', { roles: [], active: false })]);
    expect(answer(await house.console.call(identityPerson, { by: root, person: 'fred', kind: 'returned', reason: 'he is here' }))).toBe('document-says-left');
    expect(await house.resolve(await house.mint({ sub: 'fred', workload_id: undefined }), { expect: 'person', target: null })).toContain('(person-inactive)');
    await house.apply([person('fred', { roles: [] })]);
  });

  it('makes less critical machines work on for the grace, without anything new, and stop when it is over', async () => {
    await house.apply([own('slow', { owner: 'gina', criticality: 'medium' })]);
    expect(await signal('left', 'gina')).toMatchObject({ suspended: [], attention: ['slow'] });
    expect(await come('slow')).toBe('slow');
    expect(await (await house.gateway.kv(buckets.inventory)).get('machine.slow')).toMatchObject({ spec: { state: 'attention' } });
    house.ahead += 7 * day + 1000;
    await expect.poll(() => stateOf('slow'), { timeout: 10_000 }).toBe('suspended');
    expect(await come('slow')).toContain('(owner-inactive)');
    const suspended = (await house.events()).filter(({ type, d }) => type === 'nhi.suspended' && d['machine'] === 'slow');
    expect(suspended).toMatchObject([{ who: null, d: { why: 'its owner gina is no longer active, and nobody else answered for it in time' } }]);
    // The backup owner was asked at once; as the new owner he needs somebody behind him.
    expect(await accept(as('bob'), 'slow')).toBe('backup-needed');
    expect(await accept(as('bob'), 'slow', 'bob')).toBe('backup-needed');
    expect(await accept(as('bob'), 'slow', 'gina')).toBe('backup-needed');
    expect(await accept(as('bob'), 'slow', 'erin')).toBe('ok');
    house.ahead += 14 * day + 1000;
    expect(await agree(as('dan', 'approver'), 'slow')).toBe('expired');
    expect(await accept(as('bob'), 'slow', 'erin')).toBe('ok');
    expect(await agree(as('dan', 'approver'), 'slow')).toBe('ok');
    expect(await come('slow')).toBe('slow');
    await back('gina');
  });
});

describe('people stop machines', () => {
  it('at once, each alone; and nobody alone makes one work again', async () => {
    await house.apply([own('stopped')]);
    expect(answer(await house.console.call(identityMachineSuspend, { by: as('carol', 'approver'), machine: 'stopped', reason: 'it looks odd' }))).toBe('denied');
    expect(answer(await house.console.call(identityMachineSuspend, { by: root, machine: 'none', reason: 'it looks odd' }))).toBe('not-found');
    expect(await house.console.call(identityMachineSuspend, { by: as('olga', 'operator'), machine: 'stopped', reason: 'it looks odd: see the shop’s secret ticket 7' })).toMatchObject({ value: { state: 'suspended', changed: true } });
    expect(await house.console.call(identityMachineSuspend, { by: root, machine: 'stopped', reason: 'again' })).toMatchObject({ value: { state: 'suspended', changed: false } });
    const refused = await come('stopped');
    expect(refused).toMatch(/^unauthorized: machine stopped is suspended since .* \(machine-suspended\)$/);
    expect(refused).not.toContain('secret');
    await house.apply([own('stopped', { purpose: 'closes the books of another day' })]);
    expect(await come('stopped')).toContain('(machine-suspended)');
    expect(await transfer(root, 'stopped', 'alice')).toBe('ok');
    expect(await accept(as('alice'), 'stopped')).toBe('ok');
    expect(await agree(root, 'stopped')).toBe('self-approval');
    expect(await agree(as('carol', 'approver'), 'stopped')).toBe('ok');
    expect(await come('stopped')).toBe('stopped');
  });

  it('for ever, and another machine takes its place under another name', async () => {
    await house.apply([own('old')]);
    expect(answer(await house.console.call(identityMachineRetire, { by: as('olga', 'operator'), machine: 'old', reason: 'not needed' }))).toBe('denied');
    expect(await house.console.call(identityMachineRetire, { by: root, machine: 'old', reason: 'not needed' })).toMatchObject({ value: { state: 'retired', changed: true } });
    expect(await come('old')).toBe('unauthorized: machine old is retired (machine-retired)');
    expect(answer(await house.console.call(identityApply, { by: root, documents: [own('old')], dryRun: false, prune: false }))).toBe('invalid');
    expect(await house.last()).toMatchObject({ type: 'config.refused', d: { code: 'machine-retired' } });
    expect(await transfer(root, 'old', 'bob', 'erin')).toBe('machine-retired');
    expect(answer(await house.console.call(identityMachineSuspend, { by: root, machine: 'old', reason: 'again' }))).toBe('machine-retired');
    await house.apply([own('young', { bindings: own('old').spec['bindings'] })]);
    expect(await come('old')).toBe('young');
  });
});

describe('seats', () => {
  it('that the settings ask for are all taken, by different people, before a machine works again', async () => {
    await house.apply([approvers('risk', ['carol', 'dan']), approvers('dba', ['carol', 'olga']), raw('Governance', 'default', { reactivation: [{ group: 'risk', count: 1 }, { group: 'dba', count: 1 }] }), own('seated')]);
    await house.console.call(identityMachineSuspend, { by: root, machine: 'seated', reason: 'an incident' });
    await transfer(root, 'seated', 'alice');
    await accept(as('alice'), 'seated');
    expect(await agree(as('nobody', 'approver'), 'seated')).toBe('not-an-approver');
    expect(await agree(as('carol', 'approver'), 'seated')).toBe('ok');
    expect(await agree(as('carol', 'approver'), 'seated')).toBe('already-voted');
    expect(await stateOf('seated')).toBe('suspended');
    expect(await agree(as('dan', 'approver'), 'seated')).toBe('ok');
    expect(await stateOf('seated')).toBe('active');
    await house.apply([raw('Governance', 'default', {})]);
  });
});

describe('time alone', () => {
  it('ends contracts, and warns of it once at 30, 7 and 1 days, over restarts and in two processes', async () => {
    const ends = new Date(Date.now() + house.ahead + 31 * day).toISOString().slice(0, 10);
    await house.apply([person('erin', { roles: [], employment: 'contractor', contractEnd: ends }), own('contract', { owner: 'erin' }), own('vendor', { criticality: 'low', vendor: { name: 'Acme', contractEnd: ends } })]);
    const second = await another();
    const warned = async () => (await house.events()).filter(({ type }) => type === 'contract.ending').map(({ d }) => `${String(d['of'])} ${String(d['name'])} ${String(d['days'])}`).toSorted();
    expect(await warned()).toEqual([]);
    const seen: string[] = [];
    for (const [days, ahead] of [[30, 1], [7, 23], [1, 6]] as const) {
      house.ahead += ahead * day;
      seen.push(`person erin ${days}`, `vendor Acme ${days}`);
      await expect.poll(warned, { timeout: 10_000 }).toEqual(seen.toSorted());
      if (days === 7) {
        await house.stop();
        await house.start();
      }
    }
    house.ahead += 2 * day;
    await expect.poll(() => stateOf('contract'), { timeout: 10_000 }).toBe('suspended');
    await expect.poll(() => stateOf('vendor'), { timeout: 10_000 }).toBe('suspended');
    await new Promise((done) => setTimeout(done, 2500));
    expect(await warned()).toEqual(seen.toSorted());
    const events = await house.events();
    expect(events.filter(({ type, d }) => type === 'person.left' && d['person'] === 'erin')).toMatchObject([{ d: { source: 'contract', left_at: expect.stringContaining('T00:00:00') } }]);
    for (const name of ['contract', 'vendor', 'nightly']) expect(events.filter(({ type, d }) => type === 'nhi.suspended' && d['machine'] === name && String(d['why']).includes(name === 'vendor' ? 'Acme' : 'erin')), name).toHaveLength(1);
    expect(await transfer(root, 'vendor', 'alice')).toBe('ok');
    expect(await accept(as('alice'), 'vendor')).toBe('ok');
    expect(await agree(as('carol', 'approver'), 'vendor')).toBe('contract-over');
    await second.stop();
  });
});

describe('at the same time', () => {
  it('two agree, and one of them finds it done', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `race-${i}`);
    await house.apply(names.map((name) => own(name)));
    for (const name of names) {
      await house.console.call(identityMachineSuspend, { by: root, machine: name, reason: 'a race' });
      await transfer(root, name, 'alice');
      await accept(as('alice'), name);
    }
    const before = await count();
    const answers = await Promise.all(names.map(async (name) => (await Promise.all([agree(as('carol', 'approver'), name), agree(as('dan', 'approver'), name)])).toSorted().join()));
    expect(new Set(answers)).toEqual(new Set(['nothing-asked,ok']));
    expect((await since(before)).filter(({ type }) => type === 'nhi.reactivated')).toHaveLength(names.length);
  });

  it('somebody leaves while documents are applied, signalled at two processes: all of it comes true, once', async () => {
    const second = await another();
    const names = Array.from({ length: 5 }, (_, i) => `apply-${i}`);
    await house.apply(names.map((name) => own(name, { owner: 'gina' })));
    const before = await count();
    const applying = (async () => {
      for (let i = 0; i < 12; i++) await house.console.call(identityApply, { by: root, documents: [raw('Group', `g-${i}`, { purpose: 'a change beside it' })], dryRun: false, prune: false });
    })();
    const [told] = await Promise.all([Promise.all(Array.from({ length: 6 }, () => signal('left', 'gina@bank.example'))), applying]);
    expect(told.filter(({ changed }) => changed)).toHaveLength(1);
    const events = await since(before);
    expect(events.filter(({ type }) => type === 'person.left')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'nhi.suspended').map(({ d }) => d['machine']).toSorted()).toEqual(names);
    expect(await Promise.all(names.map((name) => come(name)))).toEqual(names.map(() => expect.stringContaining('(owner-inactive)')));
    await second.stop();
    await back('gina');
  });

  it('a token comes while its machine is being suspended: none is let in after the answer', async () => {
    await house.apply([own('torn')]);
    const held = await token('torn');
    let answered = false;
    const suspending = house.console.call(identityMachineSuspend, { by: root, machine: 'torn', reason: 'a race' }).then(() => void (answered = true));
    const late: string[] = [];
    for (let i = 0; i < 40; i++) {
      const after = answered;
      const was = await house.resolve(held, { target: null });
      if (after) late.push(was);
    }
    await suspending;
    expect(await house.resolve(held, { target: null })).toContain('(machine-suspended)');
    expect(late.filter((one) => one === 'torn')).toEqual([]);
  });
});

describe('after a kill and with no ledger to write to', () => {
  it('everything stands as it stood', async () => {
    const before = await Promise.all(['nightly', 'old', 'vendor', 'stopped'].map(stateOf));
    await house.stop();
    await house.start();
    expect(await Promise.all(['nightly', 'old', 'vendor', 'stopped'].map(stateOf))).toEqual(before);
  });

  it('a signal that cannot be recorded is not taken, and can be told again', async () => {
    await house.apply([own('later', { owner: 'fred' })]);
    await house.postgres.sql('alter table identity.outbox rename to outbox_away', house.database.name);
    const lost = await governance.call(identitySignal, { source: 'hr', kind: 'left', person: 'fred', at: moment(), ref: null, reason: '' });
    expect(answer(lost)).toBe('unavailable');
    await house.postgres.sql('alter table identity.outbox_away rename to outbox', house.database.name);
    expect(await stateOf('later')).toBe('active');
    expect((await signal('left', 'fred', { source: 'hr' })).suspended).toContain('later');
  });
});

describe('lists', () => {
  it('are paged, in the order of names, with exact totals by state, owner and criticality', async () => {
    const list = async (query: Partial<Parameters<typeof identityMachines.request.parse>[0] & object>) => {
      const reply = await house.console.call(identityMachines, identityMachines.request.parse({ by: root, state: null, owner: null, criticality: null, after: null, limit: 3, ...query }));
      if (!reply.ok) throw new Error(reply.error.say);
      return reply.value;
    };
    const all: string[] = [];
    let after: string | null = null;
    let total = -1;
    do {
      const page = await list({ after });
      all.push(...page.machines.map(({ name }) => name));
      ({ next: after, total } = page);
    } while (after !== null);
    expect(all).toEqual(all.toSorted());
    expect(all).toHaveLength(total);
    expect(new Set(all).size).toBe(total);
    expect((await list({ state: 'retired' })).machines.map(({ name }) => name)).toEqual(['old']);
    expect((await list({ owner: 'gina', limit: 1 })).total).toBe(5);
    expect((await list({ criticality: 'low' })).total).toBe(2);
    expect(await stateOf('never-was')).toBe('not-found');
  });
});

/** A second process of the service on the same database, with the same clock. */
function another(): Promise<Running> {
  return boot(
    { name: 'identity', config: identityConfig, start: ({ config, env, log, bus, readiness }) => startIdentity({ config, tenant: env.tenant, log, bus, readiness, now: () => Date.now() + house.ahead }) },
    { SALLYPORT_NATS: house.nats.url, SALLYPORT_NATS_PASSWORD: house.nats.passwords.identity, SALLYPORT_DSN: house.database.dsn('identity'), SALLYPORT_HTTP: '127.0.0.1:0' },
    silentLog,
  );
}
