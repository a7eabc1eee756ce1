import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cosignatureVerifier, cosignaturesOf, parseNote, parseVerifierKey, signingKeyOf } from '@sallyport/engine-evidence';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { State } from './state.ts';
import { TestLog } from './testing/log.ts';
import { Witness } from './witness.ts';

const log = new TestLog();
let directory: string;
let time: number;
let witness: Witness;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'witness-'));
  time = 1_700_000_000;
  witness = open();
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = () => new Witness({ name: 'witness.test/w1', key: signingKeyOf(new Uint8Array(32).fill(9)), logs: [log.signer.key], state: new State(directory), now: () => time++ });
const add = (body: string) => witness.add(new TextEncoder().encode(body));
const grow = async (from: number, to: number, options: Parameters<TestLog['request']>[2] = {}) => add(await log.request(from, to, options));
const cosigned = async (from: number, to: number) => {
  const answer = await grow(from, to);
  if (answer.status !== 200) throw new Error(`not cosigned: ${answer.status}`);
  return answer.line;
};

describe('a witness', () => {
  it('cosigns the first checkpoint that it sees and every one that continues the last', async () => {
    const trusted = [cosignatureVerifier(parseVerifierKey(witness.verifierKey))];
    let size = 0;
    for (const next of [1, 2, 7, 8, 9, 64, 100, 200, 256]) {
      const line = await cosigned(size, next);
      expect(cosignaturesOf(parseNote(log.note(next) + line), trusted)).toEqual([{ name: 'witness.test/w1', keyId: trusted[0]?.keyId, time: time - 1 }]);
      size = next;
    }
  });

  it('gives the same cosignature again for the same size, also after a restart', async () => {
    const first = await cosigned(0, 7);
    expect(await cosigned(7, 7)).toBe(first);
    witness = open();
    expect(await cosigned(7, 7)).toBe(first);
  });

  it('tells its size to a log that does not know it', async () => {
    await cosigned(0, 7);
    expect(await grow(0, 9)).toEqual({ status: 409, size: 7, conflict: false });
    expect(await grow(0, 7)).toEqual({ status: 409, size: 7, conflict: false });
    expect(await grow(3, 9)).toEqual({ status: 409, size: 7, conflict: false });
  });

  it('never cosigns a smaller tree', async () => {
    await cosigned(0, 7);
    expect(await grow(5, 6)).toEqual({ status: 409, size: 7, conflict: false });
    expect(await grow(7, 6)).toMatchObject({ status: 400 });
    expect(await grow(0, 0)).toEqual({ status: 409, size: 7, conflict: false });
  });

  it('never cosigns another root for its size', async () => {
    const first = await cosigned(0, 7);
    expect(await grow(7, 7, { fork: 3 })).toEqual({ status: 409, size: 7, conflict: true });
    expect(await cosigned(7, 7)).toBe(first);
  });

  it('never cosigns what does not continue the last, whatever the proof', async () => {
    await cosigned(0, 7);
    expect(await grow(7, 12, { fork: 3 })).toMatchObject({ status: 422 });
    expect(await grow(7, 12, { fork: 6 })).toMatchObject({ status: 422 });
    const good = await log.request(7, 12);
    const lines = good.split('\n');
    expect(add([...lines.slice(0, 1), ...lines.slice(2)].join('\n'))).toMatchObject({ status: 422 });
    expect(add([...lines.slice(0, 2), ...lines.slice(1)].join('\n'))).toMatchObject({ status: 422 });
    expect(add(good)).toMatchObject({ status: 200 });
  });

  it('takes no proof for what it never saw', async () => {
    const [old = '', ...rest] = (await log.request(0, 4)).split('\n');
    expect(add([old, Buffer.alloc(32).toString('base64'), ...rest].join('\n'))).toMatchObject({ status: 422 });
  });

  it('follows each origin of a log for itself, and the name of the log as one', async () => {
    await cosigned(0, 7);
    expect(await grow(0, 3, { origin: `${log.name}/2` })).toMatchObject({ status: 200 });
    expect(await grow(0, 2, { origin: log.name })).toMatchObject({ status: 200 });
    expect(await cosigned(7, 8)).toMatch(/^— witness\.test\/w1 /);
  });

  it('does not know other logs', async () => {
    for (const origin of [`${log.name}/one`, `${log.name}/1/1`, `x${log.name}/1`, 'other/1']) expect(await grow(0, 3, { origin })).toMatchObject({ status: 404 });
  });

  it('refuses what the log has not signed', async () => {
    expect(add(await new TestLog(log.name, 2).request(0, 3))).toMatchObject({ status: 403 });
    const body = await log.request(0, 3);
    expect(add(body.replace('\n3\n', '\n4\n'))).toMatchObject({ status: 403 });
    expect(readdirSync(directory)).toEqual([]);
  });

  it('keeps no signatures of others', async () => {
    await cosigned(0, 3);
    const other = (await new TestLog('else.test', 5).request(0, 3)).split('\n').at(-2) ?? '';
    expect(add(`${await log.request(3, 4)}${other}\n`)).toMatchObject({ status: 200 });
    const [file = ''] = readdirSync(directory);
    expect(readFileSync(join(directory, file), 'utf8')).not.toContain('else.test');
    expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
  });

  it('answers nothing when its file is damaged', async () => {
    await cosigned(0, 7);
    const [file = ''] = readdirSync(directory);
    for (const damage of ['', 'x', readFileSync(join(directory, file), 'utf8').slice(0, 40)]) {
      writeFileSync(join(directory, file), damage);
      await expect(grow(0, 9)).rejects.toThrow();
    }
  });

  it('answers nothing when it cannot write', async () => {
    rmSync(directory, { recursive: true });
    await expect(grow(0, 3)).rejects.toThrow(/ENOENT/);
    directory = mkdtempSync(join(tmpdir(), 'witness-'));
  });

  it.each(['', 'old 0\n\n', 'old 0\n\nx\n', 'old x\n\nlog.test/one/1\n1\nx\n\n— a b\n'])('refuses %j', (body) => {
    expect(add(body)).toMatchObject({ status: 400 });
  });

  it('refuses extension lines', async () => {
    expect(add((await log.request(0, 3)).replace('=\n\n—', '=\nmore\n\n—'))).toMatchObject({ status: 400 });
  });
});
