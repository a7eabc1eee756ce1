import type { Control } from '../control.ts';
import { count, text } from '../fact.ts';
import { table, type Cell } from '../table.ts';
import { tallyOf, type SessionCase, type Tally } from '../views/sessions.ts';
import { answer, plural } from './no-data.ts';

export const ep11: Control = {
  id: 'EP-11',
  title: 'Reconstruction of sessions',
  question: 'Can everything that a job did be reconstructed, without a gap?',
  exception: 'A number of the session\'s chain is missing; the session was abandoned; what the session says of itself at its end (commands, held, denied, rows) is not what its events add up to.',
  query: 'By session: the events of its chain; complete when it begins with session.opened, ends with session.closed, and every number from 0 to final_seq is there. A session that began before or goes on after this pack is `cut`, not incomplete.',
  reads: ['session.opened', 'session.closed', 'session.abandoned', 'command.decided', 'command.settled', 'command.refused', 'mask.applied', 'mask.failed_closed'],
  examine: ({ sessions }) => {
    const cases = [...sessions.values()];
    const rows = cases.map(rowOf);
    const exceptions = cases.flatMap((session) => wrongOf(session).map((say) => [session.session, session.machine, session.target, say, session.facts.at(-1)?.leaf ?? null]));
    const whole = cases.filter((session) => stateOf(session) === 'complete');
    return answer({
      figures: [{ name: 'sessions', value: cases.length }, { name: 'complete', value: whole.length }, { name: 'cut by the period', value: cases.filter((session) => stateOf(session) === 'cut').length }, { name: 'commands', value: cases.reduce((sum, session) => sum + tallyOf(session).commands, 0) }, { name: 'events', value: cases.reduce((sum, { facts }) => sum + facts.length, 0) }],
      result: table(['session', 'machine', 'target', 'environment', 'opened_at', 'closed_at', 'end', 'events', 'first_number', 'last_number', 'missing', 'state', 'commands', 'held', 'denied', 'rows', 'policy_version'], rows),
      exceptions: table(['session', 'machine', 'target', 'exception', 'last_leaf'], exceptions),
      story: [`${plural(cases.length, 'session')}, ${whole.length} complete from the first event to the signed-off end. The events of a session are in events/ under its id, in order; each names the hash of the one before it.`],
    });
  },
};

function stateOf({ opened, closed, abandoned, missing }: SessionCase): string {
  if (missing > 0) return 'incomplete';
  if (abandoned !== null) return 'abandoned';
  return opened !== null && closed !== null ? 'complete' : 'cut';
}

function wrongOf(session: SessionCase): string[] {
  const { missing, abandoned, closed, opened } = session;
  return [
    ...(missing > 0 ? [`${plural(missing, 'number')} of the chain ${missing === 1 ? 'is' : 'are'} not in this pack`] : []),
    ...(abandoned === null ? [] : [`abandoned: ${text(abandoned, 'why')}`]),
    ...(closed === null || opened === null || missing > 0 ? [] : differences(tallyOf(session), closed)),
  ];
}

function differences(tally: Tally, closed: Parameters<typeof count>[0]): string[] {
  const names = ['commands', 'held', 'denied', 'rows'] as const;
  return names.filter((name) => tally[name] !== count(closed, name)).map((name) => `the session counted ${count(closed, name)} ${name}, its events add up to ${tally[name]}`);
}

function rowOf(session: SessionCase): readonly Cell[] {
  const { commands, held, denied, rows } = tallyOf(session);
  const { facts, opened, closed } = session;
  return [session.session, session.machine, session.target, session.environment, opened?.at ?? null, closed?.at ?? null, closed ? text(closed, 'why') : null, facts.length, facts[0]?.seq ?? null, facts.at(-1)?.seq ?? null, session.missing, stateOf(session), commands, held, denied, rows, opened ? count(opened, 'policy') : null];
}
