import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lintInventory, loadDirectory, type AnyDocument, type MachineDocument } from '@sallyport/platform-config';
import { matchBinding, matchPerson, TokenVerifier, type Candidate } from '@sallyport/platform-identity';
import { cast } from './cast.ts';
import { NotInDemoModeError } from './demo-mode.ts';
import { demoToken } from './mint.ts';
import { renderDocuments } from './render-documents.ts';
import { startDemoIssuer, type DemoIssuer } from './start-demo-issuer.ts';

const env = { SALLYPORT_DEMO: '1' };
let root: string;
let issuer: DemoIssuer;
const printed: unknown[][] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'demo-'));
  printed.length = 0;
  for (const method of ['info', 'warn', 'log', 'error'] as const) vi.spyOn(console, method).mockImplementation((...args: unknown[]) => void printed.push(args));
  issuer = await startDemoIssuer({ port: 0, stateDir: join(root, 'issuer'), env });
});
afterEach(async () => {
  await issuer.stop();
  vi.restoreAllMocks();
  await rm(root, { recursive: true });
});

async function documents(): Promise<readonly AnyDocument[]> {
  await renderDocuments(join(root, 'config'), { issuerUrl: issuer.issuer, targetPort: 5432, targetCa: '/tmp/ca.pem' });
  const loaded = await loadDirectory(join(root, 'config'));
  expect(loaded.problems).toEqual([]);
  return loaded.documents.map(({ document }) => document);
}

describe('the demo issuer', () => {
  it('gives each machine a token that the product verifies and binds to it, and people theirs', async () => {
    const all = await documents();
    const verifier = new TokenVerifier();
    verifier.use(all.filter((one) => one.kind === 'Issuer'));
    const machines = all.filter((one): one is MachineDocument => one.kind === 'Machine');
    const candidates: Candidate[] = machines.flatMap(({ metadata, spec }) => spec.bindings.map((binding) => ({ machine: metadata.name, binding })));
    const people = all.filter((one) => one.kind === 'Person');
    for (const { metadata } of machines) expect(matchBinding(await verifier.verify(await demoToken(metadata.name, join(root, 'issuer'))), candidates).machine).toBe(metadata.name);
    for (const { metadata } of people) expect(matchPerson(await verifier.verify(await demoToken(metadata.name, join(root, 'issuer'))), people).metadata.name).toBe(metadata.name);
    expect([...machines, ...people].map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(cast.map(({ name }) => name)));
    const verified = await verifier.verify(await demoToken('ci-deploy', join(root, 'issuer')));
    expect(verified.jti).toMatch(/.{10,}/);
    expect(verified.expires - Date.now()).toBeGreaterThan(590_000);
    expect(verified.expires - Date.now()).toBeLessThan(601_000);
  });

  it('says nothing on the console', async () => {
    await demoToken('alice', join(root, 'issuer'));
    expect(printed).toEqual([]);
  });

  it('has documents without anything to refuse or to warn of', async () => {
    const all = await documents();
    expect(lintInventory({ documents: all, today: new Date().toISOString().slice(0, 10), unchanged: () => false })).toEqual([]);
  });

  it('keeps its key and secrets for itself, over restarts', async () => {
    for (const name of await readdir(join(root, 'issuer'))) expect((await stat(join(root, 'issuer', name))).mode & 0o777).toBe(0o600);
    expect((await stat(join(root, 'issuer'))).mode & 0o777).toBe(0o700);
    const verifier = new TokenVerifier();
    verifier.use((await documents()).filter((one) => one.kind === 'Issuer'));
    const token = await demoToken('alice', join(root, 'issuer'));
    const { port } = issuer;
    await issuer.stop();
    issuer = await startDemoIssuer({ port, stateDir: join(root, 'issuer'), env });
    await expect(verifier.verify(token)).resolves.toBeDefined();
    await expect(verifier.verify(await demoToken('alice', join(root, 'issuer')))).resolves.toBeDefined();
  });

  it('refuses outside of demo mode and off loopback', async () => {
    await expect(startDemoIssuer({ port: 0, stateDir: join(root, 'x'), env: {} })).rejects.toThrow(NotInDemoModeError);
    await expect(startDemoIssuer({ host: '0.0.0.0', port: 0, stateDir: join(root, 'x'), env })).rejects.toThrow(/loopback only/);
    expect(await readdir(root)).toEqual(['issuer']);
  });

  it('refuses a wrong secret, an unknown name and says which it knows', async () => {
    await expect(demoToken('mallory', join(root, 'issuer'))).rejects.toThrow(/has no mallory; it has nightly-ledger/);
    await expect(demoToken('alice', join(root, 'nowhere'))).rejects.toThrow(/has not been started/);
    const answer = await fetch(`${issuer.issuer}/token`, { method: 'POST', headers: { authorization: `Basic ${Buffer.from('alice:wrong').toString('base64')}` }, body: new URLSearchParams({ grant_type: 'client_credentials' }) });
    expect(answer.status).toBe(401);
  });
});
