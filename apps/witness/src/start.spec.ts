import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatVerifierKey, parseSignature } from '@sallyport/engine-evidence';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';
import { startWitness, type RunningWitness } from './start.ts';
import { TestLog } from './testing/log.ts';

const log = new TestLog();
let state: string;
let running: RunningWitness | null = null;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'witness-'));
});
afterEach(async () => {
  await stop();
  rmSync(state, { recursive: true });
});

const env = () => ({ SALLYPORT_HTTP: '127.0.0.1:0', SALLYPORT_STATE: state, SALLYPORT_WITNESS_NAME: 'witness.test/w1', SALLYPORT_WITNESS_LOGS: formatVerifierKey(log.signer.key) });
const start = async (more: Record<string, string> = {}) => (running = await startWitness(readSettings({ ...env(), ...more }), () => undefined));
const stop = async () => {
  await running?.stop();
  running = null;
};
const ask = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${running?.port ?? 0}${path}`, init);
const add = async (from: number, to: number, options: { fork?: number } = {}) => ask('/add-checkpoint', { method: 'POST', body: await log.request(from, to, options) });

describe('the service', () => {
  it('answers as tlog-witness says', async () => {
    await start();
    const good = await add(0, 5);
    expect([good.status, parseSignature(await good.text()).name]).toEqual([200, 'witness.test/w1']);
    const stale = await add(0, 9);
    expect([stale.status, stale.headers.get('content-type'), await stale.text()]).toEqual([409, 'text/x.tlog.size', '5\n']);
    expect((await add(5, 9, { fork: 1 })).status).toBe(422);
    expect((await add(5, 5, { fork: 1 })).status).toBe(409);
    expect((await ask('/add-checkpoint', { method: 'POST', body: 'x' })).status).toBe(400);
    expect((await ask('/add-checkpoint', { method: 'POST', body: await new TestLog('other').request(0, 1) })).status).toBe(404);
    expect((await ask('/add-checkpoint', { method: 'POST', body: await new TestLog(log.name, 3).request(0, 1) })).status).toBe(403);
    expect((await ask('/add-checkpoint')).status).toBe(405);
    expect((await ask('/add-checkpoint', { method: 'POST', body: 'x'.repeat(70_000) })).status).toBe(413);
    expect((await ask('/vkey', { method: 'DELETE' })).status).toBe(404);
    expect((await ask('/')).status).toBe(404);
    expect([(await ask('/livez')).status, (await ask('/readyz')).status, await (await ask('/vkey')).text()]).toEqual([200, 200, `${running?.verifierKey ?? ''}\n`]);
  });

  it('takes one of many at once', async () => {
    await start();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => add(0, i + 1)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 19 }, () => 409)]);
  });

  it('makes its key once, for nobody else to read, and knows its size after a restart', async () => {
    const { verifierKey } = await start();
    expect(statSync(join(state, 'key.pem')).mode & 0o777).toBe(0o600);
    await add(0, 5);
    await stop();
    expect((await start()).verifierKey).toBe(verifierKey);
    expect(await (await add(0, 6)).text()).toBe('5\n');
  });

  it('does not start on the state of another key or name, or without the key that it had', async () => {
    await start();
    await stop();
    await expect(start({ SALLYPORT_WITNESS_NAME: 'witness.test/w2' })).rejects.toThrow(/belongs to the witness witness\.test\/w1/);
    const pem = readFileSync(join(state, 'key.pem'));
    writeFileSync(join(state, 'key.pem'), generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await expect(start()).rejects.toThrow(/belongs to/);
    rmSync(join(state, 'key.pem'));
    await expect(start()).rejects.toThrow(/another key/);
    writeFileSync(join(state, 'key.pem'), pem, { mode: 0o600 });
    await start();
  });

  it('does not start with a key that others can read, or that is none', async () => {
    await start();
    await stop();
    chmodSync(join(state, 'key.pem'), 0o640);
    await expect(start()).rejects.toThrow(/chmod 600/);
    chmodSync(join(state, 'key.pem'), 0o600);
    writeFileSync(join(state, 'key.pem'), 'x');
    await expect(start()).rejects.toThrow(/not a PEM file/);
  });
});

describe('its settings', () => {
  it('say everything that is wrong at once', () => {
    expect(() => readSettings({ SALLYPORT_HTTP: 'x', SALLYPORT_WITNESS_LOGS: 'x' })).toThrow('SALLYPORT_STATE: is not set\nSALLYPORT_WITNESS_NAME: is not set\nSALLYPORT_HTTP: expected host:port\nSALLYPORT_WITNESS_LOGS: not a verifier key of a log');
  });
});
