import type { Control } from '../control.ts';
import type { Fact } from '../fact.ts';
import { millis } from '../fact.ts';
import { byText, table } from '../table.ts';
import { answer, plural } from './no-data.ts';

/** Milliseconds that a wall clock may move against the monotonic one before somebody should look. */
export const driftTolerance = 1000;

export const ep15: Control = {
  id: 'EP-15',
  title: 'Time',
  question: 'Are the clocks that stamp the evidence synchronised?',
  exception: `Within one run of a producer the wall clock moved by more than ${driftTolerance} ms against the monotonic clock: it was set, slewed or wrong.`,
  query: 'By producer and epoch, events in the order of the producer\'s counter; a new run begins where the monotonic clock is lower than before, since it counts from the start of a process. By run: how far (wall - first wall) departs from (monotonic - first monotonic), the most to either side; and how often the wall clock stepped back.',
  reads: ['every event'],
  examine: ({ facts }) => {
    const starts = [...Map.groupBy(facts, ({ producer, epoch }) => `${producer} ${epoch}`)].sort(([a], [b]) => byText(a, b)).flatMap(([, own]) => runsOf(own).map(measure));
    const bad = starts.filter(({ drift }) => drift > driftTolerance);
    const row = ({ producer, epoch, events, drift, back, first, last }: Measured) => [producer, epoch, events, drift, back, first, last];
    const columns = ['producer', 'epoch', 'events', 'most_drift_ms', 'steps_back', 'first', 'last'];
    return answer({
      figures: [{ name: 'runs of producers', value: starts.length }, { name: 'most drift, ms', value: Math.max(0, ...starts.map(({ drift }) => drift)) }, { name: 'steps back', value: starts.reduce((sum, { back }) => sum + back, 0) }],
      result: table(columns, starts.map(row)),
      exceptions: table(columns, bad.map(row)),
      story: [`Each event carries two clocks of its producer: the wall clock, and one that never steps back. Over ${plural(starts.length, 'run')} of producers they differ by ${Math.max(0, ...starts.map(({ drift }) => drift))} ms at most.`],
      missing: 'the offset from a reference clock (clock.status) is not recorded yet: this shows that clocks ran evenly, not that they were right',
    });
  },
};

interface Measured {
  readonly producer: string;
  readonly epoch: string;
  readonly events: number;
  /** Whole milliseconds. */
  readonly drift: number;
  readonly back: number;
  readonly first: string;
  readonly last: string;
}

/** A service that keeps its counter in a database goes on with the same epoch after a restart, with a monotonic clock that begins anew. */
function runsOf(own: readonly Fact[]): readonly (readonly Fact[])[] {
  const runs: Fact[][] = [];
  let before = Infinity;
  for (const fact of own.toSorted((a, b) => a.pseq - b.pseq || a.leaf - b.leaf)) {
    if (fact.monoUs < before) runs.push([]);
    runs.at(-1)?.push(fact);
    before = fact.monoUs;
  }
  return runs;
}

function measure(inOrder: readonly Fact[]): Measured {
  const [first] = inOrder;
  const from = first === undefined ? { wall: 0, mono: 0 } : { wall: millis(first.at), mono: first.monoUs / 1000 };
  const offsets = inOrder.map(({ at, monoUs }) => millis(at) - from.wall - (monoUs / 1000 - from.mono));
  const drift = Math.round(offsets.reduce((most, offset) => Math.max(most, Math.abs(offset)), 0));
  const back = inOrder.filter(({ at }, i) => i > 0 && at < (inOrder[i - 1]?.at ?? at)).length;
  return { producer: first?.producer ?? '', epoch: first?.epoch ?? '', events: inOrder.length, drift, back, first: first?.at ?? '', last: inOrder.at(-1)?.at ?? '' };
}
