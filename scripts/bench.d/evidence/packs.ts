import { verifyPack } from '@sallyport/engine-evidence';
import { everything } from '@sallyport/engine-examiner';
import { Api } from '../../../apps/cli/src/api.ts';
import { consoleSource } from '../../../apps/cli/src/pack/console-source.ts';
import { leafRange } from '../../../apps/cli/src/pack/leaf-range.ts';
import { makePack } from '../../../apps/cli/src/pack/make-pack.ts';
import type { PackSource } from '../../../apps/cli/src/pack/pack-source.ts';
import { settings } from '../../../apps/cli/src/settings.ts';
import type { House } from './house.ts';
import type { ReadPlan } from './reads.ts';
import { timesOf, type Times } from './times.ts';

const dayMs = 86_400_000;

/** An examiner pack as `sallyport evidence pack` makes it. */
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
  const made = await makePack(sourceOf(house), { period, scope: everything, seed: null, sample: 25, withhold: [], generator: { name: 'bench', version: '1' }, madeAt: short(to) });
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

/** The command line's own way to the console. There is no policy service here that would keep versions. */
function sourceOf({ console, directory }: House): PackSource {
  const source = consoleSource(new Api(settings({ SALLYPORT_API: `http://${console.http}`, SALLYPORT_TOKEN: 'bench', HOME: directory }), () => undefined));
  return { ...source, policy: () => Promise.resolve(null) };
}

const short = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
