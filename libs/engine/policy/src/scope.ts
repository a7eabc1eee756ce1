import type { PolicyJson, TypeAndId } from './cedar.ts';
import { isObject } from './expressions.ts';
import { actions, actionsNamed, type Action } from './schema.ts';

/** Whom, what for and where a rule speaks of, as its head says; its conditions can only narrow that. */
export interface RuleScope {
  /** Null: every machine. Else one machine or the machines of one group. */
  readonly principal: TypeAndId | null;
  /** `is Machine`, `is Person`; null where the head does not say. */
  readonly principalType: string | null;
  readonly actions: ReadonlySet<Action>;
  /** Null: everything. Else this entity, and unless `exact` all that is inside of it. */
  readonly resource: TypeAndId | null;
  readonly exact: boolean;
  /** `is Object`, `is Column` …: only resources of this type. */
  readonly resourceType: string | null;
}

export function scopeOf(json: PolicyJson): RuleScope {
  const resource: unknown = json.resource;
  const exact = json.resource.op === '==';
  return {
    principal: entityOf(json.principal),
    principalType: json.principal.op === 'is' ? json.principal.entity_type : null,
    actions: actionScope(json),
    resource: entityOf(resource),
    exact,
    resourceType: json.resource.op === 'is' ? json.resource.entity_type : null,
  };
}

/** False only when the rule cannot speak of this machine. */
export function mayConcern(scope: RuleScope, machine: { readonly name: string; readonly groups: readonly string[] }, target: string): boolean {
  return concernsMachine(scope, machine) && (scope.resource === null || isWithin(scope.resource, target));
}

/** Whether the head of a rule names people. */
export const namesPeople = ({ principal, principalType }: RuleScope): boolean => principalType === 'Person' || principal?.type === 'Person';

/**
 * Whether a rule speaks of this person: a permit only when its head names people, so that no permit that was written for machines is one for people; a forbid also when its
 * head does not say whom it means.
 */
export function concernsPerson(scope: RuleScope, effect: 'permit' | 'forbid', person: { readonly name: string; readonly groups: readonly string[] }, target: string): boolean {
  if (scope.resource !== null && !isWithin(scope.resource, target)) return false;
  const { principal, principalType } = scope;
  if (principalType === 'Machine' || principal?.type === 'Machine') return false;
  if (effect === 'permit' && !namesPeople(scope)) return false;
  if (principal?.type === 'Person') return principal.id === person.name;
  return principal === null || principal.type !== 'Group' || person.groups.includes(principal.id);
}

function concernsMachine({ principal, principalType }: RuleScope, machine: { readonly name: string; readonly groups: readonly string[] }): boolean {
  if (principalType === 'Person') return false;
  if (principal === null) return true;
  if (principal.type === 'Machine') return principal.id === machine.name;
  if (principal.type === 'Group') return machine.groups.includes(principal.id);
  // The schema knows people besides, and nobody else; a rule that names somebody else is kept, so that evaluation and not this filter decides.
  return principal.type !== 'Person';
}

function isWithin(entity: TypeAndId, target: string): boolean {
  return entity.type === 'Target' ? entity.id === target : entity.id.startsWith(`${target}/`);
}

/** True when everything that `inner` speaks of, `outer` speaks of too. May miss cases; never says true wrongly. */
export function covers(outer: RuleScope, inner: RuleScope): boolean {
  if (outer.principal !== null && !same(outer.principal, inner.principal)) return false;
  if (outer.principalType !== null && outer.principalType !== (inner.principalType ?? inner.principal?.type)) return false;
  for (const action of inner.actions) if (!outer.actions.has(action)) return false;
  if (outer.resourceType !== null && outer.resourceType !== inner.resourceType) return false;
  if (outer.resource === null) return true;
  if (inner.resource === null) return false;
  if (outer.exact) return inner.exact && same(outer.resource, inner.resource);
  return contains(outer.resource, inner.resource);
}

function contains(outer: TypeAndId, inner: TypeAndId): boolean {
  if (same(outer, inner)) return true;
  if (outer.type === 'Target') return inner.type !== 'Target' && inner.id.startsWith(`${outer.id}/`);
  if (outer.type === 'Schema') return inner.type === 'Object' && inner.id.startsWith(`${outer.id}.`);
  return outer.type === 'Object' && inner.type === 'Column' && inner.id.startsWith(`${outer.id}.`);
}

function same(a: TypeAndId, b: TypeAndId | null): boolean {
  return b !== null && a.type === b.type && a.id === b.id;
}

function actionScope(json: PolicyJson): ReadonlySet<Action> {
  const { action } = json;
  if (action.op === 'All') return new Set(actions);
  const names = 'entities' in action ? action.entities.map(typeAndId) : 'entity' in action ? [typeAndId(action.entity)] : [];
  return new Set(names.flatMap((name) => (name === null ? [] : actionsNamed(name.id))));
}

/** The entity of `== X`, `in X` or `is T in X`. */
function entityOf(constraint: unknown): TypeAndId | null {
  if (!isObject(constraint)) return null;
  return typeAndId(constraint['entity']) ?? (isObject(constraint['in']) ? typeAndId(constraint['in']['entity']) : null);
}

/** Cedar writes an entity as `{type, id}` or wrapped in `{__entity: …}`. */
export function typeAndId(entity: unknown): TypeAndId | null {
  if (!isObject(entity)) return null;
  if ('__entity' in entity) return typeAndId(entity['__entity']);
  const { type, id } = entity;
  return typeof type === 'string' && typeof id === 'string' ? { type, id } : null;
}
