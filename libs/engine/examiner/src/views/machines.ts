import { machineOf, text, type Fact } from '../fact.ts';
import { bare, namedMachine } from '../names.ts';
import { byText } from '../table.ts';
import type { SessionCase } from './sessions.ts';

/** What the events of the pack say of one machine. */
export interface MachineCase {
  readonly machine: string;
  /** Its records (`nhi.recorded`), oldest first. Empty where they are older than the pack. */
  readonly records: readonly Fact[];
  /** Everything that tells of its state or its owner, in leaf order. */
  readonly history: readonly Fact[];
  /** `config.changed` of its document. */
  readonly changes: readonly Fact[];
  readonly logins: readonly Fact[];
  /** Its own acts, by their clocks. */
  readonly acts: readonly Fact[];
  /** Sessions that began in the pack. */
  readonly sessions: readonly SessionCase[];
}

type Building = { -readonly [K in keyof MachineCase]: MachineCase[K] extends readonly (infer T)[] ? T[] : MachineCase[K] };

const telling: ReadonlySet<string> = new Set(['nhi.recorded', 'nhi.state_changed', 'nhi.suspended', 'nhi.transfer_requested', 'nhi.owner_accepted', 'nhi.reactivated', 'detect.orphan', 'detect.stale']);

/** Every machine that is named by an event of the inventory, or acts; in the order of their names. */
export function readMachines(facts: readonly Fact[], sessions: ReadonlyMap<string, SessionCase>): ReadonlyMap<string, MachineCase> {
  const found = new Map<string, Building>();
  const get = (machine: string): Building => {
    const known = found.get(machine) ?? { machine, records: [], history: [], changes: [], logins: [], acts: [], sessions: [] };
    found.set(machine, known);
    return known;
  };
  for (const fact of facts) {
    const actor = machineOf(fact);
    if (actor !== null) get(actor).acts.push(fact);
    if (actor !== null && fact.type === 'auth.ok') get(actor).logins.push(fact);
    if (fact.type === 'config.changed' && text(fact, 'kind') === 'Machine') get(text(fact, 'name')).changes.push(fact);
    const named = telling.has(fact.type) ? namedMachine(fact) : '';
    if (named === '') continue;
    get(named).history.push(fact);
    if (fact.type === 'nhi.recorded') get(named).records.push(fact);
  }
  for (const session of sessions.values()) if (session.machine !== '' && session.opened !== null) get(session.machine).sessions.push(session);
  for (const each of found.values()) each.acts.sort((a, b) => byText(a.at, b.at) || a.leaf - b.leaf);
  return new Map([...found].sort(([a], [b]) => byText(a, b)));
}

/** The state by which it worked before a leaf; empty where the pack does not say. */
export function stateAt({ history }: MachineCase, leaf = Number.POSITIVE_INFINITY): string {
  return history.reduce((state, fact) => (fact.leaf < leaf ? (stateIn(fact) ?? state) : state), '');
}

function stateIn(fact: Fact): string | null {
  switch (fact.type) {
    case 'nhi.recorded':
      return text(fact, 'state') || null;
    case 'nhi.state_changed':
      return text(fact, 'to') || null;
    case 'nhi.suspended':
      return 'suspended';
    case 'nhi.reactivated':
      return 'active';
    default:
      return null;
  }
}

/** Who answered for it before a leaf, without prefix; null where the pack does not say, empty where nobody did. */
export function ownerAt({ history, acts }: MachineCase, leaf = Number.POSITIVE_INFINITY): string | null {
  const told = history.findLast((fact) => fact.leaf < leaf && (fact.type === 'nhi.recorded' || fact.type === 'nhi.reactivated'));
  if (told !== undefined) return bare(text(told, 'owner'));
  const act = acts.findLast((fact) => fact.leaf < leaf);
  return act === undefined ? null : bare(act.who?.owner ?? '');
}

/** High and critical. Null where the pack does not say. */
export function isPrivileged({ records }: MachineCase, leaf = Number.POSITIVE_INFINITY): boolean | null {
  const record = records.findLast((fact) => fact.leaf < leaf) ?? records[0];
  if (record === undefined) return null;
  return ['high', 'critical'].includes(text(record, 'criticality'));
}

/** A later owner than the one before that leaf: the moment from which somebody else answers. */
export function takenOver(one: MachineCase, leaf: number): Fact | null {
  const before = ownerAt(one, leaf + 1);
  return one.history.find((fact) => fact.leaf > leaf && (fact.type === 'nhi.reactivated' || (fact.type === 'nhi.recorded' && before !== null && bare(text(fact, 'owner')) !== before))) ?? null;
}
