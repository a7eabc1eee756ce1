import type { Control } from '../control.ts';
import { text } from '../fact.ts';
import { table } from '../table.ts';
import { answer, plural } from './no-data.ts';

export const ep05: Control = {
  id: 'EP-05',
  title: 'Leavers and suspension',
  question: 'When somebody left, was the automation they owned suspended?',
  exception: 'A session was opened by a machine after its suspension and before its configuration was changed again.',
  query: 'For each nhi.suspended: the machine, the reason, and the sessions of that machine opened later, up to the next config.changed of that machine.',
  reads: ['nhi.suspended', 'config.changed', 'session.opened'],
  examine: ({ of, sessions }) => {
    const opened = [...sessions.values()].flatMap(({ machine, opened: event, session }) => (event === null ? [] : [{ machine, session, at: event.at, leaf: event.leaf }]));
    const cases = of('nhi.suspended').map((fact) => {
      const machine = text(fact, 'machine');
      const again = of('config.changed').find((change) => text(change, 'kind') === 'Machine' && text(change, 'name') === machine && change.at > fact.at)?.at ?? null;
      return { fact, machine, again, later: opened.filter((each) => each.machine === machine && each.at > fact.at && (again === null || each.at < again)) };
    });
    return answer({
      figures: [{ name: 'machines suspended', value: cases.length }, { name: 'sessions opened while suspended', value: cases.flatMap(({ later }) => later).length }],
      result: table(['machine', 'suspended_at', 'why', 'by', 'changed_again_at', 'sessions_while_suspended', 'leaf'], cases.map(({ fact, machine, again, later }) => [machine, fact.at, text(fact, 'why'), fact.who?.id ?? null, again, later.length, fact.leaf])),
      exceptions: table(['machine', 'session', 'opened_at', 'leaf'], cases.flatMap(({ later }) => later.map(({ machine, session, at, leaf }) => [machine, session, at, leaf]))),
      story: [`${plural(cases.length, 'machine')} ${cases.length === 1 ? 'was' : 'were'} suspended in the period.`],
      missing: 'notices from human resources (who left, and when) are not recorded as evidence yet, so the time from leaving to suspension cannot be computed',
    });
  },
};
