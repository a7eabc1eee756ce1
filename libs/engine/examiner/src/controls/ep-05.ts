import type { Control } from '../control.ts';
import type { Examination } from '../examination.ts';
import { text, texts, type Fact } from '../fact.ts';
import { isBefore, namedMachine } from '../names.ts';
import { joined, table, type Cell } from '../table.ts';
import { promptly, readLeavers, type LeaverCase } from '../views/leavers.ts';
import type { SessionCase } from '../views/sessions.ts';
import { answer, noData, plural } from './no-data.ts';

const columns = [
  'person', 'source', 'left_at', 'told_at', 'machine', 'privileged', 'suspended_at', 'lag_seconds', 'lag_since_told_seconds', 'grace_until', 'open_sessions', 'last_ended_after_seconds', 'refused_after', 'new_owner', 'taken_over_at', 'agreed_by',
  'sessions_after_leaving', 'under_new_owner', 'in_grace', 'uncovered', 'outcome', 'leaf',
];

export const ep05: Control = {
  id: 'EP-05',
  title: 'Leavers and suspension',
  question: 'When somebody left, was the automation they owned suspended?',
  exception: `A privileged machine (criticality high or critical, or not known here) of somebody who left was suspended more than ${promptly} seconds after they left; a machine went on although its time of grace was over, or without any; a session began after the leaving, before somebody else answered for the machine and outside of a time of grace; a session ran on for more than ${promptly} seconds after the suspension; a session was opened by a suspended machine before it was active again or its configuration changed.`,
  query: 'For each person.left and each machine that it names (or, where it names a hundred, whose owner it names): left_at as the source said it, the first nhi.suspended or nhi.state_changed to suspended or retired at or after it, and the seconds between; nhi.state_changed to attention with its end; the next nhi.reactivated, nhi.recorded with another owner or person.returned, from which somebody answers again. Sessions of the machine opened after left_at are counted by whether they began after that, within the grace, or neither (uncovered). refused_after: auth.failed whose actor is the machine while it was suspended (the session.refused beside it names nobody).',
  reads: ['person.left', 'person.returned', 'signal.received', 'nhi.recorded', 'nhi.state_changed', 'nhi.suspended', 'nhi.owner_accepted', 'nhi.reactivated', 'contract.ending', 'session.opened', 'session.closed', 'auth.failed', 'config.changed'],
  examine: (examination) => {
    const { of, machines, period } = examination;
    const cases = readLeavers(of, machines);
    const people = of('person.left');
    const suspensions = of('nhi.suspended', 'nhi.state_changed').filter(suspends);
    const warnings = of('contract.ending').length;
    if (people.length + suspensions.length + of('signal.received').length + warnings === 0) return noData('nobody left, no directory told anything, and no machine was suspended in this pack', columns);
    const others = suspendedFor(examination, cases, suspensions);
    const wrong = cases.flatMap((one) => faultsOf(one, period.to).map(({ say, fact, session }) => [say, one.machine.machine, text(one.left, 'person'), session?.session ?? null, fact.at, fact.leaf]));
    const meanwhile = whileSuspended(examination, suspensions).map(({ session, fact }) => ['session opened while suspended', session.machine, null, session.session, fact.at, fact.leaf]);
    const lags = cases.flatMap(({ lag, privileged }) => (lag === null || privileged === false ? [] : [lag]));
    return answer({
      figures: [
        { name: 'people who left', value: people.length }, { name: 'machines they answered for', value: cases.length }, { name: 'machines suspended', value: new Set(suspensions.map(namedMachine)).size },
        { name: 'longest lag, privileged, in seconds', value: lags.length === 0 ? 'none' : Math.max(...lags) }, { name: 'sessions nobody answered for', value: cases.reduce((sum, { after }) => sum + after.uncovered.length, 0) }, { name: 'warnings of contracts that end', value: warnings },
      ],
      result: table(columns, [...cases.map((one) => rowOf(one, period.to)), ...others]),
      exceptions: table(['exception', 'machine', 'person', 'session', 'at', 'leaf'], [...wrong, ...meanwhile]),
      excerpt: { title: 'What became of the machines of those who left', columns: ['machine', 'left', 'suspended', 'lag in s', 'refused after', 'outcome'], rows: cases.map((one) => [one.machine.machine, one.leftAt, one.suspended?.at ?? null, one.lag, one.refused, outcomeOf(one, period.to)]) },
      story: [
        people.length === 0 ? 'Nobody is known to have left in the period.' : `${plural(people.length, 'person', 'people')} left in the period and answered for ${plural(cases.length, 'machine')}. Suspended: ${cases.filter(({ suspended }) => suspended !== null).length}. Answered for again by somebody: ${cases.filter(({ covered }) => covered !== null).length}.`,
        'The lag is counted from the moment that the source of the news names as the leaving, and once more from when the news came: the difference is how late the source told.',
      ],
      ...(people.length + of('signal.received').length > 0 ? {} : { missing: 'no directory, security event or file told anything in this pack, so a leaving that nobody told is not seen' }),
    });
  },
};

const suspends = (fact: Fact): boolean => fact.type === 'nhi.suspended' || text(fact, 'to') === 'suspended';

function outcomeOf({ covered, suspended, graceUntil, stoppedBefore }: LeaverCase, end: string): string {
  if (covered !== null) return covered.type === 'person.returned' ? 'its owner is back' : 'taken over';
  if (suspended !== null) return suspended.type === 'nhi.state_changed' && text(suspended, 'to') === 'retired' ? 'retired' : 'suspended';
  if (stoppedBefore) return 'worked no more before';
  return graceUntil !== null && !isBefore(graceUntil, end) ? 'in its time of grace' : 'went on';
}

function rowOf(one: LeaverCase, end: string): readonly Cell[] {
  const { left, leftAt, machine, privileged, suspended, covered, agreed, after } = one;
  return [
    text(left, 'person') || null, text(left, 'source'), leftAt, left.at, machine.machine, privileged, suspended?.at ?? null, one.lag, one.lagSinceTold, one.graceUntil, one.open, one.lastEnd, one.refused,
    covered === null ? null : text(covered, 'owner') || text(covered, 'person') || null, covered?.at ?? null, agreed === null ? null : joined(texts(agreed, 'approved_by')), after.all.length, after.underNewOwner.length, after.inGrace.length, after.uncovered.length, outcomeOf(one, end), (suspended ?? left).leaf,
  ];
}

/** Suspensions that no leaving explains. */
function suspendedFor({ machines }: Examination, cases: readonly LeaverCase[], suspensions: readonly Fact[]): readonly (readonly Cell[])[] {
  const explained = new Set(cases.flatMap(({ machine, left, suspended }) => (suspended === null ? [] : machine.history.filter((fact) => suspends(fact) && fact.leaf >= Math.min(left.leaf, suspended.leaf) && fact.leaf <= suspended.leaf + 1).map(({ leaf }) => leaf))));
  const shown = new Set<string>();
  return suspensions.flatMap((fact) => {
    const machine = namedMachine(fact);
    const key = `${machine} ${fact.at.slice(0, 19)}`;
    if (explained.has(fact.leaf) || shown.has(key)) return [];
    shown.add(key);
    const again = machines.get(machine)?.history.find((each) => each.leaf > fact.leaf && isActive(each)) ?? null;
    return [[null, null, null, null, machine, null, fact.at, null, null, null, null, null, null, null, again?.at ?? null, null, null, null, null, `suspended: ${text(fact, 'why') || 'no reason given'}`, fact.leaf]];
  });
}

const isActive = (fact: Fact): boolean => fact.type === 'nhi.reactivated' || (fact.type === 'nhi.state_changed' && text(fact, 'to') === 'active');

/** Up to the next word that it works again: a reactivation, or a change of its document. */
function whileSuspended({ machines }: Examination, suspensions: readonly Fact[]): readonly { readonly session: SessionCase; readonly fact: Fact }[] {
  const found = new Map<string, { session: SessionCase; fact: Fact }>();
  for (const fact of suspensions) {
    const machine = machines.get(namedMachine(fact));
    if (machine === undefined) continue;
    const again = [...machine.history.filter(isActive), ...machine.changes].filter(({ at }) => isBefore(fact.at, at)).sort((a, b) => Date.parse(a.at) - Date.parse(b.at))[0];
    for (const session of machine.sessions) if (session.opened !== null && isBefore(fact.at, session.opened.at) && (again === undefined || isBefore(session.opened.at, again.at))) found.set(session.session, { session, fact: session.opened });
  }
  return [...found.values()];
}

interface Fault {
  readonly say: string;
  readonly fact: Fact;
  readonly session?: SessionCase;
}

function faultsOf(one: LeaverCase, end: string): readonly Fault[] {
  const { left, lag, lagSinceTold, privileged, suspended, after, ranOn } = one;
  const found: Fault[] = [];
  const guarded = privileged !== false;
  if (suspended !== null && guarded && one.graceUntil === null && lag !== null && lag > promptly) found.push({ say: `suspended ${Math.round(lag)} s after the leaving, ${Math.max(0, Math.round(lagSinceTold ?? 0))} s after the news`, fact: suspended });
  if (outcomeOf(one, end) === 'went on') found.push({ say: privileged === null ? 'the machine went on; its criticality is not in this pack' : 'the machine went on', fact: left });
  for (const session of after.uncovered) if (session.opened !== null) found.push({ say: 'session after the leaving, and nobody answered for it', fact: session.opened, session });
  for (const session of ranOn) if (suspended !== null) found.push({ say: session.closed === null ? 'session ran on after the suspension, and its end is not in this pack' : `session ran on for more than ${promptly} s after the suspension`, fact: session.closed ?? suspended, session });
  return found;
}
