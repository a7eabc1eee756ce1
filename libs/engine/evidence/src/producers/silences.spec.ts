import type { Envelope } from '@sallyport/domain-events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Silences } from './silences.ts';

interface Step {
  readonly producer: string;
  readonly pseq: number;
  readonly monoUs: number;
  readonly type: string;
}

const nowhere = { index: null, sid: null, seq: null, producer: null, epoch: null, pseq: null, id: null };

/** As much of an event as is looked at. */
function eventOf({ producer, pseq, monoUs, type }: Step): Envelope {
  return JSON.parse(JSON.stringify({ v: 1, type, sid: producer, prod: { id: producer, epoch: producer, pseq }, t: { wall: '2026-11-22T10:00:00.000001Z', mono_us: monoUs }, d: {} }));
}

function silentBy(steps: readonly Step[]): string[] {
  const silences = new Silences();
  for (const step of steps) silences.add(eventOf(step), { ...nowhere, producer: step.producer });
  const silent: string[] = [];
  silences.finish(({ producer }) => void silent.push(producer ?? ''), () => undefined);
  return silent.sort();
}

/** SPEC.md 1.4, word by word: who beats, has not stopped, and behind whose events thirty seconds passed in one run of somebody else. */
function silentByTheWord(steps: readonly Step[]): string[] {
  const all = [...new Set(steps.map(({ producer }) => producer))];
  return all
    .filter((producer) => {
      const own = steps.filter((step) => step.producer === producer);
      const last = own.reduce((a, b) => (b.pseq > a.pseq ? b : a));
      const behind = steps.slice(steps.lastIndexOf(own.at(-1) ?? last) + 1);
      return own.some(({ type }) => type === 'producer.heartbeat') && last.type !== 'service.stopped' && all.some((other) => runs(steps.filter((step) => step.producer === other), behind).some((run) => run.some((a) => run.some((b) => b.monoUs - a.monoUs > 30_000_000))));
    })
    .sort();
}

function runs(own: readonly Step[], behind: readonly Step[]): Step[][] {
  const found: Step[][] = [[]];
  let before: Step | null = null;
  for (const step of own) {
    if (before !== null && step.pseq <= before.pseq) continue;
    if (before !== null && step.monoUs < before.monoUs) found.push([]);
    before = step;
    if (behind.includes(step)) found.at(-1)?.push(step);
  }
  return found;
}

describe('silence', () => {
  it('is what the specification says, whatever the order, the restarts and the repeated deliveries', () => {
    const move = fc.record({ who: fc.nat(2), passes: fc.integer({ min: 0, max: 25 }), what: fc.constantFrom('beat', 'beat', 'beat', 'other', 'stop', 'restart', 'repeat') });
    fc.assert(
      fc.property(fc.array(move, { minLength: 1, maxLength: 40 }), (moves) => {
        const state = [0, 1, 2].map(() => ({ pseq: 0, mono: 0 }));
        const steps: Step[] = [];
        for (const { who, passes, what } of moves) {
          const own = state[who];
          if (own === undefined) continue;
          const producer = `p${who}`;
          const again = steps.find((step) => step.producer === producer);
          if (what === 'repeat' && again !== undefined) {
            steps.push({ ...again });
            continue;
          }
          own.mono = what === 'restart' ? passes : own.mono + passes * 1_000_000;
          steps.push({ producer, pseq: ++own.pseq, monoUs: own.mono, type: what === 'stop' ? 'service.stopped' : what === 'other' ? 'some.thing' : 'producer.heartbeat' });
        }
        expect(silentBy(steps)).toEqual(silentByTheWord(steps));
      }),
      { numRuns: 3000 },
    );
  });
});
