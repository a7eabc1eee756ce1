import { hash } from 'node:crypto';
import { id, type Digest, type RuleId } from '@sallyport/domain-model';
import { isObject } from './expressions.ts';
import type { PolicySet } from './policy-set.ts';
import { mayConcern } from './scope.ts';

/** A machine as policies see it. */
export interface MachineFacts {
  readonly name: string;
  readonly owner: string;
  readonly environment: string;
  readonly criticality: string;
  readonly kind: string;
  readonly groups: readonly string[];
}

/** A target as policies see it. */
export interface TargetFacts {
  readonly name: string;
  readonly kind: string;
  readonly environment: string;
  readonly tags: readonly string[];
}

/**
 * Everything that decides what one machine may do on one target: the rules whose head can speak of them, and their facts.
 * Named by the digest of its content, so that whoever fetches it can check it. Plain JSON.
 */
export interface Slice {
  readonly v: 1;
  /** SHA-256 of the canonical bytes of the rest. */
  readonly digest: Digest;
  readonly machine: MachineFacts;
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

/** Evaluating the slice answers as evaluating the whole set does: a rule is left out only when its head excludes the machine or the target. */
export function sliceFor(of: { readonly policySet: PolicySet; readonly machine: MachineFacts; readonly target: TargetFacts }): Slice {
  const rules = of.policySet.rules.filter((rule) => mayConcern(rule.scope, of.machine, of.target.name)).map((rule) => ({ id: rule.id, text: rule.text }));
  return sealed({ v: 1, machine: of.machine, target: of.target, rules });
}

/** Reads a slice from parsed JSON and checks that it is the one named. Throws SliceError. */
export function readSlice(value: unknown, digest: string): Slice {
  if (!isObject(value) || value['v'] !== 1) throw new SliceError('this is not a policy slice of version 1');
  const machine = value['machine'];
  const target = value['target'];
  const rules = value['rules'];
  if (!isObject(machine) || !isObject(target) || !Array.isArray(rules)) throw new SliceError('the policy slice is malformed');
  const slice = sealed({
    v: 1,
    machine: {
      name: text(machine, 'name'), owner: text(machine, 'owner'), environment: text(machine, 'environment'), criticality: text(machine, 'criticality'),
      kind: text(machine, 'kind'), groups: texts(machine, 'groups'),
    },
    target: { name: text(target, 'name'), kind: text(target, 'kind'), environment: text(target, 'environment'), tags: texts(target, 'tags') },
    rules: rules.map((rule: unknown) => {
      if (!isObject(rule)) throw new SliceError('the policy slice is malformed: a rule is not an object');
      return { id: id<RuleId>(text(rule, 'id')), text: text(rule, 'text') };
    }),
  });
  if (slice.digest !== digest) throw new SliceError(`the policy slice is not the one named: its digest is ${slice.digest}`);
  return slice;
}

/** Recomputes the digest; false for a slice that was changed after it was made. */
export function isIntact(slice: Slice): boolean {
  return sealed(slice).digest === slice.digest;
}

function sealed(content: Omit<Slice, 'digest'>): Slice {
  const { machine, target } = content;
  const groups = [...machine.groups].sort();
  const tags = [...target.tags].sort();
  const rules = [...content.rules].sort((a, b) => (a.id < b.id ? -1 : 1));
  const canonical = JSON.stringify([
    'sallyport-slice-v1',
    [machine.name, machine.owner, machine.environment, machine.criticality, machine.kind, groups],
    [target.name, target.kind, target.environment, tags],
    rules.map((rule) => [rule.id, rule.text]),
  ]);
  return {
    v: 1,
    digest: id<Digest>(hash('sha256', canonical, 'hex')),
    machine: { name: machine.name, owner: machine.owner, environment: machine.environment, criticality: machine.criticality, kind: machine.kind, groups },
    target: { name: target.name, kind: target.kind, environment: target.environment, tags },
    rules,
  };
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
