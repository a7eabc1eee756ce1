import type { MaskPlan, ResourceRef } from '@sallyport/domain-model';

/** What classification says of one object. */
export interface ObjectFacts {
  /** Sorted. */
  readonly tags: readonly string[];
  readonly large: boolean;
}

/** Classification of a target by object. `key` names the content: two indexes with the same key answer the same. */
export interface ObjectIndex {
  readonly key: string;
  of(resource: ResourceRef): ObjectFacts;
}

const plain: ObjectFacts = { tags: [], large: false };

/** Nothing is classified. */
export const noObjects: ObjectIndex = { key: '', of: () => plain };

/**
 * Index of a mask plan. What cannot be known counts as the worst it could be: a table whose schema is not resolved has the
 * tags of all tables of that name, and what has no name at all (`?`), a schema or a database has the tags of all that is inside.
 */
export function objectIndex(plan: Pick<MaskPlan, 'id' | 'columns' | 'large'> | null): ObjectIndex {
  if (plan === null) return noObjects;
  const byTable = new Map<string, { tags: Set<string>; large: boolean }>();
  const table = (name: string) => {
    const known = byTable.get(name);
    if (known !== undefined) return known;
    const made = { tags: new Set<string>(), large: false };
    byTable.set(name, made);
    return made;
  };
  for (const column of plan.columns) table(column.column.slice(0, column.column.lastIndexOf('.'))).tags.add(column.tag);
  for (const name of plan.large) table(name).large = true;

  const exact = new Map<string, ObjectFacts>([...byTable].map(([name, facts]) => [name, { tags: [...facts.tags].sort(), large: facts.large }]));
  const worst = (matches: (name: string) => boolean): ObjectFacts => {
    const tags = new Set<string>();
    let large = false;
    for (const [name, facts] of exact) {
      if (!matches(name)) continue;
      for (const tag of facts.tags) tags.add(tag);
      large ||= facts.large;
    }
    return tags.size === 0 && !large ? plain : { tags: [...tags].sort(), large };
  };
  const all = worst(() => true);

  return {
    key: plan.id,
    of(resource) {
      if (resource.name === '?' || resource.kind === 'database') return all;
      if (resource.kind === 'schema') return worst((name) => name.startsWith(`${resource.name}.`));
      if (resource.kind !== 'table') return plain;
      if (resource.schema === null || resource.schema === '?') return worst((name) => name.endsWith(`.${resource.name}`));
      return exact.get(`${resource.schema}.${resource.name}`) ?? plain;
    },
  };
}
