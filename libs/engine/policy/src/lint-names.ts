import { isObject, walkConditions } from './expressions.ts';
import type { PolicyRule } from './policy-set.ts';
import { typeAndId } from './scope.ts';

/** Names that exist; a list that is null is not checked. */
export interface Inventory {
  readonly machines: ReadonlySet<string> | null;
  readonly groups: ReadonlySet<string> | null;
  /** Absent: not checked. */
  readonly people?: ReadonlySet<string> | null;
  readonly targets: ReadonlySet<string> | null;
  readonly approverGroups: ReadonlySet<string> | null;
  /** Classification tags. */
  readonly tags: ReadonlySet<string> | null;
}

/** Attributes whose values come from a closed list. */
const closed: Readonly<Record<string, readonly string[]>> = {
  'principal.kind': ['service', 'ci', 'batch', 'agent', 'person'],
  'principal.criticality': ['low', 'medium', 'high', 'critical'],
  'principal.environment': ['production', 'staging', 'test', 'development'],
  'resource.environment': ['production', 'staging', 'test', 'development'],
  'resource.target.environment': ['production', 'staging', 'test', 'development'],
  'context.reading': ['whole', 'partial', 'opaque'],
};

/** Names in a rule that the inventory does not have, and values that an attribute never has. */
export function nameComplaints(rule: PolicyRule, inventory: Inventory): readonly string[] {
  const complaints: string[] = [];
  const entity = (uid: unknown) => {
    const named = typeAndId(uid);
    if (named !== null) complaints.push(...entityComplaints(named.type, named.id, inventory));
  };
  entity(rule.scope.principal);
  entity(rule.scope.resource);
  walkConditions(rule.json, (kind, body) => {
    if (kind === 'Value') entity(body);
    complaints.push(...valueComplaints(kind, body, inventory));
    return true;
  });
  for (const group of rule.notes.approvers) {
    if (inventory.approverGroups?.has(group) === false) complaints.push(`there is no group of approvers ${JSON.stringify(group)}`);
  }
  return [...new Set(complaints)];
}

function entityComplaints(type: string, id: string, inventory: Inventory): readonly string[] {
  if (type === 'Machine') return inventory.machines?.has(id) === false ? [`there is no machine ${JSON.stringify(id)}`] : [];
  if (type === 'Person') return inventory.people?.has(id) === false ? [`there is no person ${JSON.stringify(id)}`] : [];
  if (type === 'Group') return inventory.groups?.has(id) === false ? [`there is no group ${JSON.stringify(id)}`] : [];
  if (type !== 'Target' && type !== 'Schema' && type !== 'Object' && type !== 'Column') return [];
  const slash = id.indexOf('/');
  if (type === 'Target') return inventory.targets?.has(id) === false ? [`there is no target ${JSON.stringify(id)}`] : [];
  if (slash === -1) return [`${type}::${JSON.stringify(id)} does not begin with a target: write ${type}::"target/…"`];
  const target = id.slice(0, slash);
  return inventory.targets?.has(target) === false ? [`there is no target ${JSON.stringify(target)}`] : [];
}

function valueComplaints(kind: string, body: unknown, inventory: Inventory): readonly string[] {
  if (!isObject(body)) return [];
  const path = pathOf(body['left']);
  if (path === null) return [];
  const texts = textsOf(body['right']);
  if (kind === 'contains' || kind === 'containsAny' || kind === 'containsAll' || kind === '==') {
    if (path === 'resource.tags' || path === 'resource.tag') {
      return texts.filter((tag) => tag.includes('.') && inventory.tags?.has(tag) === false).map((tag) => `nothing is classified as ${JSON.stringify(tag)}`);
    }
  }
  const values = closed[path];
  if (values === undefined || (kind !== '==' && kind !== '!=')) return [];
  return texts.filter((text) => !values.includes(text)).map((text) => `${path} is never ${JSON.stringify(text)}; it is one of ${values.join(', ')}`);
}

/** `resource.target.environment` of the nested form; null for anything that is not a path from a variable. */
function pathOf(expr: unknown): string | null {
  if (!isObject(expr)) return null;
  if (typeof expr['Var'] === 'string') return expr['Var'];
  const access = expr['.'];
  if (!isObject(access) || typeof access['attr'] !== 'string') return null;
  const left = pathOf(access['left']);
  return left === null ? null : `${left}.${access['attr']}`;
}

function textsOf(expr: unknown): readonly string[] {
  if (!isObject(expr)) return [];
  if (typeof expr['Value'] === 'string') return [expr['Value']];
  return Array.isArray(expr['Set']) ? expr['Set'].flatMap(textsOf) : [];
}
