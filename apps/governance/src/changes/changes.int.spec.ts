import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  approvalsShow, approvalsVote, changesActivate, changesList, changesPropose, changesRollBack, changesShow, changesTest, changesWithdraw, identityApply, identityList, maskingApply, policyApply, policyGet, sinksApply, sinksList, type ChangeView, type Reply,
} from '@sallyport/platform-bus';
import { openStore } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { caller, WholeHouse } from '../testing/whole-house.ts';

let h: WholeHouse;
const raw = (kind: string, name: string, spec: Record<string, unknown>) => ({ apiVersion: 'sallyport/v1', kind, metadata: { name }, spec });
const person = (name: string, roles: string[], spec: Record<string, unknown> = {}) => raw('Person', name, { displayName: name, issuer: 'idp', subject: name, roles, ...spec });
const target = (name: string, port = 5432) => raw('Target', name, { kind: 'postgres', address: { host: '127.0.0.1', port }, tls: { mode: 'off' }, credential: `file:${name}`, environment: 'test' });
const classification = (name: string, of: string, tag = 'us.ssn') => raw('Classification', name, { target: of, columns: [{ column: `${name}.customers.secret`, tag, action: 'redact' }] });
const sink = (name: string) => raw('Sink', name, { type: 'file', file: name });
const cedar = (name: string) => ({ name: `${name}.cedar`, text: `@id("${name}") permit(principal in Group::"batch", action == Action::"connect", resource == Target::"${name}");\n` });
const governance = (changeControl: unknown[]) => raw('Governance', 'default', { changeControl });

const alice = caller('alice', ['admin']);
const bob = caller('bob', ['approver'], ['change-board']);
const carol = caller('carol', ['admin', 'approver'], ['change-board']);
const dave = caller('dave', ['approver'], ['security']);

beforeAll(async () => {
  h = await WholeHouse.open(['identity', 'approvals', 'masking', 'sinks', 'policy', 'governance']);
  await direct(
    h.issuer.document, person('alice', ['admin']), person('bob', ['approver']), person('carol', ['admin', 'approver']), person('dave', ['approver']), person('erin', ['admin']),
    raw('ApproverGroup', 'change-board', { members: ['bob', 'carol', 'alice'] }), raw('ApproverGroup', 'security', { members: ['dave', 'bob'] }), raw('Group', 'batch', { purpose: 'batch jobs' }), target('ledger'),
  );
});
afterAll(() => h[Symbol.asyncDispose]());

const value = <T>(reply: Reply<T>): T => {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.say}`);
  return reply.value;
};
const code = (reply: Reply<unknown>) => (reply.ok ? 'ok' : reply.error.code);
const apply = (documents: readonly unknown[], by = alice) => h.console.call(identityApply, { by, documents: [...documents], dryRun: false, prune: false }, 15_000);
async function direct(...documents: unknown[]): Promise<void> {
  value(await apply(documents));
}
interface Wanted {
  readonly documents?: readonly unknown[];
  readonly policies?: readonly { name: string; text: string }[];
  readonly remove?: readonly { kind: string; name: string }[];
  readonly title?: string;
}
const propose = ({ documents = [], policies = [], remove = [], title = 'a change of the spec' }: Wanted, by = alice) => h.console.call(changesPropose, { by, title, ticket: 'CHG-1', documents: [...documents], policies: [...policies], remove: [...remove], prune: false }, 30_000);
const activate = (change: string, by = alice) => h.console.call(changesActivate, { by, change }, 60_000);
const show = async (change: string) => value(await h.console.call(changesShow, { by: alice, change }));
const until = async (change: string, state: string) => vi.waitFor(async () => expect(await show(change)).toMatchObject({ state }), { timeout: 20_000, interval: 50 });
const vote = (approval: string, by = bob, word: 'approve' | 'reject' = 'approve') => h.console.call(approvalsVote, { by, approval, vote: word, comment: null });
async function approve(change: ChangeView, by = bob): Promise<void> {
  for (const { approval } of change.parts) if (approval !== null) value(await vote(approval, by));
  await until(change.id, 'approved');
}
const standing = async (kind: string, name: string) => value(await h.console.call(identityList, { kind, name })).documents[0] ?? null;
const eventsOf = async (change: string) => (await h.told()).filter(({ type, d }) => type.startsWith('change.') && d['change'] === change).map(({ type }) => type);
/** Control as the specs want it; it is itself under control once it is on. */
async function control(rules: unknown[]): Promise<void> {
  const reply = await apply([governance(rules)]);
  if (reply.ok) return;
  const change = value(await propose({ documents: [governance(rules)] }));
  await approve(change, change.parts[0]?.approvers[0]?.group === 'security' ? dave : bob);
  value(await activate(change.id));
}
const board = (kinds: string[]) => ({ kinds, approvers: [{ group: 'change-board', count: 1 }] });

describe('without change control', () => {
  it('everything is applied directly, and a proposed change needs nobody’s approval', async () => {
    await direct(target('free'));
    const change = value(await propose({ documents: [target('free', 5433)] }));
    expect(change).toMatchObject({ state: 'approved', say: expect.stringContaining('nobody'), parts: [{ owner: 'identity', kinds: [], approval: null, changes: [{ kind: 'Target', name: 'free', change: 'updated', version: 2 }] }] });
    expect(value(await activate(change.id))).toMatchObject({ state: 'activated', activatedBy: 'alice' });
    expect(await standing('Target', 'free')).toMatchObject({ spec: { address: { port: 5433 } } });
    expect(await eventsOf(change.id)).toEqual(['change.proposed', 'change.tested', 'change.activated']);
  });
});

describe('with change control', () => {
  beforeAll(() => control([board(['Target', 'Classification', 'Sink', 'policy'])]));

  it('nothing of a controlled kind is changed directly, through no service and by nobody, and each refusal is evidence', async () => {
    const documents = [target('direct')];
    for (const by of [alice, carol, caller('bootstrap-admin'), caller('service-account', ['admin', 'approver'], ['change-board'])]) {
      expect(code(await h.console.call(identityApply, { by, documents, dryRun: false, prune: false }))).toBe('change-required');
      expect(code(await h.console.call(maskingApply, { by, documents: [classification('direct', 'ledger')], dryRun: false, prune: false }))).toBe('change-required');
      expect(code(await h.console.call(sinksApply, { by, documents: [sink('direct')], dryRun: false, prune: false }))).toBe('change-required');
      expect(code(await h.console.call(policyApply, { by, files: [cedar('ledger')], dryRun: false }))).toBe('change-required');
    }
    expect((await h.told()).filter(({ type, d }) => type === 'config.refused' && d['code'] === 'change-required')).toHaveLength(16);
    expect([await standing('Target', 'direct'), value(await h.console.call(sinksList, { name: null })).documents]).toEqual([null, []]);
    // What is not controlled goes on as before, and so does applying what stands.
    await direct(raw('Group', 'others', { purpose: 'other jobs' }));
    await direct(target('free', 5433));
  });

  it('a change of all services lives its whole life, and the ledger has all of it', async () => {
    const change = value(await propose({ documents: [target('shop'), classification('shop', 'shop'), sink('siem')], policies: [cedar('shop')], title: 'The shop comes' }));
    expect(change).toMatchObject({ state: 'waiting', author: 'alice', ticket: 'CHG-1', kinds: ['Classification', 'Sink', 'Target', 'policy'], count: 4, round: 1 });
    expect(change.parts.map(({ owner }) => owner)).toEqual(['identity', 'masking', 'policy', 'sinks']);
    // Nothing was recorded yet that its policy could have decided otherwise.
    expect(change.changedDecisions).toBe(0);
    expect(change.diff).toContain('+ kind: Target');
    expect(change.diff).toContain('+ @id("shop") permit');
    expect(code(await activate(change.id))).toBe('not-approved');
    const [first] = change.parts;
    const read = value(await h.console.call(approvalsShow, { by: bob, approval: first?.approval ?? '' }));
    expect(read).toMatchObject({ requester: 'person:alice', subject: { kind: 'change', id: `${change.id}/1/identity` } });
    expect(read.text).toContain('The shop comes');
    expect(read.text).toContain('+ kind: Target');
    expect(read.shape).toBe(`change ${change.id} in identity: 1 Target created`);

    for (const { approval } of change.parts.slice(0, 3)) value(await vote(approval ?? ''));
    expect(code(await activate(change.id))).toBe('not-approved');
    value(await vote(change.parts[3]?.approval ?? ''));
    await until(change.id, 'approved');
    expect((await show(change.id)).parts.map(({ approvedBy }) => approvedBy)).toEqual([['bob'], ['bob'], ['bob'], ['bob']]);
    expect(value(await activate(change.id, carol))).toMatchObject({ state: 'activated', activatedBy: 'carol', parts: [{ applied: true }, { applied: true }, { applied: true }, { applied: true }] });
    expect(await standing('Target', 'shop')).not.toBeNull();
    expect(value(await h.console.call(policyGet, { version: null })).files.map(({ name }) => name)).toEqual(['shop.cedar']);
    expect(await eventsOf(change.id)).toEqual(['change.proposed', 'change.tested', ...Array.from({ length: 4 }, () => 'change.approved'), 'change.activated']);
    // Each service says under whose approval it wrote, and under whose hand.
    const written = (await h.told()).filter(({ type, auth }) => type === 'config.changed' && auth !== null && change.parts.some(({ approval }) => approval === auth.approval));
    expect(written.map(({ service, who }) => `${service} ${who?.id}`).toSorted()).toEqual(['identity person:carol', 'masking person:carol', 'policy person:carol', 'sinks person:carol']);
    // Again changes nothing.
    const before = (await h.told()).length;
    expect(value(await activate(change.id))).toMatchObject({ state: 'activated' });
    expect((await h.told()).length).toBe(before);
  });

  it('its author cannot approve it, whatever he is besides', async () => {
    const change = value(await propose({ documents: [target('mine')] }, carol));
    const approval = change.parts[0]?.approval ?? '';
    expect(code(await vote(approval, carol))).toBe('self-approval');
    expect(code(await vote(approval, caller('alice', ['admin', 'approver'], [])))).toBe('not-an-approver');
    expect(code(await activate(change.id, carol))).toBe('not-approved');
    value(await vote(approval, bob));
    await until(change.id, 'approved');
    expect(value(await activate(change.id, carol)).state).toBe('activated');
  });

  it('its author is somebody of the inventory: the bootstrap administrator and strangers propose nothing', async () => {
    for (const by of [caller('bootstrap-admin'), caller('nobody-here')]) expect(code(await propose({ documents: [target('ghost')] }, by))).toBe('denied');
    for (const roles of [['approver'], ['auditor'], ['operator'], []]) expect(code(await propose({ documents: [target('ghost')] }, caller('bob', roles)))).toBe('denied');
    expect((await h.told()).filter(({ type, d }) => type === 'config.refused' && d['kind'] === 'change').length).toBeGreaterThanOrEqual(6);
  });

  it('one no ends it, and the approvals of its other parts', async () => {
    const change = value(await propose({ documents: [target('no'), classification('no', 'no')] }));
    value(await vote(change.parts[0]?.approval ?? '', bob, 'reject'));
    await until(change.id, 'rejected');
    await vi.waitFor(async () => expect(value(await h.console.call(approvalsShow, { by: bob, approval: change.parts[1]?.approval ?? '' })).state).toBe('withdrawn'), { timeout: 15_000 });
    expect([code(await activate(change.id)), code(await h.console.call(changesTest, { by: alice, change: change.id }))]).toEqual(['not-open', 'not-open']);
    expect(await eventsOf(change.id)).toEqual(['change.proposed', 'change.tested', 'change.rejected']);
  });

  it('what is wrong with it is said by its test, and nobody is asked', async () => {
    const change = value(await propose({ documents: [raw('Target', 'wrong', { ...target('wrong').spec, tls: { mode: 'off' }, address: { host: 'db.example', port: 5432 } })] }));
    expect(change).toMatchObject({ state: 'proposed', say: expect.stringContaining('target-plaintext'), parts: [] });
    expect(code(await propose({ documents: [{ kind: 'Wizard' }] }))).toBe('invalid');
    expect(code(await propose({}))).toBe('invalid');
    expect(value(await propose({ documents: [target('shop')] }))).toMatchObject({ state: 'proposed', say: expect.stringContaining('nothing would change') });
  });

  it('that was tested against what stands no more has to be tested and approved anew', async () => {
    const late = value(await propose({ documents: [target('shop', 6001)] }));
    await approve(late);
    const other = value(await propose({ documents: [target('shop', 6002)] }));
    await approve(other);
    value(await activate(other.id));
    expect(code(await activate(late.id))).toBe('base-moved');
    expect(await show(late.id)).toMatchObject({ state: 'proposed', round: 1 });
    expect(await standing('Target', 'shop')).toMatchObject({ spec: { address: { port: 6002 } } });
    expect(code(await activate(late.id))).toBe('not-approved');
    const again = value(await h.console.call(changesTest, { by: alice, change: late.id }, 30_000));
    expect(again).toMatchObject({ state: 'waiting', round: 2 });
    expect(again.parts[0]?.approval).not.toBe(late.parts[0]?.approval);
    expect(again.diff).toContain('-     port: 6002');
    await vi.waitFor(async () => expect(value(await h.console.call(approvalsShow, { by: bob, approval: late.parts[0]?.approval ?? '' })).state).toBe('withdrawn'), { timeout: 15_000 });
    await approve(again);
    value(await activate(late.id));
    expect(await standing('Target', 'shop')).toMatchObject({ spec: { address: { port: 6001 } } });
  });

  it('goes back to what stood before by a change under the same control, once', async () => {
    const change = value(await propose({ documents: [target('shop', 7001), target('extra'), classification('shop', 'shop', 'pci.pan')], policies: [cedar('shop'), cedar('extra')] }));
    await approve(change);
    value(await activate(change.id));
    const rollBack = (by = alice) => h.console.call(changesRollBack, { by, change: change.id, ticket: null }, 30_000);
    const back = value(await rollBack());
    expect(back).toMatchObject({ state: 'waiting', rollsBack: change.id, ticket: 'CHG-1', title: expect.stringContaining('Roll back') });
    expect(back.remove).toEqual(expect.arrayContaining([{ kind: 'Target', name: 'extra' }, { kind: 'Policy', name: 'extra.cedar' }]));
    expect([code(await rollBack()), code(await rollBack(carol))]).toEqual(['already-rolled-back', 'already-rolled-back']);
    await approve(back);
    value(await activate(back.id));
    expect(await standing('Target', 'shop')).toMatchObject({ spec: { address: { port: 6001 } } });
    expect(await standing('Target', 'extra')).toBeNull();
    expect(value(await h.console.call(policyGet, { version: null })).files.map(({ name }) => name)).toEqual(['shop.cedar']);
    expect(await show(change.id)).toMatchObject({ state: 'activated', rolledBackBy: back.id });
    expect((await h.told()).find(({ type, d }) => type === 'change.proposed' && d['change'] === back.id)?.d).toMatchObject({ rolls_back: change.id });
    expect(code(await h.console.call(changesRollBack, { by: alice, change: late(), ticket: null }))).toBe('not-found');
    const undone = value(await h.console.call(changesRollBack, { by: alice, change: back.id, ticket: 'CHG-9' }, 30_000));
    value(await h.console.call(changesWithdraw, { by: alice, change: undone.id, why: 'a mistake' }));
    expect(await show(undone.id)).toMatchObject({ state: 'withdrawn', say: expect.stringContaining('a mistake') });
  });
  const late = () => randomUUID();

  it('is activated once by many who activate it at once', async () => {
    const change = value(await propose({ documents: [target('race'), classification('race', 'race')], policies: [cedar('race')] }));
    await approve(change);
    const replies = await Promise.all(Array.from({ length: 8 }, (_, i) => activate(change.id, i % 2 === 0 ? alice : carol)));
    expect(replies.map(code).filter((one) => one !== 'ok' && one !== 'conflict')).toEqual([]);
    await until(change.id, 'activated');
    expect((await eventsOf(change.id)).filter((type) => type === 'change.activated')).toHaveLength(1);
    expect((await h.told()).filter(({ type, d }) => type === 'config.changed' && d['name'] === 'race')).toHaveLength(2);
  });

  it('whose approval expired has to be tested anew, one that was approved in time too', async () => {
    const [waiting, approved] = [value(await propose({ documents: [target('old-1')] })), value(await propose({ documents: [target('old-2')] }))];
    await approve(approved);
    h.ahead += 8 * 24 * 3600 * 1000;
    try {
      await until(waiting.id, 'proposed');
      await until(approved.id, 'proposed');
      expect((await show(approved.id)).say).toContain('expired');
      expect(code(await activate(approved.id))).toBe('not-approved');
    } finally {
      h.ahead -= 8 * 24 * 3600 * 1000;
    }
    const again = value(await h.console.call(changesTest, { by: alice, change: approved.id }, 30_000));
    await approve(again);
    value(await activate(approved.id));
  });

  it('whose service is away in the middle is carried on by itself when it is back, and written once', async () => {
    const change = value(await propose({ documents: [target('half'), sink('half')], policies: [cedar('half')] }));
    await approve(change);
    await h.stop('policy');
    expect(code(await activate(change.id))).toBe('unavailable');
    expect(await show(change.id)).toMatchObject({ state: 'activating' });
    expect(await standing('Target', 'half')).not.toBeNull();
    // The service that conducts it dies as well.
    await h.stop('governance');
    await h.start('policy');
    h.ahead += 20_000;
    await h.start('governance');
    await until(change.id, 'activated');
    expect((await h.told()).filter(({ type, d }) => type === 'config.changed' && (d['name'] === 'half' || d['name'] === 'half.cedar'))).toHaveLength(3);
    expect((await h.told()).filter(({ type, d }) => type === 'change.activated' && d['change'] === change.id)).toMatchObject([{ who: { id: 'person:alice' } }]);
  }, 90_000);

  it('whose approval was spent by a service that died before it wrote is written when it is asked again', async () => {
    const change = value(await propose({ documents: [target('torn')] }));
    await approve(change);
    // The approval is spent, and then the database takes no event: the service cannot write.
    const speak = await h.mute(['identity']);
    expect(code(await activate(change.id))).toBe('unavailable');
    expect((await h.told()).some(({ type, d }) => type === 'approval.consumed' && d['approval'] === change.parts[0]?.approval)).toBe(true);
    expect(await standing('Target', 'torn')).toBeNull();
    await speak();
    value(await activate(change.id));
    expect(await standing('Target', 'torn')).not.toBeNull();
    expect((await h.told()).filter(({ type, d }) => type === 'approval.consumed' && d['approval'] === change.parts[0]?.approval)).toHaveLength(1);
  });

  it('is listed with exact totals, page by page, and read by those who may', async () => {
    const all = value(await h.console.call(changesList, { by: caller('ops', ['operator']), state: null, before: null, limit: 1000 }));
    expect(all.total).toBe(all.changes.length);
    const [one, two] = all.changes;
    expect(value(await h.console.call(changesList, { by: alice, state: null, before: one?.id ?? null, limit: 1 })).changes[0]?.id).toBe(two?.id);
    const activated = value(await h.console.call(changesList, { by: alice, state: 'activated', before: null, limit: 2 }));
    expect([activated.changes.length, activated.total]).toEqual([2, all.changes.filter(({ state }) => state === 'activated').length]);
    expect(code(await h.console.call(changesShow, { by: caller('ops', ['operator']), change: one?.id ?? '' }))).toBe('denied');
    expect(code(await h.console.call(changesShow, { by: alice, change: "'; drop table change; --" }))).toBe('not-found');
  });

  it('cannot be rewritten or removed by the service’s own role', async () => {
    const store = openStore<unknown>({ dsn: h.database.dsn('governance'), schema: 'governance', log: silentLog });
    for (const text of [`update change set documents = '[]'`, `update change set author = 'bob'`, `update change_part set binding = repeat('0', 64)`, 'delete from change', 'delete from change_part', 'truncate change_part']) await expect(sql.raw(text).execute(store.db), text).rejects.toMatchObject({ code: '42501' });
    await store.close();
  });
});

describe('change control itself', () => {
  it('is under control once it is on: it is not switched off, and approvers are not made, by one person', async () => {
    for (const document of [governance([]), raw('ApproverGroup', 'change-board', { members: ['alice', 'bob', 'carol', 'erin'] }), person('bob', ['approver'], { subject: 'alice-too' }), { ...h.issuer.document, spec: { ...(h.issuer.document['spec'] as object), maxTokenAge: '2h' } }]) {
      expect(code(await apply([document])), JSON.stringify(document).slice(0, 80)).toBe('change-required');
      expect(code(await apply([document], caller('bootstrap-admin')))).toBe('change-required');
    }
    expect(code(await h.console.call(identityApply, { by: alice, documents: [h.issuer.document], dryRun: false, prune: true }))).not.toBe('ok');
    // Other people and groups are not meant.
    await direct(person('erin', ['admin', 'operator']));
  });

  it('asks those whom its own rule names, and is switched off by an approved change', async () => {
    await control([board(['Target']), { kinds: ['Governance'], approvers: [{ group: 'security', count: 1 }] }]);
    const change = value(await propose({ documents: [governance([])] }));
    expect(change.parts[0]).toMatchObject({ kinds: ['Governance'], approvers: [{ group: 'security', count: 1 }] });
    expect(code(await vote(change.parts[0]?.approval ?? '', carol))).toBe('not-an-approver');
    value(await vote(change.parts[0]?.approval ?? '', dave));
    await until(change.id, 'approved');
    value(await activate(change.id));
    await direct(target('free-again'));
  });

  it('is not switched on with approvers who could never agree', async () => {
    expect(await apply([governance([{ kinds: ['Target'], approvers: [{ group: 'ghosts', count: 1 }] }])])).toMatchObject({ ok: false, error: { say: expect.stringContaining('ghosts') } });
    expect(await apply([governance([{ kinds: ['Target'], approvers: [{ group: 'security', count: 3 }] }])])).toMatchObject({ ok: false, error: { code: 'invalid', say: expect.stringContaining('security') } });
  });

  it('that is switched on between test and activation holds back what nobody approved', async () => {
    const change = value(await propose({ documents: [target('sneaky')] }));
    expect(change.state).toBe('approved');
    await control([board(['Target'])]);
    expect(code(await activate(change.id))).toBe('base-moved');
    expect(await standing('Target', 'sneaky')).toBeNull();
    await control([]);
  });

  it('holds through other services while identity is away: nothing is changed then', async () => {
    await h.stop('identity');
    for (const reply of await Promise.all([
      h.console.call(maskingApply, { by: alice, documents: [classification('dark', 'ledger')], dryRun: false, prune: false }, 15_000),
      h.console.call(sinksApply, { by: alice, documents: [sink('dark')], dryRun: false, prune: false }, 15_000),
      h.console.call(policyApply, { by: alice, files: [cedar('dark')], dryRun: false }, 15_000),
    ])) expect(code(reply)).toBe('unavailable');
    await h.start('identity');
  }, 60_000);
});
