import type { Control } from '../control.ts';
import { count, text, type Fact } from '../fact.ts';
import { byText, table } from '../table.ts';
import { answer, plural } from './no-data.ts';

export const ep19: Control = {
  id: 'EP-19',
  title: 'Availability and failing closed',
  question: 'When was a service of the control away, and what did it let through meanwhile?',
  exception: 'A service started again without having said that it stopped; a session was abandoned; a producer\'s numbers have a gap; masking failed closed.',
  query: 'service.started and service.stopped by producer in the order of leaves: a start after a start is an end that nobody announced. Add session.abandoned, log.gap and mask.failed_closed.',
  reads: ['service.started', 'service.stopped', 'session.abandoned', 'log.gap', 'mask.failed_closed'],
  examine: ({ of }) => {
    const life = of('service.started', 'service.stopped');
    const failures = of('session.abandoned', 'log.gap', 'mask.failed_closed');
    const sudden = [...Map.groupBy(life, (fact) => `${text(fact, 'service')} ${fact.producer}`)].sort(([a], [b]) => byText(a, b)).flatMap(([, facts]) => facts.filter((fact, i) => i > 0 && fact.type === 'service.started' && facts[i - 1]?.type === 'service.started'));
    const all = [...life, ...failures].sort((a, b) => a.leaf - b.leaf);
    return answer({
      figures: [{ name: 'starts', value: of('service.started').length }, { name: 'announced stops', value: of('service.stopped').length }, { name: 'unannounced ends', value: sudden.length }, { name: 'sessions abandoned', value: of('session.abandoned').length }, { name: 'masking failed closed', value: of('mask.failed_closed').length }],
      result: table(['at', 'event', 'service', 'producer', 'detail', 'leaf'], all.map((fact) => [fact.at, fact.type, text(fact, 'service') || null, fact.producer, detail(fact), fact.leaf])),
      exceptions: table(['exception', 'at', 'producer', 'detail', 'leaf'], [...sudden.map((fact) => ['ended without saying so before this start', fact.at, fact.producer, text(fact, 'service'), fact.leaf]), ...failures.map((fact) => [fact.type, fact.at, fact.producer, detail(fact), fact.leaf])]),
      story: [`${plural(of('service.started').length, 'start')} and ${plural(of('service.stopped').length, 'announced stop')} of services; ${plural(sudden.length, 'end')} came unannounced.`, 'A gateway that cannot reach what it needs refuses commands; it has no mode in which it forwards unrecorded.'],
      missing: 'how long a service was away, and what was refused in that time, is not computed',
    });
  },
};

function detail(fact: Fact): string {
  switch (fact.type) {
    case 'service.started':
      return `version ${text(fact, 'version')}`;
    case 'log.gap':
      return `numbers ${count(fact, 'from')} to ${count(fact, 'to')} of ${text(fact, 'producer')} never came`;
    case 'session.abandoned':
      return `session ${text(fact, 'session')} at number ${count(fact, 'last_seq')}: ${text(fact, 'why')}`;
    default:
      return text(fact, 'why');
  }
}
