import { resourceName, type MaskPlan, type Understanding } from '@sallyport/domain-model';

/**
 * Tells whether a statement reads a tagged relation, or may: whatever was not read wholly, or not resolved, may.
 * Remembered for each understanding while the plan is the same object.
 */
export class TaggedRelations {
  #plan: MaskPlan | null = null;
  #relations: ReadonlySet<string> = new Set();
  #known = new WeakMap<Understanding, boolean>();

  touches(means: Understanding, plan: MaskPlan | null): boolean {
    if (plan !== this.#plan) {
      this.#plan = plan;
      this.#relations = new Set(plan?.columns.map(({ column }) => column.slice(0, column.lastIndexOf('.'))) ?? []);
      this.#known = new WeakMap();
    }
    if (this.#relations.size === 0) return false;
    let answer = this.#known.get(means);
    if (answer === undefined) {
      answer = means.reading !== 'whole' || means.effects.some(({ resource }) => resource.schema === '?' || (resource.kind === 'table' && this.#relations.has(resourceName(resource))));
      this.#known.set(means, answer);
    }
    return answer;
  }
}
