import type { Control } from '../control.ts';
import type { Examination } from '../examination.ts';
import { count, text, texts, type Fact } from '../fact.ts';
import { bare, isBefore, known, shownActor } from '../names.ts';
import { byText, joined, table, type Cell } from '../table.ts';
import { ownerAt, stateAt, takenOver, type MachineCase } from '../views/machines.ts';
import { answer, noData, plural } from './no-data.ts';

const columns = [
  'machine', 'kind', 'owner', 'owner_status', 'backup_owner', 'team', 'purpose', 'business_service', 'environment', 'criticality', 'vendor', 'contract_end', 'review_by', 'state', 'bindings', 'version', 'recorded_at', 'recorded_by',
  'first_use', 'last_use', 'sources', 'clients', 'sessions', 'targets', 'npid', 'leaf',
];

export const ep01: Control = {
  id: 'EP-01',
  title: 'Inventory of machines',
  question: 'Is there an inventory of every non-human identity, with an accountable owner?',
  exception: 'A machine that is not retired has no owner, an owner who left or whom no directory knows, or no purpose; its date of review is past; it acted without an owner, or after it had been removed from the configuration.',
  query: 'Take every machine that an nhi event or a config.changed of kind Machine names, and every machine that acts. For each: its last nhi.recorded, its state (the last of nhi.recorded, nhi.state_changed, nhi.suspended and nhi.reactivated), its owner as of its last record, reactivation or act; first and last auth.ok with the distinct addresses; sessions opened, with their clients and targets. An owner has left when person.left names the machine or its owner, and neither person.returned nor another owner (nhi.reactivated, nhi.recorded) follows; no directory knows an owner whom detect.orphan names. The date of review is compared with the end of the period.',
  reads: ['nhi.recorded', 'nhi.state_changed', 'nhi.suspended', 'nhi.reactivated', 'person.left', 'person.returned', 'detect.orphan', 'config.changed', 'auth.ok', 'session.opened', 'every event whose actor is a machine'],
  examine: (examination) => {
    const { machines, period, of } = examination;
    if (machines.size === 0) return noData('no event of this pack records, changes or names a machine', columns);
    const gone = leftBehind(examination);
    const all = [...machines.values()];
    const wrong = all.flatMap((each) => faultsOf(each, gone.get(each.machine) ?? null, period.to));
    const older = all.filter(({ records }) => records.length === 0).length;
    const working = all.filter((each) => stateAt(each) === 'active').length;
    return answer({
      figures: [
        { name: 'machines', value: all.length }, { name: 'recorded in this pack', value: all.length - older }, { name: 'active at the end', value: working },
        { name: 'acted in the period', value: all.filter(({ acts }) => acts.length > 0).length }, { name: 'without an owner who stayed', value: new Set(wrong.filter(({ say }) => say.includes('owner')).map(({ machine }) => machine)).size },
        { name: 'changes of machines', value: of('nhi.recorded').length },
      ],
      result: table(columns, all.map((each) => rowOf(each, gone.get(each.machine) ?? null))),
      exceptions: table(['exception', 'machine', 'owner', 'state', 'at', 'leaf'], wrong.map(({ say, machine, fact }) => [say, machine, ownerOf(machines.get(machine)), stateAt(machines.get(machine) ?? all[0] ?? none), fact.at, fact.leaf])),
      story: [
        `${plural(all.length, 'machine')} ${all.length === 1 ? 'is' : 'are'} named by the events of this pack. Recorded in it, with owner, purpose and date of review: ${all.length - older}. Active at its end: ${working}.`,
        'A machine that neither changed nor acted in the period is not listed: the pack is computed from its own events alone.',
      ],
      ...(older === 0 ? {} : { missing: `${plural(older, 'machine')} acted or changed and ${older === 1 ? 'has its' : 'have their'} record (purpose, criticality, vendor, date of review) before this pack, or without one` }),
    });
  },
};

const none: MachineCase = { machine: '', records: [], history: [], changes: [], logins: [], acts: [], sessions: [] };
const ownerOf = (machine: MachineCase | undefined, leaf?: number): string | null => (machine === undefined ? null : ownerAt(machine, leaf));

/** By machine, the leaving of whoever answered for it, where nothing came of it. */
function leftBehind({ of, machines }: Examination): ReadonlyMap<string, Fact> {
  const back = new Map(of('person.returned').map((fact) => [known(text(fact, 'person')), fact.leaf]));
  const gone = new Map<string, Fact>();
  for (const left of of('person.left')) {
    const person = known(text(left, 'person'));
    if (person !== null && (back.get(person) ?? -1) > left.leaf) continue;
    const named = texts(left, 'machines');
    // The event names a hundred; those beyond are found by their owner.
    const owned = person === null || named.length < 100 ? [] : [...machines.keys()].filter((name) => ownerOf(machines.get(name), left.leaf) === person);
    for (const name of new Set([...named, ...owned])) {
      const machine = machines.get(name);
      if (machine !== undefined && takenOver(machine, left.leaf) === null) gone.set(name, left);
    }
  }
  return gone;
}

interface Fault {
  readonly say: string;
  readonly machine: string;
  readonly fact: Fact;
}

function faultsOf(one: MachineCase, gone: Fact | null, end: string): readonly Fault[] {
  const { machine, records, acts, history } = one;
  const record = records.at(-1);
  const state = stateAt(one);
  const found: Fault[] = [];
  const add = (say: string, fact: Fact | undefined) => fact !== undefined && found.push({ say, machine, fact });
  if (state !== 'retired') {
    if (record !== undefined && text(record, 'owner') === '') add('has no owner', record);
    if (gone !== null) add(`its owner left and nobody has taken it over`, gone);
    const orphan = history.findLast(({ type }) => type === 'detect.orphan');
    if (orphan !== undefined && gone === null && ownerAt(one) === bare(text(orphan, 'owner'))) add('its owner is in no directory', orphan);
    if (record !== undefined && text(record, 'purpose') === '') add('has no purpose', record);
    if (record !== undefined && isBefore(text(record, 'review_by'), end)) add(`its date of review (${text(record, 'review_by')}) is past`, record);
  }
  add('acted without an owner', acts.find(({ who }) => !who?.owner));
  add('acted after it was removed', afterRemoval(one));
  return found;
}

/** The first session or login after a removal that no later change takes back. Only those are acts of its own will: an end of what ran is not. */
function afterRemoval({ changes, acts }: MachineCase): Fact | undefined {
  const last = changes.at(-1);
  if (last === undefined || text(last, 'change') !== 'removed') return undefined;
  return acts.find(({ type, at }) => (type === 'auth.ok' || type === 'session.opened') && at > last.at);
}

function rowOf(one: MachineCase, gone: Fact | null): readonly Cell[] {
  const { machine, records, changes, logins, acts, sessions, history } = one;
  const record = records.at(-1);
  const change = changes.at(-1);
  const of = (name: string): string | null => (record === undefined ? null : text(record, name) || null);
  const uses = logins.map(({ at }) => at).toSorted(byText);
  const last = record ?? change;
  return [
    machine, of('kind'), ownerAt(one) || null, statusOf(one, gone), of('backup_owner'), of('team'), of('purpose'), of('business_service'), of('environment'), of('criticality'), of('vendor'), of('contract_end'), of('review_by'),
    stateAt(one) || (change !== undefined && text(change, 'change') === 'removed' ? 'removed' : null), record === undefined ? null : joined(texts(record, 'bindings')), last === undefined ? null : count(last, 'version'), last?.at ?? null, last === undefined ? null : shownActor(last),
    uses[0] ?? null, uses.at(-1) ?? null, joined(logins.map((fact) => text(fact, 'source'))) || null, joined(sessions.flatMap(({ opened }) => (opened === null ? [] : text(opened, 'client') || []))) || null, sessions.length, joined(sessions.map(({ target }) => target)) || null,
    acts.at(-1)?.who?.npid ?? null, (last ?? history[0] ?? acts[0])?.leaf ?? null,
  ];
}

function statusOf(one: MachineCase, gone: Fact | null): string {
  if (gone !== null) return `left ${text(gone, 'left_at') || gone.at}`;
  const owner = ownerAt(one);
  if (owner === null) return 'not in this pack';
  if (owner === '') return 'none';
  const orphan = one.history.findLast(({ type }) => type === 'detect.orphan');
  return orphan !== undefined && owner === bare(text(orphan, 'owner')) ? 'in no directory' : 'no word that they left';
}
