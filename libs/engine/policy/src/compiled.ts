import { ask, parseRule, PolicyEngineError, type CedarAnswer, type Context, type EntityJson } from './cedar.ts';
import { machineEntity, machineUid, targetEntity, type Resource } from './entities.ts';
import { mentionsOf, type Mentions } from './expressions.ts';
import { readNotes, type RuleNotes } from './notes.ts';
import { Recent } from './recent.ts';
import { scopeOf, type RuleScope } from './scope.ts';
import { actionsNamed, type Action } from './schema.ts';
import { isIntact, SliceError, type Slice } from './slice.ts';
import { slotOf } from './slots.ts';
import type { Verdict } from './verdict.ts';

export interface CompiledRule {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly scope: RuleScope;
  readonly notes: RuleNotes;
  readonly asksApproval: boolean;
}

/** A slice ready to answer. Shared by all sessions that it rules. */
export interface CompiledSlice {
  readonly slice: Slice;
  readonly rules: ReadonlyMap<string, CompiledRule>;
  /** What answers can depend on; anything else need not be part of a cache's key. */
  readonly mentions: Mentions;
  /** Answers for single effects, by everything that they depend on. Kept by {@link DecisionCache}. */
  readonly verdicts: Recent<string, Verdict>;
  /** Only what the rules mention is handed to Cedar: most of a question's cost is the reading of its facts. */
  ask(action: Action, resource: Resource, context: Context): CedarAnswer;
}

/** Verdicts kept for each slice: a few hundred bytes each. */
const maxVerdicts = 2048;

const compiled = new Recent<string, CompiledSlice>(512);

/** Throws SliceError for a slice that was changed, PolicyEngineError for one that Cedar does not take. */
export function compileSlice(slice: Slice): CompiledSlice {
  if (!isIntact(slice)) throw new SliceError('the policy slice was changed after it was made');
  const known = compiled.get(slice.digest);
  if (known !== undefined) return known;

  const parsed = slice.rules.map((rule) => {
    const answer = parseRule(rule.text);
    if (!answer.ok) throw new PolicyEngineError(`rule ${rule.id} does not parse`);
    return { id: rule.id, json: answer.json };
  });
  const rules = new Map<string, CompiledRule>(
    parsed.map(({ id, json }) => [id, { id, effect: json.effect, scope: scopeOf(json), notes: readNotes(json).notes, asksApproval: mentionsOf([json]).has('approval') }]),
  );
  const texts = () => Object.fromEntries(slice.rules.map((rule) => [rule.id, rule.text]));
  const principal = machineUid(slice.machine.name);
  const mentions = mentionsOf(parsed.map((rule) => rule.json));
  // What Cedar is not told of has no attributes and no parents: an entity that was trimmed to that need not be told.
  const facts = [machineEntity(slice.machine), targetEntity(slice.target)].map((entity) => trimmed(entity, mentions)).filter((entity) => entity.parents.length > 0 || Object.keys(entity.attrs).length > 0);
  slotOf(slice.digest, texts);

  const made: CompiledSlice = {
    slice,
    rules,
    mentions,
    verdicts: new Recent(maxVerdicts),
    ask(action, resource, context) {
      try {
        const entities = resource.entity === null ? [...facts] : [...facts, trimmed(resource.entity, mentions)];
        if (actionsNamed('change').includes(action)) entities.push(changing(action));
        return ask({ slot: slotOf(slice.digest, texts), principal, action, resource: resource.uid, context: pick(context, mentions.has), entities });
      } catch (error) {
        return { allowed: false, rules: [], trouble: error instanceof Error ? error.message : 'the policy engine failed' };
      }
    },
  };
  compiled.set(slice.digest, made);
  return made;
}

function trimmed(entity: EntityJson, mentions: Mentions): EntityJson {
  return { uid: entity.uid, attrs: pick(entity.attrs, mentions.attribute), parents: entity.parents };
}

function pick<T>(from: Readonly<Record<string, T>>, wanted: (name: string) => boolean): Record<string, T> {
  const picked: Record<string, T> = {};
  for (const name in from) {
    const value = from[name];
    if (value !== undefined && wanted(name)) picked[name] = value;
  }
  return picked;
}

function changing(action: Action): EntityJson {
  return { uid: { type: 'Action', id: action }, attrs: {}, parents: [{ type: 'Action', id: 'change' }] };
}
