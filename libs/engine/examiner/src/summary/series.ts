import type { Examination } from '../examination.ts';
import { millis, text, type Fact } from '../fact.ts';

/** Counts by day (UTC), or by week where there are more than ten weeks. */
export interface Series {
  readonly title: string;
  readonly unit: 'day' | 'week';
  readonly points: readonly { readonly from: string; readonly n: number }[];
}

const dayMs = 86_400_000;
/** More bars than this are not readable at the width of a page. */
const mostBars = 70;
/** Years of weeks; a longer period is cut at its end, which the caption's dates show. */
const mostPoints = 520;

export function seriesOf(examination: Examination): readonly Series[] {
  const { of, sessions } = examination;
  const denied = of('command.decided').filter((fact) => text(fact, 'decision') === 'deny');
  const opened = [...sessions.values()].flatMap(({ opened: fact }) => (fact === null ? [] : [fact]));
  return [
    count('Sessions opened', opened, examination),
    count('Attempts refused', [...denied, ...of('auth.failed', 'auth.replay', 'session.refused', 'command.refused')], examination),
    count('Approvals asked for', of('approval.requested'), examination),
  ];
}

function count(title: string, facts: readonly Fact[], { period }: Examination): Series {
  const [from, to] = [Math.floor(millis(period.from) / dayMs), Math.ceil(millis(period.to) / dayMs)];
  const step = to - from > mostBars ? 7 : 1;
  const n = Math.min(mostPoints, Math.max(1, Math.ceil((to - from) / step)));
  const counts = Array.from({ length: n }, () => 0);
  for (const { at } of facts) {
    const i = Math.floor((Math.floor(millis(at) / dayMs) - from) / step);
    if (i >= 0 && i < n) counts[i] = (counts[i] ?? 0) + 1;
  }
  return { title, unit: step === 7 ? 'week' : 'day', points: counts.map((value, i) => ({ n: value, from: new Date((from + i * step) * dayMs).toISOString().slice(0, 10) })) };
}
