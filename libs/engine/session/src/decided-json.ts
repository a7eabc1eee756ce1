import { resourceName, type Decision, type Understanding } from '@sallyport/domain-model';

const cache = new WeakMap<Understanding, { readonly decision: Decision; readonly json: string }>();

/**
 * The part of a `command.decided` event that is the same for every run of the same statement under the same decision, as JSON
 * ready to be spliced in: a repeated statement costs one look-up instead of a serialisation.
 */
export function decidedJson(means: Understanding, decision: Decision): string {
  const known = cache.get(means);
  if (known !== undefined && known.decision === decision) return known.json;
  const effects = [...new Set(means.effects.map((effect) => `${effect.verb} ${resourceName(effect.resource)}`))].sort();
  const json = JSON.stringify({
    verb: means.verb,
    reading: means.reading,
    effects,
    shape: bounded(means.shape),
    fingerprint: means.fingerprint,
    kind: means.facts.kind,
    rules: decision.rules,
    say: decision.kind === 'allow' ? null : decision.say,
    ...(decision.sides === undefined ? {} : { sides: decision.sides }),
  }).slice(1);
  cache.set(means, { decision, json });
  return json;
}

/** Shapes are bounded so that an event stays far below its size limit; the whole text is in the encrypted blob. */
const maxShape = 16_384;
function bounded(shape: string): string {
  return shape.length <= maxShape ? shape : `${shape.slice(0, maxShape)} … (${shape.length} characters)`;
}
