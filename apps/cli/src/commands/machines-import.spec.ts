import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fakeApi, refusal, type FakeApi } from '../testing/fake-api.ts';
import { sallyport } from '../testing/run.ts';
import { StandIn } from '../testing/stand-in.ts';

let api: FakeApi;
let directory: string;
beforeAll(async () => {
  api = await fakeApi();
  directory = await mkdtemp(join(tmpdir(), 'sallyport-import-'));
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});
beforeEach(() => void (api.asked.length = 0));

const run = (args: string[], env: Record<string, string> = {}, input = '') => sallyport(args, { SALLYPORT_API: api.url, SALLYPORT_TOKEN: 'token-of-alice', ...env }, input);
const answer = (over: object = {}) => ({ body: { drafted: [{ ref: 'line 2 (nightly)', machine: 'nightly' }], known: [], refused: [], warnings: [], documents: [{ apiVersion: 'sallyport/v1', kind: 'Machine', metadata: { name: 'nightly' } }], digest: 'd'.repeat(64), ...over } });
const candidate = {
  id: '0198c0de-0000-7000-8000-0000000000aa', issuer: 'gh', iss: 'https://token.actions.githubusercontent.com', audience: 'sallyport', claims: { repository_id: '42', repository_owner_id: '7' }, seen: { repository: 'acme/\u001b[2Japp', environment: 'production' },
  state: 'open', firstSeen: '2026-11-22T10:00:00.000000Z', lastSeen: '2026-11-23T10:00:00.000000Z', attempts: 12, sources: ['10.0.0.7'], doors: ['postgres'], machine: null, decided: null,
};

describe('machines import', { timeout: 120_000 }, () => {
  it('csv sends what the file names, and shows what cannot be with its reason', async () => {
    const file = join(directory, 'machines.csv');
    await writeFile(file, 'name,owner,kind\nnightly,alice,batch\nother,alice,robot\n');
    api.on('POST /v1/imports', answer({ refused: [{ ref: 'line 2 (nightly)', code: 'owner-unknown', say: 'there is no Person "alice"' }], drafted: [] }));
    const { code, out } = await run(['machines', 'import', 'csv', file, '--owner', 'bob', '--environment', 'test', '--dry-run']);
    expect(code).toBe(1);
    expect(out).toMatch(/line 3 \(other\) +kind-unknown +kind is one of/);
    expect(out).toMatch(/line 2 \(nightly\) +owner-unknown/);
    expect(out).toContain('csv: 1 found, 0 would be drafted, 0 known already, 2 with a problem; dry run, nothing was changed');
    expect(api.asked[0]).toMatchObject({ route: 'POST /v1/imports', body: { source: 'csv', dryRun: true, defaults: { owner: 'bob', backupOwner: null, environment: 'test' }, found: [{ name: 'nightly', kind: 'batch' }] } });
  });

  it('sends parts of two hundred, and writes drafts as YAML instead, never over a file', async () => {
    api.on('POST /v1/imports', answer());
    const input = `name\n${Array.from({ length: 450 }, (_, i) => `m-${i}`).join('\n')}\n`;
    const folder = join(directory, 'drafts');
    expect(await run(['machines', 'import', 'csv', '-', '--write', folder], {}, input)).toMatchObject({ code: 0, out: expect.stringContaining(`written to ${folder}`) });
    expect(api.asked.map(({ body }) => (body as { found: unknown[] }).found.length)).toEqual([200, 200, 50]);
    expect(api.asked.every(({ body }) => (body as { dryRun: boolean }).dryRun)).toBe(true);
    expect((await readFile(join(folder, 'imported-machines.yaml'), 'utf8')).split('---')).toHaveLength(3);
    expect(await run(['machines', 'import', 'csv', '-', '--write', folder], {}, 'name\na\n')).toMatchObject({ code: 2, err: expect.stringContaining('is there already') });
  });

  it('kubernetes reads with the operator’s own token, which goes to the cluster alone', async () => {
    await using cluster = await StandIn.open(() => ({ body: { metadata: {}, items: [{ metadata: { namespace: 'batch', name: 'nightly', uid: '271ef6f7-5998-4b0f-86fb-4b54d9129990' } }] } }));
    api.on('POST /v1/imports', answer());
    const ran = await run(['machines', 'import', 'kubernetes', '--server', cluster.url, '--issuer', 'k8s'], { SALLYPORT_KUBERNETES_TOKEN: 'token-of-the-cluster' });
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('a draft lets nobody in') });
    expect(cluster.asked[0]?.headers.authorization).toBe('Bearer token-of-the-cluster');
    expect(JSON.stringify(api.asked) + ran.out + ran.err).not.toContain('token-of-the-cluster');
    expect(await run(['machines', 'import', 'kubernetes', '--server', cluster.url])).toMatchObject({ code: 2, err: expect.stringContaining('SALLYPORT_KUBERNETES_TOKEN') });
    expect(await run(['machines', 'import', 'github', '--organisation', 'acme', '--api', 'http://api.example'], { GITHUB_TOKEN: 'x' })).toMatchObject({ code: 2, err: expect.stringContaining('https only') });
    expect(await run(['machines', 'import', 'entra', '--tenant', 'contoso.com', '--client-id', 'x'], { AZURE_CLIENT_SECRET: 'x' })).toMatchObject({ code: 2, err: expect.stringContaining('GUID') });
  });
});

describe('candidates', { timeout: 120_000 }, () => {
  it('are listed and shown with what they would be bound by, safe to look at', async () => {
    api.on('GET /v1/candidates', { body: { candidates: [candidate], total: 1200 } });
    const listed = await run(['candidates', 'list']);
    expect(listed.out).toMatch(/open +gh +repository_id=42 repo… +12 +2026-11-23 10:00/);
    expect(listed.out).toContain(`1 of 1200; go on with --before ${candidate.id}`);
    expect(api.asked[0]?.route).toBe('GET /v1/candidates?state=open&limit=100');
    api.on(`GET /v1/candidates/${candidate.id}`, { body: { candidate, binding: { name: 'adopted', issuer: 'gh', claims: { ...candidate.claims, environment: 'production' } } } });
    const { out } = await run(['candidates', 'show', candidate.id]);
    expect(out).toContain('acme/\\u{1b}[2Japp');
    expect(out).toContain('environment: production');
    expect(out).toContain(`sallyport candidates adopt ${candidate.id}`);
  });

  it('are adopted in one command, and blocked in one', async () => {
    api.on(`POST /v1/candidates/${candidate.id}/adopt`, { body: { document: { kind: 'Machine', metadata: { name: 'app' } }, changes: [], warnings: ['Machine/app: every branch matches (binding-wide)'] } });
    const adopt = ['candidates', 'adopt', candidate.id, '--name', 'app', '--owner', 'alice', '--backup', 'bob', '--purpose', 'deploys the app', '--environment', 'production', '--criticality', 'high'];
    expect(await run([...adopt, '--claim', 'ref=refs/heads/main', '--review-by', '2027-01-01'])).toMatchObject({ code: 0, out: expect.stringMatching(/warning: .*binding-wide[^]*machine app is drafted/) });
    expect(api.asked[0]?.body).toMatchObject({ name: 'app', claims: { ref: 'refs/heads/main' }, dryRun: false, facts: { kind: 'service', owner: 'alice', backupOwner: 'bob', reviewBy: '2027-01-01', groups: [], vendor: null } });
    expect(await run([...adopt, '--claim', 'nonsense'])).toMatchObject({ code: 2 });
    expect(await run(adopt.slice(0, -2))).toMatchObject({ code: 2, err: expect.stringContaining('criticality') });
    api.on(`POST /v1/candidates/${candidate.id}/block`, { body: { ...candidate, state: 'blocked' } });
    expect(await run(['candidates', 'block', candidate.id, '--reason', 'a fork of somebody'])).toEqual({ code: 0, err: '', out: `${candidate.id} is blocked\n` });
    api.on(`POST /v1/candidates/${candidate.id}/block`, refusal(422, 'conflict', 'it is adopted already, as machine app'));
    expect(await run(['candidates', 'block', candidate.id])).toMatchObject({ code: 1, err: expect.stringContaining('adopted already') });
  });
});

describe('token inspect --resolve', { timeout: 120_000 }, () => {
  const token = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${Buffer.from('{"workload_id":"x"}').toString('base64url')}.c2ln`;
  const told = { verdict: 'refused', code: 'claims-unmatched', say: 'no machine is bound', issuer: 'idp', machine: null, binding: null, person: null, expires: null, used: null, bindings: [] };

  it.each([
    [{ id: null, state: 'new', attempts: 0, firstSeen: null, lastSeen: null }, 'Shown at a door it becomes a candidate'],
    [{ id: candidate.id, state: 'open', attempts: 3, firstSeen: candidate.firstSeen, lastSeen: candidate.lastSeen }, `It is candidate ${candidate.id} (open, tried 3 times`],
    [{ id: candidate.id, state: 'blocked', attempts: 3, firstSeen: candidate.firstSeen, lastSeen: candidate.lastSeen }, `sallyport candidates reopen ${candidate.id}`],
  ])('says of a stranger what is known of it (%j)', async (known, expected) => {
    api.on('POST /v1/tokens/explain', { body: { ...told, candidate: known } });
    expect(await run(['token', 'inspect', token, '--resolve'])).toMatchObject({ code: 10, out: expect.stringContaining(expected) });
  });
});
