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
    h.answer(subjects.identityPerson, fail('document-says-left', 'x'));
    expect((await h.ask('POST', '/v1/people/olga/returned', 'admin', { reason: 'case 7' })).status).toBe(409);
  });
});
