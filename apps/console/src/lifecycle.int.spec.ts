import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fail, ok, subjects } from '@sallyport/platform-bus';
import { house, type House } from './testing/house.ts';

let h: House;
beforeAll(async () => void (h = await house()));
afterAll(() => h[Symbol.asyncDispose]());
beforeEach(() => void (h.noted.length = 0));

const by = (person: string) => ({ person, roles: person === 'nobody' ? [] : [person], groups: ['dba'], source: '127.0.0.1' });
const transfer = {
  id: '0198c0de-0000-7000-8000-000000000001', newOwner: 'priya', backupOwner: null, previousOwner: 'olga', reason: 'the owner left', requestedBy: 'nobody', requested: '2026-11-23T10:00:00.000000Z', state: 'requested', accepted: null, ended: null, agreed: [],
};

describe('machines over the API', () => {
  it('are listed and shown with everything that identity knows, asked in the name of who is logged in', async () => {
    h.answer(subjects.identityMachines, ok({ machines: [], total: 7, next: null }));
    expect(await h.ask('GET', '/v1/machines?state=suspended&owner=olga&criticality=high&after=m&limit=5', 'approver')).toMatchObject({ status: 200, body: { machines: [], total: 7, next: null } });
    expect(h.asked.get(subjects.identityMachines)?.at(-1)).toEqual({ by: by('approver'), state: 'suspended', owner: 'olga', criticality: 'high', after: 'm', limit: 5 });
    await h.ask('GET', '/v1/machines', 'auditor');
    expect(h.asked.get(subjects.identityMachines)?.at(-1)).toMatchObject({ state: null, owner: null, criticality: null, after: null, limit: 50 });
    for (const wrong of ['state=dead', 'limit=1001', 'criticality=x', 'surprise=1']) expect((await h.ask('GET', `/v1/machines?${wrong}`, 'auditor')).status, wrong).toBe(400);
    h.answer(subjects.identityMachine, ok({ machine: null, versions: [], statuses: [], transfers: [transfer] }));
    expect(await h.ask('GET', '/v1/machines/nightly', 'operator')).toMatchObject({ status: 200, body: { machine: null, transfers: [{ newOwner: 'priya' }] } });
    expect(h.asked.get(subjects.identityMachine)?.at(-1)).toEqual({ by: by('operator'), machine: 'nightly' });
    expect((await h.ask('GET', '/v1/machines', 'nobody')).status).toBe(403);
  });

  it('are stopped by a person with a reason, never in the name of a review', async () => {
    h.answer(subjects.identityMachineSuspend, ok({ machine: 'nightly', state: 'suspended', changed: true }));
    expect(await h.ask('POST', '/v1/machines/nightly/suspend', 'operator', { reason: 'case 7' })).toMatchObject({ status: 200, body: { state: 'suspended', changed: true } });
    expect(h.asked.get(subjects.identityMachineSuspend)).toEqual([{ by: by('operator'), machine: 'nightly', reason: 'case 7', review: null }]);
    for (const body of [{ reason: 'case 7', review: 'r' }, { reason: 'x' }, {}]) expect((await h.ask('POST', '/v1/machines/nightly/suspend', 'operator', body)).status).toBe(400);
    h.answer(subjects.identityMachineRetire, fail('not-found', 'there is no machine nightly'));
    expect((await h.ask('POST', '/v1/machines/nightly/retire', 'admin', { reason: 'case 7' })).status).toBe(404);
    expect((await h.ask('POST', '/v1/machines/nightly/retire', 'operator', { reason: 'case 7' })).status).toBe(403);
    expect(h.noted).toEqual(['POST /v1/machines/:name/retire /v1/machines/nightly/retire forbidden']);
  });

  it('are handed over by people without a role, too: identity knows who owns them', async () => {
    h.answer(subjects.identityMachineTransfer, ok(transfer));
    expect(await h.ask('POST', '/v1/machines/nightly/transfer', 'nobody', { to: 'priya', reason: 'the owner left' })).toMatchObject({ status: 200, body: transfer });
    expect(h.asked.get(subjects.identityMachineTransfer)?.at(-1)).toEqual({ by: by('nobody'), machine: 'nightly', to: 'priya', backup: null, reason: 'the owner left' });
    h.answer(subjects.identityMachineAccept, fail('denied', 'only priya, who was asked, can accept machine nightly'));
    expect(await h.ask('POST', '/v1/machines/nightly/accept', 'nobody', { backup: 'tom' })).toMatchObject({ status: 403, body: { error: { code: 'denied' } } });
    expect(h.asked.get(subjects.identityMachineAccept)?.at(-1)).toEqual({ by: by('nobody'), machine: 'nightly', backup: 'tom' });
    for (const [code, status] of [['not-accepted', 409], ['nothing-asked', 409], ['contract-over', 409], ['self-approval', 403], ['already-voted', 409], ['backup-needed', 422]] as const) {
      h.answer(subjects.identityMachineAgree, fail(code, 'x'));
      expect((await h.ask('POST', '/v1/machines/nightly/agree', 'nobody', {})).status, code).toBe(status);
    }
  });
});

describe('people over the API', () => {
  it('are listed, and a word about one of them needs a role', async () => {
    h.answer(subjects.identityPeople, ok({ people: [], total: 0, next: null }));
    expect((await h.ask('GET', '/v1/people?gone=true', 'auditor')).status).toBe(200);
    expect(h.asked.get(subjects.identityPeople)?.at(-1)).toEqual({ by: by('auditor'), gone: true, after: null, limit: 50 });
    h.answer(subjects.identityPerson, ok({ person: 'olga', changed: true, suspended: ['nightly'], attention: [] }));
    expect(await h.ask('POST', '/v1/people/olga/left', 'operator', { reason: 'case 7' })).toMatchObject({ status: 200, body: { suspended: ['nightly'] } });
    expect((await h.ask('POST', '/v1/people/olga/returned', 'operator', { reason: 'case 7' })).status).toBe(403);
    expect((await h.ask('POST', '/v1/people/olga/returned', 'admin', { reason: 'case 7' })).status).toBe(200);
    expect(h.asked.get(subjects.identityPerson)).toEqual([{ by: by('operator'), person: 'olga', kind: 'left', reason: 'case 7' }, { by: by('admin'), person: 'olga', kind: 'returned', reason: 'case 7' }]);
    h.answer(subjects.identityPerson, ok({ person: 'olga', changed: true, suspended: [], attention: [] }));
    expect(await h.ask('POST', '/v1/people/olga/revoke-sessions', 'operator', { reason: 'case 8' })).toMatchObject({ status: 200, body: { person: 'olga', changed: true } });
    expect(h.asked.get(subjects.identityPerson)?.at(-1)).toEqual({ by: by('operator'), person: 'olga', kind: 'session-revoked', reason: 'case 8' });
    expect((await h.ask('POST', '/v1/people/olga/revoke-sessions', 'approver', { reason: 'case 8' })).status).toBe(403);
    h.answer(subjects.identityPerson, fail('document-says-left', 'x'));
    expect((await h.ask('POST', '/v1/people/olga/returned', 'admin', { reason: 'case 7' })).status).toBe(409);
  });
});

describe('somebody whose sessions are revoked', () => {
  it('is asked to log in again at the next request, by a code of its own', async () => {
    expect((await h.ask('GET', '/v1/me', 'revocable')).status).toBe(200);
    h.revoke('revocable');
    // Identity shows it to the others; until then a good answer of a moment ago is believed.
    await h.shows('login.revocable', { before: '2026-11-23T10:00:00.000000Z' });
    await expect.poll(() => h.ask('GET', '/v1/me', 'revocable')).toMatchObject({ status: 401, body: { error: { code: 'session-revoked', say: 'this session was revoked: log in again (session-revoked)' } } });
    expect((await h.ask('GET', '/v1/me', 'auditor')).status).toBe(200);
  });
});

describe('reviews over the API', () => {
  const id = '0198c0de-0000-7000-8000-0000000000c1';
  const campaign = { id, title: 'all', state: 'open', scope: 'all machines', opened: '2026-11-23T10:00:00Z', openedBy: 'auditor', due: '2026-12-07T10:00:00Z', stops: '2026-12-14T10:00:00Z', closed: null, items: 1, waiting: 1, overdue: 0, kept: 0, narrowed: 0, revoked: 0, stopped: 0, gone: 0 };
  const item = {
    id, campaign: id, state: 'kept', machine: 'nightly', owner: 'olga', criticality: 'high', entitlement: null, entitlementUntil: null, target: null, role: null, granted: ['read'], unused: ['read'], used: [], usedCount: 0, lastUsed: null, reviewers: ['ann'],
    assigned: null, due: campaign.due, stops: campaign.stops, overdue: false, reviewBy: null, nextReview: null, decided: { by: 'ann', at: campaign.opened, reason: 'it is needed' }, policy: null, enforced: null,
  };

  it('are opened and closed by administrators and auditors, and shown to every role', async () => {
    h.answer(subjects.reviewOpen, ok(campaign));
    expect(await h.ask('POST', '/v1/reviews', 'auditor', {})).toMatchObject({ status: 200, body: campaign });
    expect(h.asked.get(subjects.reviewOpen)?.at(-1)).toEqual({ by: by('auditor'), title: null, scope: { criticality: null, team: null, owner: null, machine: null, target: null }, dueDays: 14, graceDays: null });
    await h.ask('POST', '/v1/reviews', 'admin', { scope: { machine: 'nightly' }, dueDays: 3 });
    expect(h.asked.get(subjects.reviewOpen)?.at(-1)).toMatchObject({ scope: { machine: 'nightly', team: null }, dueDays: 3 });
    expect((await h.ask('POST', '/v1/reviews', 'approver', {})).status).toBe(403);
    for (const wrong of [{ dueDays: 0 }, { scope: { surprise: 1 } }, { title: 'x' }]) expect((await h.ask('POST', '/v1/reviews', 'admin', wrong)).status).toBe(400);
    h.answer(subjects.reviewList, ok({ campaigns: [campaign], total: 1 }));
    expect(await h.ask('GET', '/v1/reviews?state=open', 'operator')).toMatchObject({ status: 200, body: { total: 1 } });
    h.answer(subjects.reviewShow, ok({ campaign, items: [item], total: 1 }));
    expect(await h.ask('GET', `/v1/reviews/${id}?mine=true&machine=nightly`, 'approver')).toMatchObject({ status: 200, body: { items: [{ granted: ['read'], unused: ['read'] }] } });
    expect(h.asked.get(subjects.reviewShow)?.at(-1)).toEqual({ by: by('approver'), campaign: id, state: null, machine: 'nightly', mine: true, after: null, limit: 50 });
    h.answer(subjects.reviewClose, fail('waiting', '1 items wait'));
    expect((await h.ask('POST', `/v1/reviews/${id}/close`, 'auditor', {})).status).toBe(409);
  });

  it('are decided and handed on by whoever governance lets, in his own name', async () => {
    h.answer(subjects.reviewDecide, ok(item));
    expect(await h.ask('POST', `/v1/review-items/${id}/decide`, 'nobody', { decision: 'keep', reason: 'it is needed' })).toMatchObject({ status: 200, body: { state: 'kept' } });
    expect(h.asked.get(subjects.reviewDecide)?.at(-1)).toEqual({ by: by('nobody'), item: id, decision: 'keep', reason: 'it is needed' });
    for (const [code, status] of [['denied', 403], ['self-review', 403], ['assigned', 409], ['decided', 409], ['closed', 409], ['unused', 422]] as const) {
      h.answer(subjects.reviewDecide, fail(code, 'x'));
      expect((await h.ask('POST', `/v1/review-items/${id}/decide`, 'approver', { decision: 'narrow', reason: 'it is needed' })).status, code).toBe(status);
    }
    expect((await h.ask('POST', `/v1/review-items/${id}/decide`, 'approver', { decision: 'keep' })).status).toBe(400);
    h.answer(subjects.reviewDelegate, fail('not-a-reviewer', 'otto may not decide this'));
    expect((await h.ask('POST', `/v1/review-items/${id}/delegate`, 'approver', { to: 'otto', reason: 'knows it' })).status).toBe(422);
    expect(h.asked.get(subjects.reviewDelegate)?.at(-1)).toEqual({ by: by('approver'), item: id, to: 'otto', reason: 'knows it' });
  });
});

describe('use, and policies that are tried on it, over the API', () => {
  const span = { from: '2026-10-25', to: '2026-11-23', upTo: 7 };

  it('are asked of governance in the name of who is logged in, by the roles that may read', async () => {
    h.answer(subjects.governanceUsage, ok({ machine: 'nightly', ...span, used: [], total: 0 }));
    expect(await h.ask('GET', '/v1/machines/nightly/usage?target=ledger-db&days=90&limit=5&offset=10', 'approver')).toMatchObject({ status: 200, body: { upTo: 7 } });
    expect(h.asked.get(subjects.governanceUsage)?.at(-1)).toEqual({ by: by('approver'), machine: 'nightly', target: 'ledger-db', days: 90, limit: 5, offset: 10 });
    for (const wrong of ['days=0', 'days=401', 'offset=-1', 'surprise=1']) expect((await h.ask('GET', `/v1/machines/nightly/usage?${wrong}`, 'auditor')).status, wrong).toBe(400);
    const file = { name: 'least-nightly.cedar', text: '' };
    h.answer(subjects.governancePropose, ok({ machine: 'nightly', ...span, digest: 'd', rules: 0, file, narrowing: null, check: { commands: 0, allowed: 0, held: 0, denied: 0, undecided: 0, wrong: [] }, left: [] }));
    expect(await h.ask('POST', '/v1/policy/propose', 'operator', { machine: 'nightly' })).toMatchObject({ status: 200, body: { file } });
    expect(h.asked.get(subjects.governancePropose)?.at(-1)).toEqual({ by: by('operator'), machine: 'nightly', target: null, days: 30 });
    for (const [code, status] of [['not-found', 404], ['unused', 422], ['too-much', 422], ['unavailable', 503], ['invalid', 400]] as const) {
      h.answer(subjects.governanceSimulate, fail(code, 'x'));
      expect((await h.ask('POST', '/v1/policy/simulate', 'auditor', { files: [], days: 7 })).status, code).toBe(status);
    }
    expect(h.asked.get(subjects.governanceSimulate)?.at(-1)).toEqual({ by: by('auditor'), files: [], machine: null, days: 7 });
    expect((await h.ask('POST', '/v1/policy/simulate', 'nobody', { files: [] })).status).toBe(403);
  });

  it('are told with how far governance is', async () => {
    h.answer(subjects.governanceStatus, ok({ next: 7, lag: 3 }));
    expect(await h.ask('GET', '/v1/governance/status', 'nobody')).toMatchObject({ status: 200, body: { next: 7, lag: 3 } });
    expect((await h.ask('GET', '/v1/governance/status', null)).status).toBe(401);
  });
});
