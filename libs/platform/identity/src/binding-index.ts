import { ClaimPathError, parseClaimPath, readClaim, writeClaimPath, type ClaimPath, type TrustBinding } from '@sallyport/platform-config';
import type { Claims } from './compact-jws.ts';

/** A binding with the machine that it makes. */
export interface Candidate {
  readonly machine: string;
  readonly binding: TrustBinding;
}

/** Claims that a provider may leave out of a token without saying that they are empty: nothing is found by them. */
const unreliable: readonly string[] = ['groups', 'wids'];

/**
 * The bindings of one issuer, found by the claim that tells them apart best: with ten thousand bindings, a token is compared with those few that name its repository or its account,
 * not with all. An aid and not a rule: what it finds holds every binding that could fit, and `matchBinding` compares each of them whole.
 */
export class BindingIndex {
  /** All of them, in the order given. */
  readonly all: readonly Candidate[];
  readonly #places: readonly { readonly path: ClaimPath; readonly byValue: ReadonlyMap<unknown, readonly number[]> }[];
  /** Bindings that no claim finds. */
  readonly #rest: readonly number[];

  constructor(candidates: readonly Candidate[]) {
    this.all = candidates;
    const claims = new CanonicalClaims();
    const values = distinctValues(candidates, claims);
    const places = new Map<string, Map<unknown, number[]>>();
    const rest: number[] = [];
    for (const [i, { binding }] of candidates.entries()) {
      const best = mostTelling(claims.of(binding), values);
      if (best === null) rest.push(i);
      else of(of(places, best.claim, () => new Map<unknown, number[]>()), best.value, () => []).push(i);
    }
    this.#places = [...places].map(([claim, byValue]) => ({ path: parseClaimPath(claim), byValue }));
    this.#rest = rest;
  }

  /** Every binding that could fit a token with these claims, and few others; each once, in the order given. */
  near(claims: Claims): readonly Candidate[] {
    const found = [...this.#rest];
    for (const { path, byValue } of this.#places) {
      const value = readClaim(claims, path);
      // A claim that is a list fits by each of its members, where the provider's claim is one.
      for (const one of Array.isArray(value) ? new Set<unknown>(value) : [value]) found.push(...(byValue.get(one) ?? []));
    }
    return found.sort((a, b) => a - b).flatMap((i) => this.all[i] ?? []);
  }
}

type Values = ReadonlyMap<string, ReadonlySet<unknown>>;

function distinctValues(candidates: readonly Candidate[], claims: CanonicalClaims): Values {
  const values = new Map<string, Set<unknown>>();
  for (const { binding } of candidates) for (const [claim, value] of claims.of(binding)) of(values, claim, () => new Set<unknown>()).add(value);
  return values;
}

function mostTelling(claims: Claimed, values: Values): { readonly claim: string; readonly value: unknown } | null {
  let best: { readonly claim: string; readonly value: unknown; readonly count: number } | null = null;
  for (const [claim, value] of claims) {
    const count = values.get(claim)?.size ?? 0;
    if (best === null || count > best.count) best = { claim, value, count };
  }
  return best;
}

type Claimed = readonly (readonly [claim: string, value: unknown])[];

/** Claims by their canonical paths; each way of writing one is read once. A path that is none is told by the linter and by the comparison: here it finds nothing. */
class CanonicalClaims {
  readonly #known = new Map<string, string | null>();

  of({ claims }: TrustBinding): Claimed {
    const found: [string, unknown][] = [];
    for (const written of Object.keys(claims)) {
      const claim = this.#canonical(written);
      if (claim !== null) found.push([claim, claims[written]]);
    }
    return found;
  }

  #canonical(written: string): string | null {
    const known = this.#known.get(written);
    if (known !== undefined) return known;
    const claim = canonical(written);
    const kept = claim === null || unreliable.includes(claim) ? null : claim;
    this.#known.set(written, kept);
    return kept;
  }
}

function canonical(written: string): string | null {
  try {
    return writeClaimPath(parseClaimPath(written));
  } catch (error) {
    if (error instanceof ClaimPathError) return null;
    throw error;
  }
}

function of<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
