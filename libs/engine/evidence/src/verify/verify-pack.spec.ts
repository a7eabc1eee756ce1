import { describe, expect, it } from 'vitest';
import { logKey, witnessKey } from '../testing/sample-log.ts';
import { pack, samplePacks } from '../testing/sample-pack.ts';
import { verifyPack } from './verify-pack.ts';

const sample = await samplePacks();

describe('verifying a pack', () => {
  it('finds nothing wrong with one that was just written', async () => {
    for (const of of [sample.whole, sample.part]) {
      const report = await verifyPack(await pack(of), { keys: [logKey, witnessKey], witnesses: 1 });
      expect(report).toMatchObject({ verdict: 'ok', exitCode: 0, faults: [] });
    }
  });
});
