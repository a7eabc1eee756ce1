import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { formatVerifierKey } from '@sallyport/engine-evidence';
import { Child, freePort, tempDir } from '@sallyport/testing-servers';
import { describe, expect, it } from 'vitest';
import { TestLog } from './testing/log.ts';

const log = new TestLog();

/** One process of the witness, killed and started again as one wishes. */
async function house() {
  const state = await tempDir('sallyport-witness');
  const port = await freePort();
  const env = { SALLYPORT_HTTP: `127.0.0.1:${port}`, SALLYPORT_STATE: state.path, SALLYPORT_WITNESS_NAME: 'witness.test/w1', SALLYPORT_WITNESS_LOGS: formatVerifierKey(log.signer.key) };
  const start = () => new Child(process.execPath, ['--conditions=@sallyport/source', join(import.meta.dirname, 'main.ts')], { env });
  const add = async (from: number, to: number, fork = Infinity): Promise<{ status: number; text: string } | null> => {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/add-checkpoint`, { method: 'POST', body: await log.request(from, to, { fork }) });
      return { status: response.status, text: await response.text() };
    } catch {
      return null;
    }
  };
  return { state, start, add };
}

describe('killed without warning', () => {
  it('never gives two cosignatures for one size, and never one for two histories', async () => {
    const { state, start, add } = await house();
    const lines = new Map<number, Set<string>>();
    const histories = new Set<number>();
    let child = start();
    let [size, kills] = [0, 0];
    let killing: Promise<void> | null = null;
    // Two histories, one of them forked at leaf 40; after each answer the next size, by turns of either history.
    for (let n = 1; size < 250; n++) {
      if (killing === null && n % 30 === 0) {
        killing = sleep(n % 7).then(async () => {
          await child.kill9();
          child = start();
          kills++;
          killing = null;
        });
      }
      const fork = n % 3 === 0 ? 40 : Infinity;
      const next = Math.min(256, n % 4 === 0 ? size : size + 1 + (n % 2));
      let answer = await add(size, next, fork);
      for (; answer === null; answer = await add(size, next, fork)) await sleep(20);
      if (answer.status === 409) size = Number(answer.text);
      else if (answer.status === 200) {
        // Up to leaf 40 both histories are the same; from there on the first one that was cosigned is the only one.
        lines.set(next, (lines.get(next) ?? new Set()).add(answer.text));
        if (next > 40) histories.add(fork);
        size = next;
      }
    }
    await killing;
    await child.stop();
    expect(kills).toBeGreaterThan(3);
    expect(lines.size).toBeGreaterThan(50);
    expect(histories.size).toBe(1);
    expect([...lines.values()].filter((set) => set.size !== 1)).toEqual([]);
    await state[Symbol.asyncDispose]();
  }, 240_000);

  it('lets no second process at its state', async () => {
    const { state, start, add } = await house();
    const first = start();
    for (let n = 0; n < 200 && (await add(0, 1)) === null; n++) await sleep(50);
    const second = start();
    expect(await second.ended()).toBe(1);
    expect(second.output).toContain('another witness uses');
    await first.stop();
    await state[Symbol.asyncDispose]();
  });
});
