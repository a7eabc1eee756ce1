import type { Control } from '../control.ts';
import { count, text, type Fact } from '../fact.ts';
import { byText, table, type Cell } from '../table.ts';
import { answer, noData, plural } from './no-data.ts';

const columns = ['sink', 'next_leaf', 'delivered', 'filtered', 'most_lag', 'stalls', 'recoveries', 'longest_stall_seconds'];

export const ep16: Control = {
  id: 'EP-16',
  title: 'Review and delivery of logs',
  question: 'Are logs reviewed and delivered to the SIEM, and what happens if logging fails?',
  exception: 'A sink stalled and has not recovered within this pack; a sink\'s reports leave out leaves between one and the next.',
  query: 'By sink: sink.watermark (the last next leaf, the sum of delivered and filtered, the most lag in leaves), sink.stalled and sink.recovered. Reports of a sink are laid end to end in leaf order: where one begins after the end of the one before it, leaves were not reported.',
  reads: ['sink.watermark', 'sink.stalled', 'sink.recovered'],
  examine: ({ of }) => {
    const sinks = [...Map.groupBy(of('sink.watermark', 'sink.stalled', 'sink.recovered'), (fact) => text(fact, 'sink'))].sort(([a], [b]) => byText(a, b));
    if (sinks.length === 0) return noData('no sink reported in this pack, and sign-offs of reviews are not recorded in this version; what was refused while evidence could not be written is in EP-19', columns);
    const stalls = of('sink.stalled').length;
    return answer({
      figures: [{ name: 'sinks', value: sinks.length }, { name: 'leaves delivered', value: sum(of('sink.watermark'), 'delivered') }, { name: 'stalls', value: stalls }],
      result: table(columns, sinks.map(([sink, facts]) => rowOf(sink, facts))),
      exceptions: table(['sink', 'exception', 'at', 'leaf'], sinks.flatMap(([sink, facts]) => wrongOf(facts).map(({ say, fact }) => [sink, say, fact.at, fact.leaf]))),
      story: [`${plural(sinks.length, 'sink')} reported; ${plural(stalls, 'stall')} in the period. A sink that takes nothing is waited for: nothing is skipped.`],
      missing: 'sign-offs of reviews of the logs are not recorded as evidence yet',
    });
  },
};

function rowOf(sink: string, facts: readonly Fact[]): readonly Cell[] {
  const marks = facts.filter(({ type }) => type === 'sink.watermark');
  const recovered = facts.filter(({ type }) => type === 'sink.recovered');
  const most = (of: readonly Fact[], name: string) => of.reduce((high, fact) => Math.max(high, count(fact, name)), 0);
  return [sink, most(facts, 'next'), sum(marks, 'delivered'), sum(marks, 'filtered'), most(marks, 'lag'), facts.filter(({ type }) => type === 'sink.stalled').length, recovered.length, most(recovered, 'seconds')];
}

function wrongOf(facts: readonly Fact[]): { readonly say: string; readonly fact: Fact }[] {
  const marks = facts.filter(({ type }) => type === 'sink.watermark');
  const holes = marks.flatMap((fact, i) => {
    const before = marks[i - 1];
    return before !== undefined && count(fact, 'from') > count(before, 'next') ? [{ fact, say: `leaves ${count(before, 'next')} to ${count(fact, 'from') - 1} were not reported as delivered` }] : [];
  });
  const last = facts.findLast(({ type }) => type !== 'sink.watermark');
  return [...holes, ...(last?.type === 'sink.stalled' ? [{ fact: last, say: `stalled and not recovered in this pack: ${text(last, 'code')}` }] : [])];
}

const sum = (facts: readonly Fact[], name: string): number => facts.reduce((total, fact) => total + count(fact, name), 0);
