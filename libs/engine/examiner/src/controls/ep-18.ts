import type { Control } from '../control.ts';
import type { Examination } from '../examination.ts';
import { text, type Fact } from '../fact.ts';
import { isBefore } from '../names.ts';
import { byText, joined, table, type Cell } from '../table.ts';
import { entitlementState, type EntitlementCase } from '../views/entitlements.ts';
import { ownerAt, stateAt, type MachineCase } from '../views/machines.ts';
import type { SessionCase } from '../views/sessions.ts';
import { answer, noData, plural } from './no-data.ts';

const columns = ['machine', 'vendor', 'sponsor', 'contract_end', 'purpose', 'criticality', 'environment', 'state', 'review_by', 'entitlements_in_force', 'last_entitlement_ends', 'sessions', 'sessions_after_contract', 'last_session', 'targets', 'leaf'];

export const ep18: Control = {
  id: 'EP-18',
  title: 'Third-party machines',
  question: 'Which machines belong to third parties, who sponsors them, and when does the contract end?',
  exception: 'The contract of the vendor ended before the end of the period and the machine is neither suspended nor retired; it opened a session after that; it has no sponsor; no end of contract is recorded; it may reach something beyond the end of the contract.',
  query: 'Every machine whose last nhi.recorded names a vendor: the owner as its sponsor, contract_end (that day included), its state, its sessions, and its entitlements that are in force at the end of the period.',
  reads: ['nhi.recorded', 'nhi.state_changed', 'nhi.suspended', 'nhi.reactivated', 'session.opened', 'entitlement.granted', 'entitlement.expired', 'entitlement.revoked'],
  examine: ({ machines, entitlements, period }) => {
    const granted = Map.groupBy(entitlements.values(), ({ machine }) => machine);
    const theirs = [...machines.values()].flatMap((machine): Theirs[] => {
      const record = machine.records.at(-1);
      return record === undefined || text(record, 'vendor') === '' ? [] : [read(machine, record, granted.get(machine.machine) ?? [], period)];
    });
    if (theirs.length === 0) return noData('no machine of a vendor was recorded in this pack', columns);
    const wrong = theirs.flatMap((one) => faultsOf(one, period.to).map(({ say, fact }) => [say, one.machine.machine, text(one.record, 'vendor'), one.end || null, fact.at, fact.leaf]));
    const vendors = new Set(theirs.map(({ record }) => text(record, 'vendor')));
    return answer({
      figures: [{ name: 'machines of third parties', value: theirs.length }, { name: 'vendors', value: vendors.size }, { name: 'contracts over', value: theirs.filter(({ over }) => over !== null && isBefore(over, period.to)).length }, { name: 'sessions', value: theirs.reduce((sum, { machine }) => sum + machine.sessions.length, 0) }, { name: 'sessions after the contract', value: theirs.reduce((sum, { late }) => sum + late.length, 0) }],
      result: table(columns, theirs.map(rowOf)),
      exceptions: table(['exception', 'machine', 'vendor', 'contract_end', 'at', 'leaf'], wrong),
      excerpt: { title: 'Machines of third parties', columns: ['machine', 'vendor', 'sponsor', 'contract end', 'state', 'sessions'], rows: theirs.map(({ machine, record, end }) => [machine.machine, text(record, 'vendor'), ownerAt(machine) || null, end || null, stateAt(machine) || null, machine.sessions.length]) },
      story: [`${plural(theirs.length, 'machine')} of ${plural(vendors.size, 'vendor')} ${theirs.length === 1 ? 'is' : 'are'} recorded in this pack. The sponsor is the owner: somebody of this house who answers for the machine. What these machines did is in EP-11, what they may reach in EP-03.`],
    });
  },
};

interface Theirs {
  readonly machine: MachineCase;
  readonly record: Fact;
  /** As recorded; empty where it is not. */
  readonly end: string;
  /** The moment after its last day; null where no end is recorded. */
  readonly over: string | null;
  readonly late: readonly SessionCase[];
  readonly inForce: readonly EntitlementCase[];
}

function read(machine: MachineCase, record: Fact, entitlements: readonly EntitlementCase[], { to }: Examination['period']): Theirs {
  const end = text(record, 'contract_end');
  const over = overAt(end);
  return {
    machine, record, end, over,
    late: over === null ? [] : machine.sessions.filter(({ opened }) => opened !== null && !isBefore(opened.at, over)),
    inForce: entitlements.filter((one) => one.granted !== null && entitlementState(one, to) === 'in force'),
  };
}

/** The contract holds on its last day. */
function overAt(end: string): string | null {
  const at = Date.parse(end);
  if (Number.isNaN(at)) return null;
  return /^\d{4}-\d\d-\d\d$/.test(end) ? new Date(at + 86_400_000).toISOString() : end;
}

const untilOf = ({ granted }: EntitlementCase): string => (granted === null ? '' : text(granted, 'until'));

function rowOf({ machine, record, end, late, inForce }: Theirs): readonly Cell[] {
  const of = (name: string): string | null => text(record, name) || null;
  const opened = machine.sessions.flatMap(({ opened: fact }) => fact?.at ?? []).toSorted(byText);
  return [
    machine.machine, of('vendor'), ownerAt(machine) || null, end || null, of('purpose'), of('criticality'), of('environment'), stateAt(machine) || null, of('review_by'), inForce.length, inForce.map(untilOf).toSorted(byText).at(-1) ?? null,
    opened.length, late.length, opened.at(-1) ?? null, joined(machine.sessions.map(({ target }) => target)) || null, record.leaf,
  ];
}

function faultsOf({ machine, record, over, late, inForce }: Theirs, periodEnd: string): readonly { readonly say: string; readonly fact: Fact }[] {
  const found: { say: string; fact: Fact }[] = [];
  const stopped = ['suspended', 'retired', 'draft'].includes(stateAt(machine));
  if (over !== null && isBefore(over, periodEnd) && !stopped) found.push({ say: 'its contract is over, and it still works', fact: record });
  for (const { opened } of late) if (opened !== null) found.push({ say: 'session after the end of the contract', fact: opened });
  if (!ownerAt(machine)) found.push({ say: 'has no sponsor', fact: record });
  if (over === null && !stopped) found.push({ say: 'no end of contract is recorded', fact: record });
  for (const one of inForce) if (over !== null && one.granted !== null && isBefore(over, untilOf(one))) found.push({ say: `may reach ${one.target} beyond the end of the contract`, fact: one.granted });
  return found;
}
