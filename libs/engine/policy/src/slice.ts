import { hash } from 'node:crypto';
import { id, type Digest, type RuleId } from '@sallyport/domain-model';
import { isObject } from './expressions.ts';
import type { PolicyRule, PolicySet } from './policy-set.ts';
import { concernsPerson, mayConcern, type RuleScope } from './scope.ts';

/** A machine as policies see it. */
export interface MachineFacts {
  readonly name: string;
  readonly owner: string;
  readonly environment: string;
  readonly criticality: string;
  readonly kind: string;
  readonly groups: readonly string[];
}

/** A person on whose behalf a machine acts, as policies see them. */
export interface PersonFacts {
  readonly name: string;
  readonly groups: readonly string[];
}

/** On whose behalf: a person, or another machine. */
export type PartyFacts = { readonly is: 'person'; readonly facts: PersonFacts } | { readonly is: 'machine'; readonly facts: MachineFacts };

/** A target as policies see it. */
export interface TargetFacts {
  readonly name: string;
  readonly kind: string;
  readonly environment: string;
  readonly tags: readonly string[];
}

/**
 * Everything that decides what one machine may do on one target, for itself or on one party's behalf: the rules whose head can speak of them, and their facts.
 * Named by the digest of its content, so that whoever fetches it can check it, and no slice of the one is a slice of the other. Plain JSON.
 */
export interface Slice {
  /** 1: the machine for itself; 2: on somebody's behalf. */
  readonly v: 1 | 2;
  /** SHA-256 of the canonical bytes of the rest. */
  readonly digest: Digest;
  readonly machine: MachineFacts;
  /** On whose behalf; absent in version 1. */
  readonly behalf?: PartyFacts;
  readonly target: TargetFacts;
  /** By id. */
  readonly rules: readonly SlicedRule[];
}

export interface SlicedRule {
  readonly id: RuleId;
  readonly text: string;
}

/** A slice that is not what its digest names, or not a slice. */
export class SliceError extends Error {
  readonly code = 'ERR_POLICY_SLICE';
}

/** Evaluating the slice answers as evaluating the whole set does: a rule is left out only when its head excludes the target, or the machine and the party that it acts for. */
export function sliceFor(of: { readonly policySet: PolicySet; readonly machine: MachineFacts; readonly behalf?: PartyFacts; readonly target: TargetFacts }): Slice {
  const { machine, behalf, target } = of;
  const concerns = ({ scope, effect }: PolicyRule) => mayConcern(scope, machine, target.name) || (behalf !== undefined && concernsParty(scope, effect, behalf, target.name));
  return sealed({ machine, ...(behalf === undefined ? {} : { behalf }), target, rules: of.policySet.rules.filter(concerns).map((rule) => ({ id: rule.id, text: rule.text })) });
}

/** Whether a rule speaks of the party. */
export function concernsParty(scope: RuleScope, effect: 'permit' | 'forbid', { is, facts }: PartyFacts, target: string): boolean {
  return is === 'person' ? concernsPerson(scope, effect, facts, target) : mayConcern(scope, facts, target);
}

/** Reads a slice from parsed JSON and checks that it is the one named. Throws SliceError. */
export function readSlice(value: unknown, digest: string): Slice {
  if (!isObject(value) || (value['v'] !== 1 && value['v'] !== 2)) throw new SliceError('this is not a policy slice of version 1 or 2');
  const machine = value['machine'];
  const target = value['target'];
  const rules = value['rules'];
  if (!isObject(machine) || !isObject(target) || !Array.isArray(rules)) throw new SliceError('the policy slice is malformed');
  const slice = sealed({
    machine: machineOf(machine),
    ...(value['v'] === 1 ? {} : { behalf: partyOf(value['behalf']) }),
    target: { name: text(target, 'name'), kind: text(target, 'kind'), environment: text(target, 'environment'), tags: texts(target, 'tags') },
    rules: rules.map((rule: unknown) => {
      if (!isObject(rule)) throw new SliceError('the policy slice is malformed: a rule is not an object');
      return { id: id<RuleId>(text(rule, 'id')), text: text(rule, 'text') };
    }),
  });
  if (slice.digest !== digest) throw new SliceError(`the policy slice is not the one named: its digest is ${slice.digest}`);
  return slice;
}

function machineOf(machine: Readonly<Record<string, unknown>>): MachineFacts {
  return {
    name: text(machine, 'name'), owner: text(machine, 'owner'), environment: text(machine, 'environment'), criticality: text(machine, 'criticality'),
    kind: text(machine, 'kind'), groups: texts(machine, 'groups'),
  };
}

function partyOf(value: unknown): PartyFacts {
  const facts = isObject(value) ? value['facts'] : undefined;
  if (!isObject(value) || !isObject(facts)) throw new SliceError('the policy slice is malformed: it does not say on whose behalf');
  if (value['is'] === 'machine') return { is: 'machine', facts: machineOf(facts) };
  if (value['is'] === 'person') return { is: 'person', facts: { name: text(facts, 'name'), groups: texts(facts, 'groups') } };
  throw new SliceError('the policy slice is malformed: its other party is neither a person nor a machine');
}

/** Recomputes the digest; false for a slice that was changed after it was made. */
export function isIntact(slice: Slice): boolean {
  return sealed(slice).digest === slice.digest;
}

function sealed({ machine, behalf, target, rules: given }: Omit<Slice, 'digest' | 'v'>): Slice {
  const tags = [...target.tags].sort();
  const rules = [...given].sort((a, b) => (a.id < b.id ? -1 : 1));
  const canonical = JSON.stringify([
    behalf === undefined ? 'sallyport-slice-v1' : 'sallyport-slice-v2',
    machineList(machine),
    ...(behalf === undefined ? [] : [[behalf.is, behalf.is === 'machine' ? machineList(behalf.facts) : [behalf.facts.name, [...behalf.facts.groups].sort()]]]),
    [target.name, target.kind, target.environment, tags],
    rules.map((rule) => [rule.id, rule.text]),
  ]);
  return {
    v: behalf === undefined ? 1 : 2,
    digest: id<Digest>(hash('sha256', canonical, 'hex')),
    machine: plainMachine(machine),
    ...(behalf === undefined ? {} : { behalf: plainParty(behalf) }),
    target: { name: target.name, kind: target.kind, environment: target.environment, tags },
    rules,
  };
}

const machineList = ({ name, owner, environment, criticality, kind, groups }: MachineFacts) => [name, owner, environment, criticality, kind, [...groups].sort()];
const plainMachine = ({ name, owner, environment, criticality, kind, groups }: MachineFacts): MachineFacts => ({ name, owner, environment, criticality, kind, groups: [...groups].sort() });

function plainParty(party: PartyFacts): PartyFacts {
  return party.is === 'machine' ? { is: 'machine', facts: plainMachine(party.facts) } : { is: 'person', facts: { name: party.facts.name, groups: [...party.facts.groups].sort() } };
}

function text(of: Readonly<Record<string, unknown>>, member: string): string {
  const value = of[member];
  if (typeof value !== 'string') throw new SliceError(`the policy slice is malformed: ${member} is not a string`);
  return value;
}

function texts(of: Readonly<Record<string, unknown>>, member: string): readonly string[] {
  const value = of[member];
  if (!Array.isArray(value)) throw new SliceError(`the policy slice is malformed: ${member} is not a list`);
  return value.map((one: unknown) => {
    if (typeof one !== 'string') throw new SliceError(`the policy slice is malformed: ${member} is not a list of strings`);
    return one;
  });
}
