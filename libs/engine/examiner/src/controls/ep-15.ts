import type { Control } from '../control.ts';
import type { Fact } from '../fact.ts';
import { count, millis, text } from '../fact.ts';
import { byText, table } from '../table.ts';
import { answer, plural } from './no-data.ts';

/** Milliseconds that a wall clock may move against the monotonic one before somebody should look. */
export const driftTolerance = 1000;

export const ep15: Control = {
  id: 'EP-15',
  title: 'Time',
  question: 'Are the clocks that stamp the evidence synchronised?',
  exception: `Within one run of a producer the wall clock moved by more than ${driftTolerance} ms against the monotonic clock (in its events, or in the host's clock as clock.status tells it): it was set, slewed or wrong. Or the host's time service called the clock not synchronised, or off by more than ${driftTolerance} ms.`,
  query: 'By producer and epoch, events in the order of the producer\'s counter; a new run begins where the monotonic clock is lower than before, since it counts from the start of a process. By run: how far (wall - first wall) departs from (monotonic - first monotonic), the most to either side; and how often the wall clock stepped back. From the run\'s clock.status: how many there are, in how many the time service called the clock synchronised and in how many not, the most offset and the most that the host\'s clock moved since the status before.',
  reads: ['every event'],
  examine: ({ facts }) => {
    const starts = [...Map.groupBy(facts, ({ producer, epoch }) => `${producer} ${epoch}`)].sort(([a], [b]) => byText(a, b)).flatMap(([, own]) => runsOf(own).map(measure));
    const bad = starts.filter(({ drift, unsynchronised, offset, moved }) => drift > driftTolerance || unsynchronised > 0 || offset > driftTolerance || moved > driftTolerance);
    const asked = starts.reduce((sum, { synchronised, unsynchronised }) => sum + synchronised + unsynchronised, 0);
    const row = ({ producer, epoch, events, drift, back, statuses, synchronised, unsynchronised, offset, moved, first, last }: Measured) => [producer, epoch, events, drift, back, statuses, synchronised, unsynchronised, offset, moved, first, last];
    const columns = ['producer', 'epoch', 'events', 'most_drift_ms', 'steps_back', 'statuses', 'synchronised', 'not_synchronised', 'most_offset_ms', 'most_moved_ms', 'first', 'last'];
    return answer({
      figures: [{ name: 'runs of producers', value: starts.length }, { name: 'most drift, ms', value: Math.max(0, ...starts.map(({ drift }) => drift)) }, { name: 'steps back', value: starts.reduce((sum, { back }) => sum + back, 0) }, { name: 'statuses of clocks', value: starts.reduce((sum, { statuses }) => sum + statuses, 0) }, { name: 'of those, asked of a time service', value: asked }],
      result: table(columns, starts.map(row)),
      exceptions: table(columns, bad.map(row)),
      story: [`Each event carries two clocks of its producer: the wall clock, and one that never steps back. Over ${plural(starts.length, 'run')} of producers they differ by ${Math.max(0, ...starts.map(({ drift }) => drift))} ms at most.`],
      ...(asked > 0 ? {} : { missing: 'no host told an offset from a reference clock (clock.status without a time service): this shows that clocks ran evenly, not that they were right' }),
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
  /** How many clock.status; in how many the time service said so, and said not. */
  readonly statuses: number;
  readonly synchronised: number;
  readonly unsynchronised: number;
  /** The most, whole milliseconds. */
  readonly offset: number;
  readonly moved: number;
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
  return { producer: first?.producer ?? '', epoch: first?.epoch ?? '', events: inOrder.length, drift, back, ...told(inOrder), first: first?.at ?? '', last: inOrder.at(-1)?.at ?? '' };
}

function told(own: readonly Fact[]): Pick<Measured, 'statuses' | 'synchronised' | 'unsynchronised' | 'offset' | 'moved'> {
  const statuses = own.filter(({ type }) => type === 'clock.status');
  const most = (name: string) => statuses.reduce((so, status) => Math.max(so, Math.round(Math.abs(count(status, name)) / 1000)), 0);
  const saying = (word: string) => statuses.filter((status) => text(status, 'synchronised') === word).length;
  return { statuses: statuses.length, synchronised: saying('true'), unsynchronised: saying('false'), offset: most('offset_us'), moved: most('step_us') };
}
