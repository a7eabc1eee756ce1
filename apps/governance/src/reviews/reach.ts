import { boundsOf, compileSlice, decideConnect, mayConcern, sliceFor, type MachineFacts, type PolicySet, type TargetFacts } from '@sallyport/engine-policy';

/** To which targets policy lets machines connect, whatever time it is and wherever they come from; and by which rules they may do something there. */
export class Reach {
  readonly #set: PolicySet;
  readonly #connecting: PolicySet;
  /** Rules that speak of machines by their names or owners: without them machines of the same kind and groups are all alike. */
  readonly #byName: boolean;
  readonly #known = new Map<string, boolean>();

  constructor(set: PolicySet) {
    this.#set = set;
    this.#connecting = boundsOf({ ...set, rules: set.rules.filter(({ scope }) => scope.actions.has('connect')) }).permissive;
    this.#byName = this.#connecting.rules.some(({ text }) => /Machine::|principal\s*\.\s*owner|principal\s+has\b|principal\s*==\s*resource/.test(text));
  }

  connects(machine: MachineFacts, target: TargetFacts): boolean {
    const alike = this.#byName ? machine.name : '';
    const key = JSON.stringify([alike, this.#byName ? machine.owner : '', machine.environment, machine.criticality, machine.kind, [...machine.groups].sort(), target.name]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const slice = compileSlice(sliceFor({ policySet: this.#connecting, machine, target }));
    const allowed = decideConnect(slice, { protocol: target.kind, role: null, source: '0.0.0.0', client: null }, 0).kind === 'allow';
    this.#known.set(key, allowed);
    return allowed;
  }

  /** Ids of the permits whose head can speak of them, connecting apart. Their conditions may narrow it. */
  permits(machine: MachineFacts, target: string): readonly string[] {
    return this.#set.rules.filter(({ effect, scope }) => effect === 'permit' && [...scope.actions].some((action) => action !== 'connect') && mayConcern(scope, machine, target)).map(({ id }) => id);
  }
}
