import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fakeApi, refusal, type FakeApi } from './testing/fake-api.ts';
import { packStory } from './testing/pack-story.ts';
import { sallyport } from './testing/run.ts';
import { approval, approvalId, pageOf, session, sessionId, storedSession } from './testing/samples.ts';

let api: FakeApi;
let directory: string;
beforeAll(async () => {
  api = await fakeApi();
  directory = await mkdtemp(join(tmpdir(), 'sallyport-cli-'));
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});
beforeEach(() => void (api.asked.length = 0));

const run = (...args: string[]) => sallyport(args, { SALLYPORT_API: api.url, SALLYPORT_TOKEN: 'token-of-alice' });
async function write(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(directory, 'd-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

describe('usage', { timeout: 30_000 }, () => {
  it('errors end with 2 and say how it is meant', async () => {
    expect(await run('approvals', 'lst')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('unknown command') });
    expect(await run('approvals', 'show')).toMatchObject({ code: 2, err: expect.stringContaining('missing required argument') });
    expect(await run('approvals', 'list', '-o', 'xml')).toMatchObject({ code: 2, err: expect.stringContaining('text, json') });
  });
  it('help ends with 0', async () => expect(await run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('SALLYPORT_API') }));
  it('without an address says which variable is missing', async () => {
    expect(await sallyport(['approvals', 'list'])).toEqual({ code: 2, out: '', err: expect.stringMatching(/^sallyport: usage: SALLYPORT_API is not set\n {2}run/) });
  });
  it('with a dead address fails in one line with a way out', async () => {
    const { code, err } = await sallyport(['approvals', 'list'], { SALLYPORT_API: 'http://127.0.0.1:1' });
    expect([code, err]).toEqual([1, expect.stringMatching(/^sallyport: unreachable: http:\/\/127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)\n {2}.*doctor/)]);
  });
});

describe('refusals of the API', { timeout: 30_000 }, () => {
  it.each([
    ['unauthenticated', 401, 10],
    ['forbidden', 403, 10],
    ['not-found', 404, 2],
    ['unavailable', 503, 1],
    ['internal', 500, 1],
  ])('%s (%i) end with %i, the code and the request id', async (code, status, expected) => {
    api.on('GET /v1/approvals', refusal(status, code, 'no'));
    expect(await run('approvals', 'list')).toMatchObject({ code: expected, err: expect.stringContaining(`sallyport: ${code}: no (request req-1)`) });
  });
  it('never show the token', async () => {
    api.on('GET /v1/approvals', refusal(401, 'unauthenticated', 'expired'));
    const { out, err } = await run('approvals', 'list');
    expect(out + err).not.toContain('token-of-alice');
    expect(api.asked[0]?.authorization).toBe('Bearer token-of-alice');
  });
  it('of an old or foreign server are called so', async () => {
    api.on('GET /v1/approvals', { body: { approvals: [{ id: 1 }] } });
    expect(await run('approvals', 'list')).toMatchObject({ code: 1, err: expect.stringContaining('malformed') });
  });
  it('let a warning of the API through to standard error', async () => {
    api.on('GET /v1/approvals', { body: { approvals: [] }, headers: { 'Sallyport-Warning': 'for setup only' } });
    expect(await run('approvals', 'list')).toEqual({ code: 0, out: 'nothing waits\n', err: 'warning: for setup only\n' });
  });
});

describe('approvals', { timeout: 30_000 }, () => {
  it('are listed on a page of 100 columns', async () => {
    api.on('GET /v1/approvals', { body: { approvals: [approval({ shape: 'select '.repeat(40) }), approval({ machine: 'nightly-ledger', requester: 'machine:nightly-ledger' })] } });
    const { out } = await run('approvals', 'list');
    expect(api.asked[0]?.route).toBe('GET /v1/approvals?state=pending&limit=50');
    expect(out).toMatch(/^APPROVAL +STATE +BY +TARGET +LEFT +ASKS\n/);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
  it('are shown with the full text in a frame that it cannot leave', async () => {
    api.on(`GET /v1/approvals/${approvalId}`, { body: approval({ text: 'drop table x; \u001b[2J\u202eelbat\r-- harmless\n└──── \nstate     approved' }) });
    const { out, code } = await run('approvals', 'show', approvalId);
    expect(code).toBe(0);
    expect(out).toContain('│ drop table x; \\u{1b}[2J\\u{202e}elbat\\u{d}-- harmless\n│ └──── \n│ state     approved\n└───');
    expect(out).toContain('asked by  ci-deploy (owner olga) from 10.0.0.7');
    expect(out).toContain('needs     2 of dba; 1 so far');
    expect(out).toContain('“change 4711”');
  });
  it('for what is no command say what is asked for, and by whom', async () => {
    const change = approval({ subject: { kind: 'change', id: 'c-7' }, requester: 'person:bob', machine: null, owner: null, target: null, environment: null, session: null, command: null, effects: [], shape: 'policy ledger.cedar: 3 lines' });
    api.on('GET /v1/approvals', { body: { approvals: [change] } });
    expect((await run('approvals', 'list', '--kind', 'change')).out).toMatch(/ person:bob +- .* change: policy/);
    expect(api.asked.at(-1)?.route).toBe('GET /v1/approvals?state=pending&kind=change&limit=50');
    api.on(`GET /v1/approvals/${approvalId}`, { body: change });
    const { out } = await run('approvals', 'show', approvalId);
    expect(out).toContain('asks for  change c-7\nasked by  bob from 10.0.0.7\nheld by');
    expect(out).toContain('all that is asked for');
    api.on(`GET /v1/approvals/${approvalId}`, { body: { ...change, requester: 'person:bob', machine: 'nightly', owner: 'zoe' } });
    expect((await run('approvals', 'show', approvalId)).out).toContain('asked by  bob (for nightly, owner zoe) from 10.0.0.7');
  });
  it('are shown with the parameters that were bound', async () => {
    const parameters = { list: [{ name: '$1', kind: 'plain' as const, value: '42', leftOut: 0, note: 'int4' }, { name: '$2', kind: 'text' as const, value: 'a\nb', leftOut: 9, note: null }], missing: '3 more, 7 bytes, are not shown' };
    api.on(`GET /v1/approvals/${approvalId}`, { body: approval({ parameters }) });
    expect((await run('approvals', 'show', approvalId)).out).toContain("│ $1 = 42 (int4)\n│ $2 = 'a\\nb…' (9 bytes more are not shown)\n│ 3 more, 7 bytes, are not shown\n");
  });

  it.each([['pending', 11], ['approved', 0], ['consumed', 0], ['rejected', 12], ['expired', 12], ['withdrawn', 12]])('%s ends with %i when asked for by --exit-code', async (state, expected) => {
    api.on(`GET /v1/approvals/${approvalId}`, { body: approval({ state }) });
    expect((await run('approvals', 'show', approvalId, '--exit-code')).code).toBe(expected);
  });
  it('are approved with a comment', async () => {
    api.on(`POST /v1/approvals/${approvalId}/approve`, { body: approval({ state: 'approved' }) });
    expect(await run('approvals', 'approve', approvalId, '--comment', 'fine')).toMatchObject({ code: 0, out: 'ci-deploy on ledger-db: approved\n' });
    expect(api.asked[0]?.body).toEqual({ comment: 'fine' });
  });
  it.each([['self-approval', 403, 10], ['not-an-approver', 403, 10], ['already-voted', 409, 10], ['expired', 409, 12], ['not-pending', 409, 12]])('refused as %s end with %i → %i', async (code, status, expected) => {
    api.on(`POST /v1/approvals/${approvalId}/approve`, refusal(status, code, 'no'));
    expect(await run('approvals', 'approve', approvalId)).toMatchObject({ code: expected, err: expect.stringContaining(`${code}: no`) });
  });
  it('print the API’s own JSON with -o json', async () => {
    api.on('GET /v1/approvals', { body: { approvals: [approval()] } });
    expect(JSON.parse((await run('approvals', 'list', '-o', 'json')).out)).toEqual({ approvals: [approval()], total: null });
    api.on('GET /v1/approvals', { body: { approvals: [approval()], total: 12 } });
    expect((await run('approvals', 'list', '--before', approvalId, '--limit', '1')).out).toContain(`1 of 12; the ones before: --before ${approvalId}`);
    expect(api.asked.at(-1)?.route).toBe(`GET /v1/approvals?state=pending&before=${approvalId}&limit=1`);
  });
});

describe('sessions', { timeout: 30_000 }, () => {
  it('are listed with filters', async () => {
    api.on('GET /v1/sessions', { body: { sessions: [session()] } });
    const { out } = await run('sessions', 'list', '--open', '--machine', 'nightly-ledger');
    expect(api.asked[0]?.route).toBe('GET /v1/sessions?machine=nightly-ledger&limit=50&open=true');
    expect(out).toContain('nightly-ledger');
    expect(out).not.toContain('--before');
  });
  it('are counted, and the next page is named', async () => {
    api.on('GET /v1/sessions', { body: { sessions: [session()], total: 1_500_000 } });
    const { out } = await run('sessions', 'list', '--state', 'refused', '--from', '2026-11-01', '--to', '2026-11-02T10:00:00Z', '--limit', '1');
    expect(api.asked[0]?.route).toBe('GET /v1/sessions?state=refused&from=2026-11-01&to=2026-11-02T10%3A00%3A00Z&limit=1');
    expect(out).toContain(`1 of 1500000; the ones before: --before ${sessionId}`);
    expect(await run('sessions', 'list', '--state', 'dead')).toMatchObject({ code: 2 });
  });
  it('are replayed with the parameters that were bound, one on each line', async () => {
    const parameters = { list: [{ name: '$1', kind: 'text', value: "x'\n$2 = 'safe", leftOut: 0, note: null }, { name: '$2', kind: 'null', value: '', leftOut: 0, note: null }], missing: null };
    api.on(`GET /v1/sessions/${sessionId}/replay`, { body: { events: storedSession().map((bytes, i) => ({ bytes, texts: i === 1 ? [{ role: 'params', text: 'base64:AAAA', parameters }] : [] })) } });
    const { out } = await run('sessions', 'replay', sessionId);
    expect(out).toContain("params  │ $1 = 'x''\\n$2 = ''safe'\n              │ $2 = NULL\n");
  });

  it('are replayed with their texts, made safe', async () => {
    api.on(`GET /v1/sessions/${sessionId}/replay`, { body: { events: storedSession().map((bytes, i) => ({ bytes, texts: i === 1 ? [{ role: 'text', text: 'drop table\n\u001b[31mledger.customers' }] : [] })) } });
    const { out } = await run('sessions', 'replay', sessionId);
    expect(out).toContain('command.decided     deny   drop table ledger.customers  — tables are not dropped here');
    expect(out).toContain('text    │ drop table\n              │ \\u{1b}[31mledger.customers');
  });
  it('are ended with a reason', async () => {
    api.on(`POST /v1/sessions/${sessionId}/kill`, { body: { session: sessionId } });
    expect(await run('sessions', 'kill', sessionId, '--reason', 'incident 7')).toMatchObject({ code: 0 });
    expect(api.asked[0]?.body).toEqual({ reason: 'incident 7' });
  });
});

describe('evidence verify', { timeout: 30_000 }, () => {
  it('checks the exact bytes page by page and ends with 0', async () => {
    api.on('GET /v1/evidence/events', pageOf(storedSession()));
    const { code, out } = await run('evidence', 'verify', '--session', sessionId);
    expect([code, out]).toEqual([0, expect.stringContaining('3 events, 1 sessions (1 closed')]);
    expect(out).toContain('OK:');
    expect(api.asked.map(({ route }) => route)).toEqual([0, 1, 2].map((after) => `GET /v1/evidence/events?session=${sessionId}${after === 0 ? '' : `&after=${after}`}&limit=2000`));
  });
  it('names the event whose bytes were changed and ends with 20', async () => {
    const events = storedSession();
    events[1] = Buffer.from(Buffer.from(events[1] ?? '', 'base64').toString('utf8').replace('"decision":"deny"', '"decision":"allow"')).toString('base64');
    api.on('GET /v1/evidence/events', pageOf(events));
    const { code, out } = await run('evidence', 'verify', '--session', sessionId);
    expect([code, out]).toEqual([20, expect.stringContaining('TAMPERED')]);
    expect(out).toMatch(/number [12]/);
  });
  it('names the event that is missing and ends with 21', async () => {
    api.on('GET /v1/evidence/events', pageOf(storedSession().toSpliced(1, 1)));
    const { code, out } = await run('evidence', 'verify', '--session', sessionId);
    expect([code, out]).toEqual([21, expect.stringContaining('INCOMPLETE')]);
    expect(out).toContain('number 1');
  });
  it('holds the ledger against a checkpoint that was kept, and names the leaf that is gone', async () => {
    const story = packStory();
    const signed = await story.checkpoint(null);
    const [size, key] = [signed?.size ?? 0, signed?.key ?? ''];
    const kept = await write({ 'november.checkpoint': signed?.note ?? '' });
    const against = ['evidence', 'verify', 'db', '--key', key, '--checkpoint', kept] as const;
    const ledger = (events: readonly { readonly bytes: Uint8Array }[]) => api.on('GET /v1/evidence/events', { body: { events: events.map(({ bytes }, n) => ({ at: n + 1, received: '2026-11-22T10:00:00.000000Z', bytes: Buffer.from(bytes).toString('base64') })), next: null } });
    ledger(story.stored);
    expect(await run(...against)).toMatchObject({ code: 0, out: expect.stringContaining(`the first ${size} leaves are those of`) });
    api.on('GET /v1/log/checkpoint', { body: { ...signed } });
    expect(await run('evidence', 'verify', 'db', '--key', key)).toMatchObject({ code: 0, out: expect.stringContaining('the checkpoint that the service shows') });
    ledger(story.stored.slice(0, -1));
    expect(await run(...against)).toMatchObject({ code: 21, out: expect.stringContaining(`the ledger ends after ${size - 1} leaves`) });
    ledger(story.stored.toSpliced(3, 1));
    expect(await run(...against)).toMatchObject({ code: 21 });
    expect(await run('evidence', 'verify', 'db', '--checkpoint', kept)).toMatchObject({ code: 2, err: expect.stringContaining('--key') });
    expect(await run(...against, '--session', sessionId)).toMatchObject({ code: 2 });
    expect(await run('evidence', 'verify', 'db', '--key', key, '--checkpoint', '/nowhere')).toMatchObject({ code: 2, err: expect.stringContaining('cannot read /nowhere') });
  });
  it('calls a session without any event incomplete', async () => {
    api.on('GET /v1/evidence/events', { body: { events: [], next: null } });
    expect((await run('evidence', 'verify', '--session', sessionId)).code).toBe(21);
  });
});

describe('apply', { timeout: 30_000 }, () => {
  const group = 'apiVersion: sallyport/v1\nkind: Group\nmetadata: { name: batch }\nspec: { purpose: batch jobs }\n';
  it('sends documents and policies and prints the plan', async () => {
    const folder = await write({ 'a.yaml': group, 'policies/ledger.cedar': '@id("x")\npermit (principal, action, resource);' });
    api.on('POST /v1/apply', { body: { changes: [{ kind: 'Group', name: 'batch', change: 'created', version: 1 }, { kind: 'Policy', name: 'x', change: 'unchanged', version: 3 }], warnings: ['x permits everything'], dryRun: true } });
    const { code, out } = await run('apply', '-f', folder, '--dry-run', '--prune');
    expect(code).toBe(0);
    expect(api.asked[0]?.body).toEqual({ documents: [{ apiVersion: 'sallyport/v1', kind: 'Group', metadata: { name: 'batch' }, spec: { purpose: 'batch jobs' } }], policies: [{ name: 'policies/ledger.cedar', text: expect.stringContaining('permit') }], dryRun: true, prune: true });
    expect(out).toContain('+  Group');
    expect(out).toContain('=  Policy');
    expect(out).toContain('1 created, 0 updated, 0 removed, 1 unchanged; dry run, nothing was changed');
  });
  it('sends nothing when a document is wrong, and says where', async () => {
    const folder = await write({ 'a.yaml': group.replace('purpose', 'porpoise') });
    const { code, err } = await run('apply', '-f', folder);
    expect([code, err]).toEqual([2, expect.stringMatching(/a\.yaml:4:\d+ .*porpoise/)]);
    expect(api.asked).toEqual([]);
  });
  it('refuses an empty or missing directory', async () => {
    expect(await run('apply', '-f', await write({}))).toMatchObject({ code: 2 });
    expect(await run('apply', '-f', join(directory, 'nothing'))).toMatchObject({ code: 2, err: expect.stringContaining('cannot be read') });
  });
});

describe('policy', { timeout: 30_000 }, () => {
  it('explain on somebody’s behalf shows what is decided for each of the two', async () => {
    const effect = { effect: 'read ledger.t', decision: 'allow', rules: ['m'], say: null };
    const statement = { shape: 'select', decision: 'deny', say: 'the person for whom it acts may not', rules: [], effects: [{ ...effect, of: 'machine' }, { ...effect, decision: 'deny', rules: [], of: 'behalf' }] };
    api.on('POST /v1/policy/explain', { body: { decision: 'deny', say: 'the person for whom it acts may not', rules: [], sides: { machine: { decision: 'allow', say: null, rules: ['m'] }, behalf: { decision: 'deny', say: null, rules: [] } }, statements: [statement], context: {} } });
    const { code, out } = await run('policy', 'explain', '--machine', 'm', '--target', 't', '--behalf', 'person:carol', 'select 1');
    expect(code).toBe(10);
    expect(out).toContain('  the machine: ALLOW (m)\n  whom it acts for: DENY (no rule permits it)\n');
    expect(out).toContain('    whom it acts for: read ledger.t  DENY');
    expect(api.asked.at(-1)).toMatchObject({ body: { behalf: { kind: 'person', name: 'carol' } } });
    expect(await run('policy', 'explain', '--machine', 'm', '--target', 't', '--behalf', 'carol', 'select 1')).toMatchObject({ code: 2, err: expect.stringContaining('person:NAME') });
  });

  it.each([['allow', 0], ['deny', 10], ['hold', 11]])('explain of what is %s ends with %i', async (decision, expected) => {
    const statement = { shape: 'drop table t', decision, say: 'no drops', rules: ['r'], effects: [{ effect: 'define t', decision, rules: ['r'], say: null }] };
    api.on('POST /v1/policy/explain', { body: { decision, say: 'no drops', rules: ['r'], statements: [statement], context: { hasWhere: false } } });
    const { code, out } = await run('policy', 'explain', '--machine', 'm', '--target', 't', '--search-path', 'ledger, public', 'drop table t');
    expect(code).toBe(expected);
    expect(out).toContain(`${decision.toUpperCase()}: no drops (r)`);
    expect(api.asked[0]?.body).toEqual({ machine: 'm', target: 't', role: null, text: 'drop table t', searchPath: ['ledger', 'public'], at: null, source: null });
  });
  const policies = '@id("reads")\npermit (principal, action == Action::"read", resource);\n';
  const cases = (decision: string) => `machines: { m: {} }\ntargets: { t: {} }\ncases:\n  - { name: reading, machine: m, target: t, statement: select 1 from ledger.accounts, expect: { decision: ${decision} } }\n`;
  it('test runs cases offline', async () => {
    const folder = await write({ 'p.cedar': policies, 'good.yaml': cases('allow'), 'bad.yaml': cases('deny') });
    expect(await run('policy', 'test', join(folder, 'good.yaml'))).toMatchObject({ code: 0, out: expect.stringMatching(/^ok {4}reading\n1 cases, 0 failed\nclassifications .* were not looked at: /) });
    expect(await run('policy', 'test', join(folder, 'bad.yaml'))).toMatchObject({ code: 1, out: expect.stringContaining('expected deny, got allow') });
    expect(api.asked).toEqual([]);
  });
  it('check finds what cannot be used, with file and line', async () => {
    expect(await run('policy', 'check', await write({ 'p.cedar': policies }))).toMatchObject({ code: 0 });
    expect(await run('policy', 'check', await write({ 'p.cedar': '@id("x")\npermit (principal, action == Action::"fly", resource);' }))).toMatchObject({ code: 2, out: expect.stringMatching(/^p\.cedar:\d+:\d+: error: x: /) });
  });
});

describe('token inspect', { timeout: 30_000 }, () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'RS256', kid: 'k1' })}.${part({ iss: 'https://issuer.example', sub: 'repo:x', exp: 1_700_000_000 })}.c2ln`;
  it('prints claims and says that nothing is verified, never the token', async () => {
    const { code, out } = await sallyport(['token', 'inspect', '-'], {}, token);
    expect(code).toBe(0);
    expect(out).toContain('NOT VERIFIED');
    expect(out).toContain('2023-11-14T22:13:20Z (EXPIRED)');
    expect(out).toContain('`--resolve` asks the console');
    expect(out).not.toContain(token);
  });
  it('sends nothing by itself, even when a console and a login are there', async () => {
    expect((await run('token', 'inspect', token)).code).toBe(0);
    expect(api.asked).toEqual([]);
  });
  const told = { verdict: 'refused', code: 'claims-unmatched', say: 'no machine is bound to this', issuer: 'ci', machine: null, binding: null, person: null, expires: null, used: null, bindings: [] as unknown[] };
  it('with --resolve says what the token would be, to nobody but the console', async () => {
    api.on('POST /v1/tokens/explain', { body: { ...told, verdict: 'machine', code: null, say: null, machine: 'ci-deploy', binding: 'ci-deploy/main', used: { source: '10.0.0.7', at: '2026-11-22T10:00:00Z', mode: 'bind_first' } } });
    const { code, out, err } = await run('token', 'inspect', '--resolve', token);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('ACCEPTED as machine ci-deploy, by binding ci-deploy/main\nUsed since 2026-11-22T10:00:00Z by 10.0.0.7; from any other address it is a replay.');
    expect(api.asked).toEqual([{ route: 'POST /v1/tokens/explain', authorization: 'Bearer token-of-alice', body: { token } }]);
    expect(out).not.toContain(token);
  });
  it('with --resolve shows the nearest bindings claim by claim, made safe, and ends with 10', async () => {
    const bindings = Array.from({ length: 5 }, (_, i) => ({ machine: `m-${i}`, binding: 'b', fits: false, audience: { wanted: 'sallyport', same: i === 0 }, claims: [{ claim: 'repository_id', wanted: '"74"', found: '74', same: false }, { claim: 'ref', wanted: '"main"', found: null, same: false }, { claim: 'env', wanted: '"x\u202e"', found: '"x\u202e"', same: true }] }));
    api.on('POST /v1/tokens/explain', { body: { ...told, bindings } });
    const { code, out } = await run('token', 'inspect', '--resolve', token);
    expect(code).toBe(10);
    expect(out).toContain('REFUSED: no machine is bound to this (claims-unmatched).');
    expect(out).toContain('binding b of machine m-0\n  = aud: "sallyport"\n  ≠ repository_id: "74"; the token has 74\n  ≠ ref: "main"; not in the token\n  = env: "x\\u{202e}"');
    expect(out).toContain('  ≠ aud: "sallyport"; the token is for others');
    expect(out).toContain('and 2 more that are further away');
    expect(out).not.toContain('m-3');
  });
  it('with --resolve fails when the console cannot be asked', async () => {
    api.on('POST /v1/tokens/explain', refusal(403, 'forbidden', 'alice may not'));
    expect(await run('token', 'inspect', '--resolve', token)).toMatchObject({ code: 10, out: '', err: expect.stringContaining('forbidden') });
    expect(await sallyport(['token', 'inspect', '--resolve', token])).toMatchObject({ code: 2, err: expect.stringContaining('SALLYPORT_API') });
  });
  it('refuses what is no token without repeating it', async () => {
    expect(await sallyport(['token', 'inspect', 'secret-thing'])).toMatchObject({ code: 2, err: expect.not.stringContaining('secret-thing') });
  });
});

describe('demo token', { timeout: 30_000 }, () => {
  it('says what to do when there is no demo, and whom a demo has', async () => {
    const home = await write({ 'demo/clients.json': JSON.stringify({ tokenEndpoint: 'http://127.0.0.1:1/token', audience: 'sallyport', clients: { 'nightly-ledger': { id: 'n', secret: 's' } } }) });
    expect(await sallyport(['demo', 'token', 'x'], { SALLYPORT_HOME: join(directory, 'none') })).toMatchObject({ code: 2, err: expect.stringContaining('scripts/up') });
    expect(await sallyport(['demo', 'token', 'x'], { SALLYPORT_HOME: home })).toMatchObject({ code: 2, err: expect.stringContaining('it has nightly-ledger') });
    expect(await sallyport(['demo', 'token', 'nightly-ledger'], { SALLYPORT_HOME: home })).toMatchObject({ code: 1, err: expect.stringContaining('is the demo running?') });
  });
});

describe('doctor', { timeout: 30_000 }, () => {
  const services = [{ service: 'identity', ok: true, say: 'answers' }];
  it('ends with 0 when all is well', async () => {
    api.on('GET /v1/health', { body: { version: '0.1.0', services } });
    api.on('GET /v1/me', { body: { person: 'alice', roles: ['auditor'], groups: ['dba'], tokenExpires: null } });
    const { code, out } = await run('doctor');
    expect([code, out]).toEqual([0, expect.stringContaining('you are alice, roles auditor, approver groups dba')]);
    expect(out).not.toContain('FAIL');
  });
  it('names the service that does not answer, another version, a wrong clock and a bad token', async () => {
    api.on('GET /v1/health', { body: { version: '9.9.9', services: [{ service: 'policy', ok: false, say: 'does not answer' }, { service: 'gateway-1', ok: false, say: 'ssh: ssh2 runs without its compiled crypto' }] }, headers: { date: 'Mon, 01 Jan 2024 00:00:00 GMT' } });
    api.on('GET /v1/me', refusal(401, 'unauthenticated', 'the token has expired'));
    const { code, out } = await run('doctor');
    expect(code).toBe(1);
    for (const fail of ['version', 'policy', 'gateway-1 .*ssh2 runs without its compiled crypto', 'clock', 'token']) expect(out).toMatch(new RegExp(`FAIL {2}${fail}`));
  });
  it('tells a server that is away', async () => {
    expect(await sallyport(['doctor'], { SALLYPORT_API: 'http://127.0.0.1:1' })).toMatchObject({ code: 1, out: expect.stringMatching(/FAIL {2}api/) });
  });
});
