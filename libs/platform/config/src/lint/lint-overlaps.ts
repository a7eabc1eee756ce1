import type { AnyDocument, DocumentOf } from '../kinds/index.ts';
import type { TrustBinding } from '../kinds/identity.ts';
import { refuse, warn, type Finding } from './finding.ts';

type Machine = DocumentOf<'Machine'>;
type Issuers = ReadonlyMap<string, DocumentOf<'Issuer'>>;

/**
 * Tokens that could be two machines, and issuers that cannot be told apart. At run time such a token is refused as ambiguous;
 * here its author learns it.
 */
export function lintOverlaps(document: AnyDocument, bindings: BindingsByShape, issuers: Issuers): readonly Finding[] {
  if (document.kind === 'Issuer') return issuerOverlaps(document, issuers);
  return document.kind === 'Machine' ? machineOverlaps(document, bindings) : [];
}

interface Entry {
  readonly machine: string;
  readonly binding: TrustBinding;
  /** In which order it stands in the inventory. */
  readonly at: number;
}

interface Group {
  readonly claims: readonly string[];
  readonly entries: Entry[];
  /** The entries by the values of some of their claims; made when first asked for. */
  readonly byClaims: Map<string, ReadonlyMap<string, readonly Entry[]>>;
}

/**
 * Bindings of machines that are not retired, by issuer, audience and the names of their claims. There are few such shapes however many machines there are, so that whose tokens could be whose is
 * found without comparing each with each.
 */
export class BindingsByShape {
  readonly #groups = new Map<string, Map<string, Group>>();

  constructor(machines: Iterable<Machine>) {
    let at = 0;
    for (const { metadata, spec } of machines) {
      if (spec.state === 'retired') continue;
      for (const binding of spec.bindings) this.#add({ machine: metadata.name, binding, at: at++ });
    }
  }

  /** Bindings that have a claim in common with this one, and no claim that tells them apart; in the order of the inventory. */
  like({ issuer, audience, claims }: TrustBinding): readonly Entry[] {
    const found: Entry[] = [];
    for (const group of this.#groups.get(JSON.stringify([issuer, audience]))?.values() ?? []) {
      const shared = group.claims.filter((claim) => Object.hasOwn(claims, claim));
      if (shared.length > 0) found.push(...(indexed(group, shared).get(valuesOf(claims, shared)) ?? []));
    }
    return found.sort((a, b) => a.at - b.at);
  }

  #add(entry: Entry): void {
    const { issuer, audience, claims } = entry.binding;
    const names = Object.keys(claims).sort();
    const home = JSON.stringify([issuer, audience]);
    const groups = this.#groups.get(home) ?? new Map<string, Group>();
    this.#groups.set(home, groups);
    const shape = JSON.stringify(names);
    const group: Group = groups.get(shape) ?? { claims: names, entries: [], byClaims: new Map() };
    groups.set(shape, group);
    group.entries.push(entry);
  }
}

function indexed({ entries, byClaims }: Group, claims: readonly string[]): ReadonlyMap<string, readonly Entry[]> {
  const key = JSON.stringify(claims);
  const known = byClaims.get(key);
  if (known !== undefined) return known;
  const made = new Map<string, Entry[]>();
  for (const entry of entries) {
    const values = valuesOf(entry.binding.claims, claims);
    const there = made.get(values);
    if (there === undefined) made.set(values, [entry]);
    else there.push(entry);
  }
  byClaims.set(key, made);
  return made;
}

/** With their types: `"74"` is not `74`. */
const valuesOf = (claims: TrustBinding['claims'], names: readonly string[]): string => JSON.stringify(names.map((name) => claims[name]));

function issuerOverlaps(issuer: DocumentOf<'Issuer'>, issuers: Issuers): readonly Finding[] {
  for (const other of issuers.values()) {
    if (other.metadata.name === issuer.metadata.name || other.spec.issuer !== issuer.spec.issuer) continue;
    const shared = issuer.spec.audiences.find((audience) => other.spec.audiences.includes(audience));
    if (shared !== undefined) return [refuse('issuer-overlap', 'spec.audiences', `${other.metadata.name} has the same issuer and the audience "${shared}": it could not be said whose rules hold`)];
  }
  return [];
}

function machineOverlaps(machine: Machine, bindings: BindingsByShape): readonly Finding[] {
  // It comes no more: whoever took its place has the token.
  if (machine.spec.state === 'retired') return [];
  return machine.spec.bindings.flatMap((mine, i) => {
    const told = new Set<string>([machine.metadata.name]);
    return bindings.like(mine).flatMap(({ machine: other, binding }) => {
      if (told.has(other)) return [];
      told.add(other);
      return [overlap(mine, binding, other, `spec.bindings[${i}].claims`)];
    });
  });
}

/** Of two bindings without a claim that tells them apart. */
function overlap(mine: TrustBinding, theirs: TrustBinding, machine: string, path: string): Finding {
  const shared = Object.keys(mine.claims).filter((claim) => Object.hasOwn(theirs.claims, claim));
  const smaller = Math.min(Object.keys(mine.claims).length, Object.keys(theirs.claims).length);
  if (shared.length === smaller) return refuse('binding-overlap', path, `a token of machine ${machine} can match this too; add a claim that tells them apart`);
  return warn('binding-overlap', path, `one token could match this and machine ${machine}; it would be refused as ambiguous`);
}
