import { reviewClose, reviewDecide, reviewDelegate, reviewList, reviewOpen, reviewShow, type Campaign, type Caller, type ReviewItem, type ReviewScope } from '@sallyport/platform-bus';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { approvers, caller, House, machine, person, target } from '../testing/house.ts';

let house: House;
const day = 86_400_000;
const steward = caller('sam', 'admin');
const [ann, bob, olga] = [caller('ann', 'approver'), caller('bob', 'approver'), caller('olga', 'approver')];
const gail = caller('gail', 'operator');
const none: ReviewScope = { criticality: null, team: null, owner: null, machine: null, target: null };

const rules = `
@id("connect") permit(principal, action == Action::"connect", resource == Target::"ledger-db") when { principal in Group::"batch" };
@id("read") permit(principal, action == Action::"read", resource in Schema::"ledger-db/ledger");
@id("write") permit(principal in Group::"batch", action == Action::"write", resource in Schema::"ledger-db/ledger");
@id("ddl") @approvers("owners") permit(principal, action == Action::"define", resource in Schema::"ledger-db/ledger") when { context.approval };
`;

beforeAll(async () => {
  house = await House.open();
  house.policies = [{ name: 'p.cedar', text: rules }];
  await house.show(
    machine('nightly'), machine('report', { criticality: 'low', groups: [], owner: 'otto', team: 'data' }), machine('old', { state: 'retired' }), machine('sketch', { state: 'draft' }),
    target('ledger-db'), target('vault', { access: 'entitlement' }), approvers('owners', ['gail', 'olga']),
    person('ann', { roles: ['approver'] }), person('bob', { roles: ['approver'] }), person('olga', { roles: ['approver'] }), person('gail'), person('away', { roles: ['approver'], active: false }), person('eve'),
  );
  await house.start(50);
});
beforeEach(() => house.reset());
afterAll(() => house[Symbol.asyncDispose]());

async function open(scope: Partial<ReviewScope> = {}, over: { dueDays?: number; graceDays?: number } = {}, by: Caller = steward): Promise<Campaign> {
  const answer = await house.console.call(reviewOpen, { by, scope: { ...none, ...scope }, ...over });
  if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.say}`);
  return answer.value;
}
async function items(campaign: string, over: object = {}): Promise<ReviewItem[]> {
  const answer = await house.console.call(reviewShow, { by: steward, campaign, ...over });
  if (!answer.ok) throw new Error(answer.error.say);
  return answer.value.items;
}
const first = async (campaign: string): Promise<ReviewItem> => (await items(campaign))[0] ?? Promise.reject(new Error('no item'));
async function campaignNow(id: string): Promise<Campaign | undefined> {
  const answer = await house.console.call(reviewList, { by: steward });
  return answer.ok ? answer.value.campaigns.find((one) => one.id === id) : undefined;
}
const decide = (by: Caller, item: string, decision: 'keep' | 'narrow' | 'revoke', reason = 'looked at it') => house.console.call(reviewDecide, { by, item, decision, reason });

async function entitled(entitlement: string, over: object = {}, who = 'person:rita'): Promise<void> {
  house.ledger.tell('entitlement.granted', { entitlement, kind: 'standing', machine: 'nightly', target: 'vault', role: 'reader', from: new Date().toISOString(), until: new Date(Date.now() + 80 * day).toISOString(), uses: null, limited_by: null, request: null, approval: null, approved_by: [], reason: 'r', ...over }, { who });
  await house.read();
}

describe('a campaign', () => {
  it('asks about each access, what was granted against what was used, of machines that may work', async () => {
    await entitled('e1');
    const vault = house.ledger.session('nightly', 'vault', { role: 'reader' });
    vault.run(['read app.secrets'], { rules: ['vault-read'] });
    const ledger = house.ledger.session('nightly', 'ledger-db');
    for (let i = 0; i < 3; i++) ledger.run(['read ledger.customers'], { rules: ['read'] });
    ledger.run(['define ledger.customers'], { decision: 'deny', rules: [] });
    house.ledger.tell('entitlement.used', { entitlement: 'e1', session: vault.sid, machine: 'nightly', left: null });
    await house.read();
    const campaign = await open();
    expect(campaign).toMatchObject({ state: 'open', scope: 'all machines', openedBy: 'sam', items: 3, waiting: 3 });
    const found = await items(campaign.id);
    expect(found.map(({ machine: name, entitlement, target: to, role }) => [name, entitlement, to, role])).toEqual([['nightly', 'e1', 'vault', 'reader'], ['nightly', null, 'ledger-db', null], ['report', null, null, null]]);
    expect(found[0]).toMatchObject({ used: [{ verb: 'read', object: 'app.secrets', commands: 1 }], usedCount: 1, lastUsed: expect.any(String), reviewers: ['ann', 'bob'], reviewBy: '2030-01-01' });
    // The rule that was never used is told; gail may decide because a rule about this target asks her group.
    expect(found[1]).toMatchObject({
      granted: ['ddl', 'read', 'write'], unused: ['ddl', 'write'], used: [{ verb: 'read', object: 'ledger.customers', commands: 3, denied: 0 }, { verb: 'define', object: 'ledger.customers', commands: 1, denied: 1 }], reviewers: ['ann', 'bob', 'gail'],
    });
    expect(found[2]).toMatchObject({ used: [], lastUsed: null, reviewers: ['ann', 'bob', 'olga'] });
    const told = await house.events('review.item', 'review.opened');
    expect(told.slice(-4).map(({ type, d }) => [type, d['machine'] ?? d['items']])).toEqual([['review.item', 'nightly'], ['review.item', 'nightly'], ['review.item', 'report'], ['review.opened', 3]]);
    expect(told.at(-3)?.d).toMatchObject({ target: 'ledger-db', used: ['read ledger.customers', 'define ledger.customers'], used_count: 2, unused: ['ddl', 'write'], reviewers: ['ann', 'bob', 'gail'] });
  });

  it('is about its scope alone, and needs somebody to open it who may', async () => {
    expect((await open({ team: 'data' })).items).toBe(1);
    expect((await open({ criticality: 'high' })).items).toBe(1);
    expect((await open({ target: 'ledger-db' })).items).toBe(1);
    expect((await open({ owner: 'otto', criticality: 'low' })).scope).toBe('criticality low, owner otto');
    for (const scope of [{ machine: 'nobody' }, { machine: 'old' }, { machine: 'sketch' }, { target: 'vault' }]) expect(await house.console.call(reviewOpen, { by: steward, scope: { ...none, ...scope } })).toMatchObject({ ok: false, error: { code: 'empty' } });
    expect(await house.console.call(reviewOpen, { by: ann, scope: none })).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await house.console.call(reviewList, { by: caller('eve') })).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await house.console.call(reviewList, { by: ann, limit: 3 })).toMatchObject({ ok: true, value: { total: 4 } });
  });

  it('closes by itself when everything is decided, and the next review counts from there', async () => {
    const { id } = await open({ machine: 'nightly' });
    const item = await first(id);
    expect(await house.console.call(reviewClose, { by: steward, campaign: id })).toMatchObject({ ok: false, error: { code: 'waiting' } });
    expect(await decide(ann, item.id, 'keep')).toMatchObject({ ok: true, value: { state: 'kept', decided: { by: 'ann', reason: 'looked at it' }, nextReview: new Date(Date.now() + 90 * day).toISOString().slice(0, 10) } });
    await expect.poll(async () => (await campaignNow(id))?.state).toBe('closed');
    expect((await house.events('review.closed')).at(-1)?.d).toEqual({ campaign: id, kept: 1, narrowed: 0, revoked: 0, stopped: 0 });
    expect((await house.events('review.decided')).at(-1)).toMatchObject({ who: { id: 'person:ann' }, d: { campaign: id, item: item.id, decision: 'keep', policy: null } });
  });
});

describe('who decides', () => {
  it('is neither the owner nor whoever asked for the access, nor somebody without the role or group for it, and each refusal is recorded', async () => {
    await entitled('e1', { target: 'ledger-db', role: null }, 'person:bob');
    const { id } = await open({ machine: 'nightly' });
    const item = await first(id);
    const refused = async (by: Caller) => {
      const answer = await decide(by, item.id, 'keep');
      return answer.ok ? 'ok' : answer.error.code;
    };
    expect([await refused(olga), await refused(bob), await refused(caller('eve', 'approver')), await refused(caller('away', 'approver')), await refused(steward)]).toEqual(['self-review', 'self-review', 'denied', 'denied', 'denied']);
    expect((await house.events('operator.acted')).slice(-5).map(({ d }) => d['code'])).toEqual(['self-review', 'self-review', 'denied', 'denied', 'denied']);
    expect(await refused(gail)).toBe('ok');
  });

  it('can be handed to one other person, who alone decides then', async () => {
    const { id } = await open({ machine: 'nightly' });
    const item = await first(id);
    const delegate = (by: Caller, to: string) => house.console.call(reviewDelegate, { by, item: item.id, to, reason: 'knows it better' });
    expect(await delegate(ann, 'olga')).toMatchObject({ ok: false, error: { code: 'not-a-reviewer' } });
    expect(await delegate(caller('eve'), 'bob')).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await delegate(ann, 'bob')).toMatchObject({ ok: true, value: { assigned: 'bob' } });
    expect((await house.events('review.delegated')).at(-1)).toMatchObject({ who: { id: 'person:ann' }, d: { item: item.id, machine: 'nightly', to: 'bob', reason: 'knows it better' } });
    expect(await decide(ann, item.id, 'keep')).toMatchObject({ ok: false, error: { code: 'assigned' } });
    expect((await items(id, { by: ann, mine: true })).length).toBe(0);
    expect((await items(id, { by: bob, mine: true })).length).toBe(1);
    // Who stands in for a reviewer that is away.
    expect(await delegate(steward, 'gail')).toMatchObject({ ok: true, value: { assigned: 'gail' } });
    expect(await decide(gail, item.id, 'keep')).toMatchObject({ ok: true });
  });
});

describe('a decision', () => {
  it('to narrow comes with the change of policy that it is meant by, and applies nothing', async () => {
    const { id } = await open({ machine: 'nightly' });
    const item = await first(id);
    expect(await decide(ann, item.id, 'narrow')).toMatchObject({ ok: false, error: { code: 'unused' } });
    house.ledger.session('nightly', 'ledger-db').run(['read ledger.customers'], { rules: ['read'] });
    await house.read();
    const answer = await decide(ann, item.id, 'narrow', 'it only reads customers');
    if (!answer.ok) throw new Error(answer.error.say);
    expect(answer.value).toMatchObject({ state: 'narrowed', enforced: null, policy: { name: 'narrowed-nightly-on-ledger-db.cedar', text: expect.stringContaining('unless { [Object::"ledger-db/ledger.customers"].contains(resource) }') } });
    expect((await house.events('review.decided')).at(-1)?.d).toMatchObject({ decision: 'narrow', policy: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect([house.revoked, house.suspended]).toEqual([[], []]);
  });

  it('to revoke ends the entitlement, and so its sessions, at once; where policy alone governs, the machine is suspended', async () => {
    await entitled('e1');
    const { id } = await open({ machine: 'nightly' });
    const [entitlement, byPolicy] = await items(id);
    if (entitlement === undefined || byPolicy === undefined) throw new Error('two items');
    await decide(ann, entitlement.id, 'revoke', 'nobody needs it');
    await expect.poll(() => house.revoked).toEqual([{ by: null, entitlement: 'e1', why: 'revoked by a review: nobody needs it', review: entitlement.id }]);
    await decide(ann, byPolicy.id, 'revoke', 'nobody needs it');
    await expect.poll(() => house.suspended).toEqual([{ by: null, machine: 'nightly', reason: 'revoked by a review: nobody needs it', review: byPolicy.id }]);
    await expect.poll(async () => (await items(id)).map(({ enforced }) => enforced)).toEqual([true, true]);
    expect((await items(id))[1]?.policy?.text).toContain('forbid (principal == Machine::"nightly", action, resource in Target::"ledger-db")');
  });

  it('is carried out as soon as identity can, once', async () => {
    await entitled('e1');
    house.identityFails = 'unavailable';
    const { id } = await open({ machine: 'nightly' });
    const item = await first(id);
    await decide(ann, item.id, 'revoke');
    await new Promise((done) => setTimeout(done, 300));
    expect(await first(id)).toMatchObject({ state: 'revoked', enforced: false });
    house.identityFails = null;
    house.ahead = 10_000;
    await expect.poll(async () => (await first(id)).enforced).toBe(true);
    house.ahead = 60_000;
    await new Promise((done) => setTimeout(done, 300));
    expect(house.revoked.length).toBe(1);
  });

  it('is made once: of two reviewers at the same moment one is told who was first', async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = await open({ machine: 'nightly' });
      const item = await first(id);
      const answers = await Promise.all([decide(ann, item.id, 'keep'), decide(bob, item.id, 'revoke'), decide(gail, item.id, 'keep')]);
      expect(answers.filter(({ ok }) => ok).length).toBe(1);
      expect(answers.flatMap((answer) => (answer.ok ? [] : [answer.error.code]))).toEqual(['decided', 'decided']);
      expect((await house.events('review.decided')).filter(({ d }) => d['item'] === item.id).length).toBe(1);
    }
  });
});

describe('what nobody decides', () => {
  it('is overdue, and after the grace its access ends, which is told once, with two processes and over a restart', async () => {
    await house.start(50);
    await entitled('e1');
    const { id } = await open({ machine: 'nightly' }, { dueDays: 14, graceDays: 7 });
    house.ahead = 14 * day + 60_000;
    await expect.poll(async () => (await campaignNow(id))?.overdue).toBe(2);
    expect((await items(id)).map(({ state, overdue }) => [state, overdue])).toEqual([['waiting', true], ['waiting', true]]);
    expect((await house.events('review.overdue')).filter(({ d }) => d['campaign'] === id).length).toBe(2);
    house.ahead = 21 * day + 60_000;
    await expect.poll(async () => (await campaignNow(id))?.state).toBe('closed');
    await expect.poll(() => [house.revoked.length, house.suspended.length]).toEqual([1, 1]);
    expect(house.revoked[0]).toMatchObject({ by: null, entitlement: 'e1', why: 'review: nobody decided in time' });
    await house.stop();
    await house.start(50);
    await new Promise((done) => setTimeout(done, 300));
    const told = (await house.events('review.overdue', 'review.stopped', 'review.closed')).filter(({ d }) => d['campaign'] === id);
    expect(told.map(({ type }) => type).sort()).toEqual(['review.closed', 'review.overdue', 'review.overdue', 'review.stopped', 'review.stopped']);
    expect([house.revoked.length, house.suspended.length]).toEqual([1, 1]);
    const item = (await items(id))[0];
    expect(await decide(ann, item?.id ?? '', 'keep')).toMatchObject({ ok: false, error: { code: 'closed' } });
  });

  it('is decided or stopped, never both, when somebody decides at the last moment', async () => {
    for (let round = 0; round < 5; round++) {
      house.ahead = 0;
      const { id } = await open({ machine: 'nightly' }, { dueDays: 1, graceDays: 0 });
      const item = await first(id);
      house.ahead = day + 1;
      await new Promise((done) => setTimeout(done, round * 12));
      const answer = await decide(ann, item.id, 'keep');
      await expect.poll(async () => (await campaignNow(id))?.state).toBe('closed');
      const told = (await house.events('review.decided', 'review.stopped')).filter(({ d }) => d['item'] === item.id).map(({ type }) => type);
      expect(told).toEqual([answer.ok ? 'review.decided' : 'review.stopped']);
    }
  });

  it('needs no decision when the entitlement ends by itself', async () => {
    await entitled('e1', { target: 'ledger-db', role: null });
    const { id } = await open({ machine: 'nightly' });
    house.ledger.tell('entitlement.expired', { entitlement: 'e1', machine: 'nightly', target: 'ledger-db', why: 'time' });
    await house.read();
    await expect.poll(async () => (await first(id)).state).toBe('gone');
    await expect.poll(async () => (await campaignNow(id))?.state).toBe('closed');
    expect([house.revoked, house.suspended]).toEqual([[], []]);
  });
});

describe('the schedule', () => {
  it('opens one campaign for each criticality that is due, whichever process comes first, and none for what is asked about already', async () => {
    await house.start(10);
    const scheduled = async () => {
      const answer = await house.console.call(reviewList, { by: steward });
      return answer.ok ? answer.value.campaigns.filter(({ openedBy }) => openedBy === null).map(({ title, items: n }) => [title.split(',')[0], n]) : [];
    };
    await new Promise((done) => setTimeout(done, 1000));
    expect(await scheduled()).toEqual([]);
    // Ninety days for what is high, begun fourteen days before.
    house.ahead = 77 * day;
    await expect.poll(scheduled).toEqual([['Scheduled review: high machines', 1]]);
    await new Promise((done) => setTimeout(done, 1000));
    expect(await scheduled()).toEqual([['Scheduled review: high machines', 1]]);
    const [campaign] = (await house.console.call(reviewList, { by: steward }).then((answer) => (answer.ok ? answer.value.campaigns : []))) ?? [];
    await decide(ann, (await first(campaign?.id ?? '')).id, 'keep');
    house.ahead = 140 * day;
    await new Promise((done) => setTimeout(done, 600));
    expect(await scheduled()).toEqual([['Scheduled review: high machines', 1]]);
    house.ahead = 167 * day;
    await expect.poll(async () => (await scheduled()).map(([title]) => title).sort()).toEqual(['Scheduled review: high machines', 'Scheduled review: high machines', 'Scheduled review: low machines']);
  });
});

describe('entitlements that nobody uses', () => {
  it('are told once, and again after they were used in between', async () => {
    await house.start(10);
    await entitled('e1', { until: new Date(Date.now() + 900 * day).toISOString() });
    house.ahead = 61 * day;
    const flags = async () => (await house.events('entitlement.unused')).filter(({ d }) => d['entitlement'] === 'e1');
    await expect.poll(async () => (await flags()).length).toBe(1);
    expect((await flags())[0]?.d).toMatchObject({ machine: 'nightly', target: 'vault', days: 61 });
    await new Promise((done) => setTimeout(done, 600));
    expect((await flags()).length).toBe(1);
    house.ledger.tell('entitlement.used', { entitlement: 'e1', session: 's', machine: 'nightly', left: null }, { at: Date.now() + 61 * day });
    await house.read();
    house.ahead = 130 * day;
    await expect.poll(async () => (await flags()).length).toBe(2);
  });
});
