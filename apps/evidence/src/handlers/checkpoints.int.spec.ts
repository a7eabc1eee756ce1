import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CompactRange, leafHash, parseCheckpoint } from '@sallyport/engine-evidence';
import { evidenceFollow, logCheckpoints, logTile, type Bus } from '@sallyport/platform-bus';
import { eventually, house, type House } from '../testing/house.ts';
import { end, openSession, Producer, runCommand } from '../testing/producer.ts';

let h: House;
let sinks: Bus;

beforeAll(async () => {
  h = await house({ signEveryMs: 100 });
  sinks = await h.nats.connect('sinks');
});
afterAll(() => h[Symbol.asyncDispose]());

const after = async (epoch: number, size: number, limit = 200) => {
  const answer = await sinks.call(logCheckpoints, { after: { epoch, size }, limit });
  if (!answer.ok) throw new Error(answer.error.say);
  return answer.value.checkpoints;
};

describe('the sinks', () => {
  it('are given every signed checkpoint, oldest first, each once', async () => {
    for (let round = 0; round < 3; round++) {
      const producer = new Producer(h.gateway);
      const { recorder } = openSession(producer, h.reader.publicKey);
      for (let i = 0; i < 10; i++) runCommand(recorder, `select ${i}`);
      recorder.close(end);
      const before = (await after(0, 0)).length;
      await producer.send();
      await eventually('a checkpoint', async () => (await after(0, 0)).length > before);
    }
    const all = await after(0, 0);
    expect(all.map(({ size }) => size)).toEqual([...new Set(all.map(({ size }) => size))].sort((a, b) => a - b));
    const [first, second] = all;
    expect(await after(1, first?.size ?? 0, 1)).toEqual([second]);
    expect(await after(1, 1_000_000)).toEqual([]);
    const tree = new CompactRange();
    const leaves = await sinks.call(evidenceFollow, { from: 0, limit: 1000 });
    if (!leaves.ok) throw new Error('no leaves');
    const signed = new Map(all.map(({ size, note, origin }) => [size, { ...parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1)), named: origin }]));
    for (const { bytes } of leaves.value.leaves) {
      tree.append(leafHash(Buffer.from(bytes ?? '', 'base64')));
      const checkpoint = signed.get(tree.size);
      if (checkpoint !== undefined) expect([checkpoint.origin, Buffer.from(checkpoint.root).toString('hex')]).toEqual([checkpoint.named, Buffer.from(tree.root()).toString('hex')]);
    }
    expect(await sinks.call(logTile, { level: 0, index: 0, width: 3 })).toMatchObject({ ok: true });
  });
});
