import { ask, parseRule, PolicyEngineError, type CedarAnswer, type Context, type EntityJson, type PolicyJson } from './cedar.ts';
import { machineEntity, personEntity, targetEntity, type Resource } from './entities.ts';
import { mentionsOf, type Mentions } from './expressions.ts';
import { readNotes, type RuleNotes } from './notes.ts';
import { Recent } from './recent.ts';
import { scopeOf, typeAndId, type RuleScope } from './scope.ts';
import { actionsNamed, type Action } from './schema.ts';
import { concernsParty, isIntact, SliceError, type PartyFacts, type Slice, type SlicedRule } from './slice.ts';
import { slotOf } from './slots.ts';
import type { Verdict } from './verdict.ts';

export interface CompiledRule {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly scope: RuleScope;
  readonly notes: RuleNotes;
  readonly asksApproval: boolean;
}

/** A slice ready to answer, for its machine or for the party that the machine acts for. Shared by all sessions that it rules. */
export interface CompiledSlice {
  readonly slice: Slice;
  /** The same for the party that the machine acts for: whatever is asked of the machine must be asked of it too. Null: the machine acts for itself, or this is that party. */
  readonly behalf: CompiledSlice | null;
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
    return { ...rule, json: answer.json };
  });
  const { behalf } = slice;
  const party = behalf === undefined ? null : side(slice, `${slice.digest} behalf`, entityOf(behalf), parsed.filter(({ json }) => concernsParty(scopeOf(json), json.effect, behalf, slice.target.name)), null);
  const made = side(slice, slice.digest, machineEntity(slice.machine), parsed, party);
  compiled.set(slice.digest, made);
  return made;
}

type ParsedRule = SlicedRule & { readonly json: PolicyJson };

const entityOf = (party: PartyFacts): EntityJson => (party.is === 'person' ? personEntity(party.facts) : machineEntity(party.facts));

/** @param slot where Cedar keeps the parsed rules */
function side(slice: Slice, slot: string, principal: EntityJson, parsed: readonly ParsedRule[], behalf: CompiledSlice | null): CompiledSlice {
  const rules = new Map<string, CompiledRule>(
    parsed.map(({ id, json }) => [id, { id, effect: json.effect, scope: scopeOf(json), notes: readNotes(json).notes, asksApproval: mentionsOf([json]).has('approval') }]),
  );
  const texts = () => Object.fromEntries(parsed.map((rule) => [rule.id, rule.text]));
  const mentions = mentionsOf(parsed.map((rule) => rule.json));
  const uid = typeAndId(principal.uid);
  if (uid === null) throw new PolicyEngineError('a principal without a name');
  // What Cedar is not told of has no attributes and no parents: an entity that was trimmed to that need not be told.
  const facts = [principal, targetEntity(slice.target)].map((entity) => trimmed(entity, mentions)).filter((entity) => entity.parents.length > 0 || Object.keys(entity.attrs).length > 0);
  slotOf(slot, texts);
  return {
    slice,
    behalf,
    rules,
    mentions,
    verdicts: new Recent(maxVerdicts),
    ask(action, resource, context) {
      try {
        const entities = resource.entity === null ? [...facts] : [...facts, trimmed(resource.entity, mentions)];
        if (actionsNamed('change').includes(action)) entities.push(changing(action));
        return ask({ slot: slotOf(slot, texts), principal: uid, action, resource: resource.uid, context: pick(context, mentions.has), entities });
      } catch (error) {
        return { allowed: false, rules: [], trouble: error instanceof Error ? error.message : 'the policy engine failed' };
      }
    },
  };
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
