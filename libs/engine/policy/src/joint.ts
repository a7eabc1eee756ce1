import { id, type Allow, type Decision, type Deny, type Hold, type Quorum, type RuleId, type Side } from '@sallyport/domain-model';
import type { CompiledSlice } from './compiled.ts';
import { sorted, strictest } from './verdict.ts';

/** Longest sentence of a joint decision, in UTF-16 units. */
const maxSay = 500;

/**
 * What holds for a machine on somebody's behalf: never more than for either. Forbidden where it is to one of the two, held where it is for one, by the approvers whom both
 * need, under the strictest terms of both. The sentence says which of the two was refused, and never who the person is: it goes into evidence.
 */
export function joint(slice: CompiledSlice, machine: Decision, behalf: Decision): Decision {
  const { digest } = slice.slice;
  const sides = { machine: sideOf(machine), behalf: sideOf(behalf) };
  if (machine.kind === 'deny' || behalf.kind === 'deny') {
    const denied = [machine, behalf].filter((one) => one.kind === 'deny');
    return { kind: 'deny', slice: digest, rules: rulesOf(denied), say: denialOf(slice, machine, behalf), sides };
  }
  const obligations = strictest(machine.obligations, behalf.obligations);
  if (machine.kind === 'allow' && behalf.kind === 'allow') return { kind: 'allow', slice: digest, rules: rulesOf([machine, behalf]), obligations, sides };
  const held = [machine, behalf].filter((one) => one.kind === 'hold');
  return {
    kind: 'hold', slice: digest, rules: rulesOf(held), say: reasonOf(slice, machine, behalf), approvers: quorumOf(held), expiresIn: Math.min(...held.map((one) => one.expiresIn)), obligations, sides,
  };
}

/** The same for connecting, which is never held. */
export function jointConnect(slice: CompiledSlice, machine: Allow | Deny, behalf: Allow | Deny): Allow | Deny {
  const { digest } = slice.slice;
  const sides = { machine: sideOf(machine), behalf: sideOf(behalf) };
  if (machine.kind === 'allow' && behalf.kind === 'allow') return { kind: 'allow', slice: digest, rules: rulesOf([machine, behalf]), obligations: strictest(machine.obligations, behalf.obligations), sides };
  return { kind: 'deny', slice: digest, rules: rulesOf([machine, behalf].filter((one) => one.kind === 'deny')), say: denialOf(slice, machine, behalf), sides };
}

/** How the other party is called where its name must not stand. */
export const partyWords = ({ slice }: CompiledSlice): string => (slice.behalf?.is === 'machine' ? `machine ${slice.behalf.facts.name}, for which it acts,` : 'the person for whom it acts');

function denialOf(slice: CompiledSlice, machine: Decision, behalf: Decision): string {
  const parts = [
    machine.kind === 'deny' ? `the machine itself may not: ${machine.say} (machine-denied)` : null,
    behalf.kind === 'deny' ? `${partyWords(slice)} may not: ${behalf.say} (behalf-denied)` : null,
  ];
  return parts.filter((part) => part !== null).join('; ').slice(0, maxSay);
}

function reasonOf(slice: CompiledSlice, machine: Decision, behalf: Decision): string {
  const says = new Set<string>();
  if (machine.kind === 'hold') says.add(machine.say);
  if (behalf.kind === 'hold' && !says.has(behalf.say)) says.add(`${partyWords(slice)} needs leave: ${behalf.say}`);
  return [...says].join('; ').slice(0, maxSay);
}

/** As within one decision: a group that both name is asked for the larger number. */
function quorumOf(held: readonly Hold[]): readonly Quorum[] {
  const counts = new Map<string, number>();
  for (const { approvers } of held) for (const { group, count } of approvers) counts.set(group, Math.max(counts.get(group) ?? 0, count));
  return [...counts].map(([group, count]) => ({ group, count })).sort((a, b) => (a.group < b.group ? -1 : 1));
}

const sideOf = ({ kind, rules }: Decision): Side => ({ decision: kind, rules });
const rulesOf = (decisions: readonly Decision[]): readonly RuleId[] => sorted(decisions.flatMap(({ rules }) => rules)).map((rule) => id<RuleId>(rule));
