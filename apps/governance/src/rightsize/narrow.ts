import { verbs } from '@sallyport/domain-model';
import { objectId } from '@sallyport/engine-policy';
import { actionUid, comment, isNameable, machineUid, objectUid, quoted, ruleId, targetUid } from './cedar-text.ts';
import type { Granted, Place } from './tally.ts';

/** As long as a rule may be, with room for its head. */
const mostText = 15_000;

/**
 * Rules to add to the policy in force: they forbid the machine what it did not use on these targets, whatever permits it. One for the verbs that it never used, one for each verb with what it
 * used. Held effects count as used. Null for a verb with more objects than a rule can name: that verb stays as it is, and a line says so.
 */
export function writeNarrowing(machine: string, places: readonly Place[], head: readonly string[]): string | null {
  const targets = Map.groupBy(places, ({ target }) => target);
  const rules = [...targets].flatMap(([target, here]) => narrowed(machine, target, here));
  return rules.length === 0 ? null : `${head.map(comment).join('\n')}\n\n${rules.join('\n\n')}\n`;
}

function narrowed(machine: string, target: string, places: readonly Place[]): string[] {
  const used: readonly Granted[] = places.flatMap(({ allowed, held }) => [...allowed.values(), ...[...held.values()].flatMap(({ effects }) => [...effects.values()])]);
  const byVerb = Map.groupBy(used, ({ effect }) => effect.verb);
  const unused = verbs.filter((verb) => !byVerb.has(verb));
  const rule = (what: string, action: string, unless: string) =>
    `@id(${quoted(ruleId(machine.slice(0, 40), 'narrowed', target.slice(0, 40), what))})\n@reason("this machine did not use it when its access was reviewed")\nforbid (principal == ${machineUid(machine)}, action ${action}, resource in ${targetUid(target)})${unless};`;
  const nothingElse = unused.length === 0 ? [] : [`${comment(`never used on ${target}: ${unused.join(', ')}`)}\n${rule('unused', `in [${unused.map(actionUid).join(', ')}]`, '')}`];
  return [...nothingElse, ...[...byVerb].map(([verb, list]) => {
    const objects = [...new Set(list.map(({ effect }) => objectUid(target, effect)))].sort();
    const inside = objects.join(', ');
    if (!list.every(({ effect }) => isNameable(objectId(target, effect.resource)))) return comment(`${verb} on ${target} is not narrowed: it was used on an object whose name no rule may have`);
    if (inside.length > mostText) return comment(`${verb} on ${target} is not narrowed: it was used on ${objects.length} objects, more than one rule can name`);
    return `${comment(`${verb} on ${target}: only what was used (${objects.length} ${objects.length === 1 ? 'object' : 'objects'})`)}\n${rule(verb, `== ${actionUid(verb)}`, `\nunless { [${inside}].contains(resource) }`)}`;
  })];
}

/** Rules that forbid the machine everything on one target, or on all: what a decision to revoke is meant by where policy alone governs. */
export function writeRevocation(machine: string, target: string | null, head: readonly string[]): string {
  const where = target === null ? 'resource' : `resource in ${targetUid(target)}`;
  const id = quoted(ruleId(machine.slice(0, 40), 'revoked', (target ?? 'everywhere').slice(0, 40)));
  return `${head.map(comment).join('\n')}\n\n@id(${id})\n@reason("access was revoked by a review")\nforbid (principal == ${machineUid(machine)}, action, ${where});\n`;
}
