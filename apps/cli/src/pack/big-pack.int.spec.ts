import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const told = z.object({ verdict: z.string(), leaves: z.object({ shown: z.number() }), seconds: z.number(), rssMiB: z.number(), packMiB: z.number() });

/** In a process of its own, whose heap may not grow past this. */
function makeBig(leaves: number, heapMiB: number) {
  const child = new URL('../testing/big-pack-child.ts', import.meta.url).pathname;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--conditions=@sallyport/source', `--max-old-space-size=${heapMiB}`, child, String(leaves)], { encoding: 'utf8', timeout: 500_000 });
  if (status !== 0) throw new Error(`the pack was not made: ${stderr.slice(-500)}`);
  return told.parse(JSON.parse(stdout));
}

describe('a pack of a big range', { timeout: 600_000 }, () => {
  it('of 200,000 leaves is made, and verified, within 768 MiB of heap', () => {
    expect(makeBig(200_000, 768)).toMatchObject({ verdict: 'ok', leaves: { shown: 200_000 } });
  });
});
