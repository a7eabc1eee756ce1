import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fail, ok, subjects } from '@sallyport/platform-bus';
import { access } from './access.ts';
import { eventually } from './testing/eventually.ts';
import { adminToken, house, type House } from './testing/house.ts';

let h: House;
beforeAll(async () => void (h = await house()));
afterAll(async () => {
  await h[Symbol.asyncDispose]();
  expect(h.lives).toEqual(['service.started', 'service.stopped']);
});
beforeEach(() => {
  h.noted.length = 0;
  h.closed.length = 0;
});

const id = '0198c0de-0000-7000-8000-000000000001';
const concrete = (route: string) => {
  const [method = '', path = ''] = route.split(' ');
  return { method, path: path.replace(':id', id).replace(':kind', 'Machine').replace(':name', 'm') };
};
const problem = (code: string) => ({ error: { code, say: expect.any(String), requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) } });

describe('every route', () => {
  it.each(Object.entries(access))('%s is closed to those it is not for', async (route, who) => {
    const { method, path } = concrete(route);
    const body = method === 'POST' ? {} : undefined;
    if (who === 'everybody') {
      h.answer(subjects.identityList, ok({ documents: [] }));
      expect((await h.ask(method, path, null)).status).toBe(200);
      return;
    }
    const without = await h.ask(method, path, null, body);
    expect([without.status, without.body]).toEqual([401, problem('unauthenticated')]);
    for (const role of ['admin', 'approver', 'auditor', 'operator', 'nobody']) {
      const allowed = who === 'known' || who.some((one) => one === role);
      const { status } = await h.ask(method, path, role, body);
      if (allowed) expect([401, 403]).not.toContain(status);
      else expect(status).toBe(403);
    }
  });
});

describe('the API', () => {
  it('says who you are, and warns the bootstrap administrator on every answer, errors too', async () => {
    expect(await h.ask('GET', '/v1/me', 'auditor')).toMatchObject({ status: 200, body: { person: 'auditor', roles: ['auditor'], groups: ['dba'] } });
    const me = await h.ask('GET', '/v1/me', adminToken);
    expect(me).toMatchObject({ status: 200, body: { person: 'bootstrap-admin', roles: ['admin'], tokenExpires: null }, headers: { 'sallyport-warning': expect.stringContaining('for setup') } });
    const refused = await h.ask('GET', '/v1/evidence/events', adminToken);
    expect(refused).toMatchObject({ status: 403, body: problem('forbidden'), headers: { 'sallyport-warning': expect.stringContaining('for setup') } });
    expect((await h.ask('GET', '/v1/me', 'auditor')).headers['sallyport-warning']).toBeUndefined();
  });

  it('answers bad input with one shape and no details of its own', async () => {
    expect(await h.ask('POST', '/v1/apply', 'admin', '{"documents": [')).toMatchObject({ status: 400, body: problem('invalid') });
    expect(await h.ask('POST', '/v1/apply', 'admin', {})).toMatchObject({ status: 400, body: { error: { say: expect.stringContaining('documents:') } } });
    expect(await h.ask('POST', '/v1/apply', 'admin', { documents: [], surprise: 1 })).toMatchObject({ status: 400, body: problem('invalid') });
    expect(await h.ask('POST', '/v1/apply', 'admin', { documents: ['x'.repeat(1024 * 1024)] })).toMatchObject({ status: 413, body: problem('too-large') });
    expect(await h.ask('GET', '/v1/approvals/not-an-id', 'approver')).toMatchObject({ status: 400, body: problem('invalid') });
    expect(await h.ask('GET', '/v1/sessions?limit=100000', 'auditor')).toMatchObject({ status: 400, body: problem('invalid') });
    expect(await h.ask('GET', '/v1/nothing', 'admin')).toMatchObject({ status: 404, body: problem('not-found') });
    expect(await h.ask('GET', '/v1/resources/Wizard', 'admin')).toMatchObject({ status: 404, body: problem('not-found') });
  });

  it('passes on what a service refuses, with its code', async () => {
    h.answer(subjects.approvalsVote, fail('self-approval', 'olga owns the machine'));
    expect(await h.ask('POST', `/v1/approvals/${id}/approve`, 'approver', { comment: 'x' })).toMatchObject({ status: 403, body: { error: { code: 'self-approval', say: 'olga owns the machine' } } });
    h.answer(subjects.approvalsVote, fail('already-voted', 'once'));
    expect((await h.ask('POST', `/v1/approvals/${id}/reject`, 'approver', {})).status).toBe(409);
    expect(h.noted).toEqual([`approval.approve ${id} self-approval`, `approval.reject ${id} already-voted`]);
  });

  it('tells services who asks, from the connection and not from headers', async () => {
    h.answer(subjects.evidenceSessions, ok({ sessions: [], total: 0 }));
    expect(await h.ask('GET', '/v1/sessions?open=true&machine=m', 'auditor')).toMatchObject({ status: 200, body: { sessions: [] } });
    expect(h.asked.get(subjects.evidenceSessions)?.at(-1)).toEqual({ by: { person: 'auditor', roles: ['auditor'], groups: ['dba'], source: '127.0.0.1' }, machine: 'm', target: null, before: null, open: true, state: null, from: null, to: null, limit: 50 });
    await h.ask('GET', '/v1/sessions?state=refused&from=2026-11-01&to=2026-11-02T10:00:00Z', 'auditor');
    expect(h.asked.get(subjects.evidenceSessions)?.at(-1)).toMatchObject({ open: null, state: 'refused', from: '2026-11-01T00:00:00.000Z', to: '2026-11-02T10:00:00.000Z' });
    for (const wrong of ['state=dead', 'from=yesterday', 'to=2026-02-30', 'from=2026-11-01T00:00:00%2B01:00']) expect(await h.ask('GET', `/v1/sessions?${wrong}`, 'auditor')).toMatchObject({ status: 400, body: problem('invalid') });
  });

  it('gives the leaves of the log behind one, for whoever pulls', async () => {
    const event = { received: '2026-11-23T04:00:00.000Z', bytes: 'e30=', sha256: 'ab'.repeat(32) };
    h.answer(subjects.evidenceEvents, ok({ events: [{ at: 8, ...event }, { at: 9, ...event }], next: 9 }));
    expect(await h.ask('GET', '/v1/evidence?after=6&limit=2', 'auditor')).toMatchObject({ status: 200, body: { leaves: [{ leaf: 7, ...event }, { leaf: 8, ...event }], next: 8 } });
    expect(h.asked.get(subjects.evidenceEvents)?.at(-1)).toMatchObject({ session: null, after: 7, limit: 2 });
    h.answer(subjects.evidenceEvents, ok({ events: [], next: null }));
    expect(await h.ask('GET', '/v1/evidence', 'auditor')).toMatchObject({ status: 200, body: { leaves: [], next: null } });
    expect(h.asked.get(subjects.evidenceEvents)?.at(-1)).toMatchObject({ by: { person: 'auditor' }, session: null, after: 0, limit: 500 });
    for (const query of ['after=-1', 'after=x', 'limit=0', 'limit=2001', 'from=1']) expect((await h.ask('GET', `/v1/evidence?${query}`, 'auditor')).status, query).toBe(400);
  });

  it('ends a session through the bus and notes it', async () => {
    expect(await h.ask('POST', `/v1/sessions/${id}/kill`, 'operator', { reason: 'incident 7' })).toMatchObject({ status: 200, body: { session: id } });
    await eventually(() => expect(h.closed).toEqual([{ subject: `control.session.${id}.close`, code: 'closing', say: 'ended by operator: incident 7' }]));
    expect(h.noted).toEqual([`session.kill ${id} null`]);
  });

  it('has its own beginning noted, once', async () => {
    await eventually(() => expect(h.lives).toEqual(['service.started']));
  });

  it('notes who tried to change something that he may not', async () => {
    await h.ask('POST', `/v1/sessions/${id}/kill`, 'auditor', {});
    expect(h.noted).toEqual([`POST /v1/sessions/:id/kill /v1/sessions/${id}/kill forbidden`]);
  });

  it('shows the text of an approval only when that can be recorded', async () => {
    h.answer(subjects.approvalsShow, fail('not-found', 'none'));
    expect((await h.ask('GET', `/v1/approvals/${id}`, 'approver')).status).toBe(404);
    expect(h.noted).toEqual([`approval.show ${id} null`]);
    h.silence('evidence', true);
    try {
      expect(await h.ask('GET', `/v1/approvals/${id}`, 'approver')).toMatchObject({ status: 503, body: problem('unavailable') });
    } finally {
      h.silence('evidence', false);
    }
  }, 20_000);

  it('knows which services answer', async () => {
    expect(await h.ask('GET', '/v1/health', 'nobody')).toMatchObject({
      status: 200,
      body: { version: expect.any(String), services: ['console', 'identity', 'policy', 'masking', 'approvals', 'evidence', 'governance', 'sinks'].map((service) => ({ service, ok: true, say: 'answers' })) },
    });
  });

  it('knows what gateways say of themselves', async () => {
    h.gatewaySays('gateway-1', { waiting: {}, notes: { ssh: 'no compiled crypto' } });
    await eventually(async () => expect((await h.ask('GET', '/v1/health', 'nobody')).body).toMatchObject({ services: expect.arrayContaining([{ service: 'gateway-1', ok: false, say: 'ssh: no compiled crypto' }]) }));
  });

  it('describes itself: every route of the access table, bodies and answers with their schemas', async () => {
    const { body } = await h.ask('GET', '/v1/openapi.json', null);
    const document = body as { paths: Record<string, Record<string, { requestBody?: { content: unknown }; responses: Record<string, unknown> }>> };
    const described = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`));
    expect([...described, 'GET /v1/openapi.json'].toSorted()).toEqual(Object.keys(access).toSorted());
    expect(JSON.stringify(document.paths['/v1/apply']?.['post']?.requestBody?.content)).toContain('"additionalProperties":false');
    expect(JSON.stringify(document.paths['/v1/sessions']?.['get']?.responses['200'])).toContain('"sessions"');
    expect(JSON.stringify(document.paths['/v1/me']?.['get']?.responses['default'])).toContain('"requestId"');
  });

  it('slows down guessing, last of all since it locks this address out', async () => {
    for (let i = 0; i < 10; i++) expect((await h.ask('GET', '/v1/me', `guess-${i}`)).status).toBe(401);
    expect(await h.ask('GET', '/v1/me', 'guess-10')).toMatchObject({ status: 429, body: problem('rate-limited') });
  });
});
