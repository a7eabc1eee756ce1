import { providerRules, type IssuerDocument, type TrustBinding } from '@sallyport/platform-config';
import type { Inventory } from '../model/inventory.ts';

type Bound = Pick<TrustBinding, 'issuer' | 'claims'>;

interface Neighbour {
  readonly machine: string;
  readonly binding: Bound;
}

/**
 * Which machine's tokens could also fit a binding: the same claims that never change hands, and no claim that tells them apart. A token that fits two machines is refused, so a draft that is
 * somebody's neighbour would stop a machine that works.
 */
export class Neighbours {
  readonly #issuers: ReadonlyMap<string, IssuerDocument>;
  readonly #byHome = new Map<string, Neighbour[]>();

  /** @param retired whether machines that are retired count: nobody comes as one of them any more, and still they are known */
  constructor(inventory: Inventory, retired: 'with-retired' | 'without-retired') {
    this.#issuers = new Map(inventory.issuers.map((issuer) => [issuer.metadata.name, issuer]));
    for (const { metadata, spec } of inventory.machines.values()) {
      if (retired === 'without-retired' && spec.state === 'retired') continue;
      for (const binding of spec.bindings) this.add(metadata.name, binding);
    }
  }

  /** The machine whose tokens could be its too, or null. */
  of(binding: Bound): string | null {
    const near = this.#homesOf(binding).flatMap((home) => this.#byHome.get(home) ?? []);
    return near.find((one) => compatible(one.binding.claims, binding.claims))?.machine ?? null;
  }

  add(machine: string, binding: Bound): void {
    for (const home of this.#homesOf(binding)) {
      const there = this.#byHome.get(home);
      if (there === undefined) this.#byHome.set(home, [{ machine, binding }]);
      else there.push({ machine, binding });
    }
  }

  /** One text for each set of immutable claims that the binding names in full. */
  #homesOf({ issuer, claims }: Bound): readonly string[] {
    const document = this.#issuers.get(issuer);
    if (document === undefined) return [];
    const sets = providerRules(document.spec).immutable.filter((set) => set.every(({ claim }) => Object.hasOwn(claims, claim)));
    return sets.map((set) => JSON.stringify([issuer, ...set.map(({ claim }) => [claim, claims[claim]])]));
  }
}

/** No claim that both name has two values. */
const compatible = (a: TrustBinding['claims'], b: TrustBinding['claims']) => Object.entries(a).every(([claim, value]) => !Object.hasOwn(b, claim) || b[claim] === value);
