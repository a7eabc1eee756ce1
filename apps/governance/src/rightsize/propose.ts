import { mayConcern, objectId, type MachineFacts, type PolicyRule, type PolicySet } from '@sallyport/engine-policy';
import { actionUid, comment, inRole, isNameable, machineUid, objectUid, often, quoted, ruleId, targetUid } from './cedar-text.ts';
import type { Granted, Left, Place } from './tally.ts';

/** More objects than this for one verb are told in one rule instead of one each. */
const mostSingle = 50;
/** Objects in one rule: far below what a rule may be long. */
const perRule = 60;

export interface Written {
  readonly text: string;
  readonly rules: number;
  /** Ids of the forbids that were taken over, by those that they have here. */
  readonly kept: ReadonlyMap<string, string>;
  readonly left: readonly Left[];
}

/**
 * The least policy: who connected may connect, in the role that was asked for; each verb on each object that was allowed, in the kinds of statements that were seen; what was held stays held, by the approvers of
 * the rules that hold it; and every forbid in force that can speak of this machine, word by word.
 */
export function writeLeast(machine: MachineFacts, places: readonly Place[], inForce: PolicySet, head: readonly string[]): Written {
  const rules: string[] = [];
  const left: Left[] = [];
  const kept = new Map<string, string>();
  for (const rule of inForce.rules) {
    if (rule.effect !== 'forbid' || !places.some(({ target }) => mayConcern(rule.scope, machine, target))) continue;
    const id = ruleId(machine.name, 'keeps', rule.id);
    kept.set(id, rule.id);
    rules.push(`${comment(`in force as ${rule.id} (${rule.file})`)}\n${renamed(rule, id)}`);
  }
  for (const whole of places) {
    const place = nameableOf(whole, left);
    if (place === null) continue;
    const section = new Section(machine.name, place);
    rules.push(section.connect(), ...section.permits('', place.allowed, null));
    for (const { rules: by, effects } of place.held.values()) {
      const found = by.map((id) => inForce.rules.find((rule) => rule.id === id));
      const [first] = found;
      if (first === undefined || found.some((rule) => rule === undefined || rule.notes.approvers.length === 0)) {
        for (const [what, { commands }] of effects) left.push({ what, why: `it was held by ${by.join(', ') || 'no rule'}, which is not in force any more: who should approve it cannot be said`, commands, example: '' });
        continue;
      }
      // A forbid that asks for approval is kept and holds it; a permit that does is written for just this.
      const byForbid = found.every((rule) => rule?.effect === 'forbid');
      const fresh = new Map([...effects].filter(([key, { kinds }]) => ![...kinds].every((kind) => place.allowed.get(key)?.kinds.has(kind) ?? false)));
      rules.push(...section.permits(byForbid ? 'held' : 'asks', byForbid ? fresh : effects, byForbid ? null : first));
    }
  }
  return { text: `${head.map(comment).join('\n')}\n\n${rules.join('\n\n')}\n`, rules: rules.length, kept, left };
}

/** What of a place rules can name; null where they cannot name its role. What they cannot is left. */
function nameableOf(place: Place, left: Left[]): Place | null {
  const why = 'its name has characters that no rule may have';
  const leave = (effects: ReadonlyMap<string, Granted>, unless: (one: Granted) => boolean) => {
    const kept = new Map<string, Granted>();
    for (const [what, one] of effects) {
      if (unless(one)) kept.set(what, one);
      else left.push({ what, why, commands: one.commands, example: '' });
    }
    return kept;
  };
  const inRole = isNameable(place.role);
  const fits = ({ effect, kinds }: Granted) => inRole && isNameable(objectId(place.target, effect.resource)) && [...kinds].every(isNameable);
  const held = new Map([...place.held].map(([by, { rules, effects }]) => [by, { rules, effects: leave(effects, fits) }]));
  const allowed = leave(place.allowed, fits);
  return inRole ? { ...place, allowed, held } : null;
}

/** The rules of one machine, target and role. */
class Section {
  readonly #machine: string;
  readonly #place: Place;
  #serial = 0;

  constructor(machine: string, place: Place) {
    this.#machine = machine;
    this.#place = place;
  }

  connect(): string {
    const { target, role, connects, connected } = this.#place;
    const line = connects === 0 ? 'commands of sessions that began before' : `${often(connects, connected)}`;
    return `${comment(`connects: ${line}`)}\n@id(${quoted(this.#id('connect'))})\npermit (principal == ${machineUid(this.#machine)}, action == ${actionUid('connect')}, resource == ${targetUid(target)})\nwhen { ${inRole(role)} };`;
  }

  /** @param by the rule whose approvers have to say yes; null: nobody has to */
  permits(word: string, effects: ReadonlyMap<string, Granted>, by: PolicyRule | null): string[] {
    const verbs = Map.groupBy(effects.values(), ({ effect, kinds }) => `${effect.verb}\0${[...kinds].sort().join('\0')}`);
    return [...verbs.values()].flatMap((list) => {
      const ordered = list.sort((a, b) => b.commands - a.commands);
      const chunks = ordered.length <= mostSingle ? ordered.map((one) => [one]) : chunked(ordered, perRule);
      return chunks.map((chunk) => this.#permit(word, chunk, by));
    });
  }

  #permit(word: string, chunk: readonly Granted[], by: PolicyRule | null): string {
    const [first] = chunk;
    if (first === undefined) throw new RangeError('a rule permits something');
    const { target, role } = this.#place;
    const objects = chunk.map(({ effect }) => objectUid(target, effect));
    const commands = chunk.reduce((sum, one) => sum + one.commands, 0);
    const last = chunk.reduce((at, one) => (one.last > at ? one.last : at), first.last);
    const [only = ''] = objects;
    const resource = objects.length === 1 ? `resource == ${only}` : `resource in ${targetUid(target)}`;
    const conditions = [
      inRole(role), `[${[...first.kinds].sort().map(quoted).join(', ')}].contains(context.kind)`,
      ...(objects.length === 1 ? [] : [`[${objects.join(', ')}].contains(resource)`]), ...(by === null ? [] : ['context.approval']),
    ];
    const what = objects.length === 1 ? '' : ` (${objects.length} objects)`;
    return [
      comment(`${first.effect.verb}${what}: ${often(commands, last)}${by === null ? '' : `, held by ${by.id}`}`),
      `@id(${quoted(this.#id(word === '' ? first.effect.verb : `${word}.${first.effect.verb}`))})`,
      ...(by === null ? [] : [`@approvers(${quoted(by.notes.approvers.join(', '))})`, `@quorum(${quoted(String(by.notes.quorum))})`, `@expires(${quoted(`${by.notes.expiresIn}s`)})`]),
      `permit (principal == ${machineUid(this.#machine)}, action == ${actionUid(first.effect.verb)}, ${resource})`,
      `when { ${conditions.join(' && ')} };`,
    ].join('\n');
  }

  #id(what: string): string {
    const { target, role } = this.#place;
    return ruleId(this.#machine.slice(0, 30), target.slice(0, 30), ...(role === '' ? [] : [role.slice(0, 15)]), what, ++this.#serial);
  }
}

/** The rule's own text under another id: its words decide, not a copy of its meaning. */
function renamed(rule: PolicyRule, id: string): string {
  return rule.text.replace(/@id\s*\(\s*"(?:[^"\\]|\\.)*"\s*\)/, () => `@id(${quoted(id)})`);
}

export function chunked<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
