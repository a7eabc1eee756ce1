import { resourceName, type ColumnTag, type ResourceRef } from '@sallyport/domain-model';
import type { EntityJson, TypeAndId } from './cedar.ts';
import type { ObjectFacts } from './objects.ts';
import type { MachineFacts, PersonFacts, TargetFacts } from './slice.ts';

/** An entity to ask about, with what Cedar must know of it. */
export interface Resource {
  readonly uid: TypeAndId;
  readonly entity: EntityJson | null;
}

export const machineUid = (name: string): TypeAndId => ({ type: 'Machine', id: name });
export const targetUid = (name: string): TypeAndId => ({ type: 'Target', id: name });

export function machineEntity(machine: MachineFacts): EntityJson {
  return {
    uid: machineUid(machine.name),
    attrs: { owner: machine.owner, environment: machine.environment, criticality: machine.criticality, kind: machine.kind },
    parents: machine.groups.map((group) => ({ type: 'Group', id: group })),
  };
}

/** With the attributes of machines, as the schema says. */
export function personEntity(person: PersonFacts): EntityJson {
  return {
    uid: { type: 'Person', id: person.name },
    attrs: { owner: person.name, environment: '', criticality: '', kind: 'person' },
    parents: person.groups.map((group) => ({ type: 'Group', id: group })),
  };
}

export function targetEntity(target: TargetFacts): EntityJson {
  return { uid: targetUid(target.name), attrs: { kind: target.kind, environment: target.environment, tags: [...target.tags] }, parents: [] };
}

/** The id by which rules name an object: `ledger-db/ledger.customers`. */
export function objectId(target: string, { kind, schema: named, name }: ResourceRef): string {
  const schema = kind === 'table' ? (named ?? '?') : named;
  return `${target}/${resourceName({ kind, schema: schema === null ? null : plainSchema(schema), name })}`;
}

/** The object of an effect. A schema is inside of itself: a rule for `Schema::"db/ledger"` covers dropping that schema. */
export function objectResource(target: string, resource: ResourceRef, facts: ObjectFacts): Resource {
  const schema = resource.kind === 'table' ? (resource.schema ?? '?') : resource.schema;
  const within = resource.kind === 'schema' ? resource.name : schema;
  const uid = { type: 'Object', id: objectId(target, resource) };
  const parents: TypeAndId[] = [targetUid(target)];
  if (within !== null && within !== '?') parents.push({ type: 'Schema', id: `${target}/${plainSchema(within)}` });
  return {
    uid,
    entity: {
      uid,
      attrs: { kind: resource.kind, schema: schema ?? '', name: resource.name, tags: [...facts.tags], large: facts.large, target: { __entity: targetUid(target) } },
      parents,
    },
  };
}

/** A classified column, `schema.table.column`. */
export function columnResource(target: string, column: Pick<ColumnTag, 'column' | 'tag'>): Resource {
  const uid = { type: 'Column', id: `${target}/${column.column}` };
  const [schema = '?'] = column.column.split('.', 1);
  const dot = column.column.lastIndexOf('.');
  return {
    uid,
    entity: {
      uid,
      attrs: { tag: column.tag, name: column.column.slice(dot + 1), target: { __entity: targetUid(target) } },
      parents: [targetUid(target), { type: 'Schema', id: `${target}/${schema}` }, { type: 'Object', id: `${target}/${column.column.slice(0, dot)}` }],
    },
  };
}

/**
 * Dots, colons and percent signs of a schema's name are written `%2E`, `%3A`, `%25`, so that no two objects share an id
 * (`"a.b"."c"` and `"a"."b.c"`), whoever names them.
 */
function plainSchema(name: string): string {
  return /[.:%]/.test(name) ? name.replace(/[.:%]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`) : name;
}
