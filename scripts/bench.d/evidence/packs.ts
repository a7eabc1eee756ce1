import { verifyPack } from '@sallyport/engine-evidence';
import { everything } from '@sallyport/engine-examiner';
import { evidenceEvents, evidenceExport, logCheckpoint, logTile, type Reply } from '@sallyport/platform-bus';
import { leafRange } from '../../../apps/cli/src/pack/leaf-range.ts';
import { makePack } from '../../../apps/cli/src/pack/make-pack.ts';
import type { PackSource } from '../../../apps/cli/src/pack/pack-source.ts';
import type { House } from './house.ts';
import { auditor, valueOf, type ReadPlan } from './reads.ts';
import { timesOf, type Times } from './times.ts';

const dayMs = 86_400_000;

/** An examiner pack as `sallyport evidence pack` makes it, but for the way to the service. */
export interface PackFigures {
  readonly leaves: number;
  readonly megabytes: number;
  readonly seconds: number;
  readonly verifySeconds: number;
  readonly verdict: string;
}

export async function packOfDay(house: House, { from, to }: ReadPlan): Promise<PackFigures> {
  const day = Math.floor((from + (to - from) * 0.6) / dayMs) * dayMs;
  const period = { from: short(day), to: short(day + dayMs) };
  const began = performance.now();
  const made = await makePack(sourceOf(house), { period, scope: everything, seed: null, sample: 25, generator: { name: 'bench', version: '1' }, madeAt: short(to) });
  const seconds = (performance.now() - began) / 1000;
  const again = performance.now();
  const { verdict } = await verifyPack(made.bytes, { keys: [made.key] });
  return { leaves: made.leaves.to - made.leaves.from, megabytes: made.bytes.length / 1e6, seconds, verifySeconds: (performance.now() - again) / 1000, verdict };
}

/** Leaves of a period by when they were received. */
export async function rangeTimes(house: House, { leaves, from, to, calls }: ReadPlan): Promise<Times> {
  const source = sourceOf(house);
  return timesOf('leaves of a day, found by time', Math.max(5, Math.floor(calls / 10)), (i) => leafRange(source, { from: short(from + ((to - from) * i) / calls), to: short(from + ((to - from) * i) / calls + dayMs) }, leaves));
}

function sourceOf({ bus }: House): PackSource {
  const orNull = <T>(reply: Reply<T>) => (reply.ok || reply.error.code !== 'not-found' ? valueOf(reply) : null);
  return {
    checkpoint: async (size) => orNull(await bus.call(logCheckpoint, { size })),
    tile: async (level, index, width) => Buffer.from(valueOf(await bus.call(logTile, { level, index, width })).hashes, 'base64'),
    leaves: async (from, limit) => valueOf(await bus.call(evidenceEvents, { by: auditor, session: null, after: from, limit }, 60_000)).events.map(({ at, received, bytes }) => ({ leaf: at - 1, received, bytes: Buffer.from(bytes, 'base64') })),
    policy: () => Promise.resolve(null),
    sign: async (exported) => valueOf(await bus.call(evidenceExport, { by: auditor, ...exported })).note,
  };
}

const short = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
