import { hash } from 'node:crypto';
import { leafHash, MalformedEventError, parseEnvelope, type PackLeaf, type PackOpening } from '@sallyport/engine-evidence';
import { FactReader, leavesInScope, type Fact, type Scope } from '@sallyport/engine-examiner';
import { Failure } from '../failure.ts';
import type { PackSource } from './pack-source.ts';
import type { Withholding } from './withhold.ts';

/** Leaves that one request asks for. */
const pageSize = 2000;

export interface ReadLeaves {
  readonly leaves: readonly PackLeaf[];
  /** Leaves whose events were purged by policy: hashes in any pack. */
  readonly purged: ReadonlySet<number>;
  /** The events in scope. What is no event cannot be placed: it is shown, and the verifier names it. */
  readonly facts: readonly Fact[];
  readonly tenant: string | null;
  /** Of the events in scope; what is withheld is not among them. */
  readonly openings: readonly PackOpening[];
}

/** Reads every leaf of the range, and lets those outside of the scope go down to their hash. */
export async function readLeaves(source: PackSource, range: { readonly from: number; readonly to: number }, scope: Scope, withholding: Withholding): Promise<ReadLeaves> {
  const stored: (Uint8Array | null)[] = [];
  const reader = new FactReader();
  const facts: Fact[] = [];
  const disclosures = new Map<number, readonly string[]>();
  let tenant: string | null = null;
  while (range.from + stored.length < range.to) {
    const next = range.from + stored.length;
    const page = await source.leaves(next, Math.min(pageSize, range.to - next));
    if (page.length === 0) throw new Failure('incomplete', `the ledger has no leaf ${next}, and the log says that it has ${range.to}`, 'run `sallyport evidence verify`', 21);
    for (const one of page) {
      const { leaf } = one;
      if (leaf !== range.from + stored.length) throw new Failure('incomplete', `the ledger gave leaf ${leaf} where leaf ${range.from + stored.length} comes`, 'run `sallyport evidence verify`', 21);
      if ('gone' in one) {
        if (one.gone === 'missing') throw new Failure('incomplete', `the ledger has no event of leaf ${leaf}, and it was not purged`, 'run `sallyport evidence verify db`', 21);
        stored.push(null);
        continue;
      }
      const { bytes, openings } = one;
      stored.push(bytes);
      const event = eventOf(bytes);
      if (event === null) continue;
      tenant ??= event.tenant;
      facts.push(reader.read(leaf, hash('sha256', bytes, 'hex'), event));
      if (openings.length > 0) disclosures.set(leaf, openings);
    }
  }
  const known = new Set(facts.map(({ leaf }) => leaf));
  const inside = leavesInScope(facts, scope);
  const purged = new Set(stored.flatMap((event, i) => (event === null ? [range.from + i] : [])));
  const hashes = await hashesOf(source, purged, range.to);
  const leaves = stored.map((event, i): PackLeaf => {
    const index = range.from + i;
    if (event === null) return { index, hash: hashes.get(index) ?? new Uint8Array() };
    return inside.has(index) || !known.has(index) ? { index, event } : { index, hash: leafHash(event) };
  });
  const openings: PackOpening[] = [];
  const shown = facts.filter(({ leaf }) => inside.has(leaf)).map((fact) => {
    const { event, openings: own } = withholding.of(fact.leaf, fact, disclosures.get(fact.leaf) ?? []);
    openings.push(...own);
    return event;
  });
  return { leaves, purged, facts: shown, tenant, openings };
}

const tileWidth = 256;

/** The log has the hashes of leaves whose events are gone. A wrong one is found by the proof that every pack has. */
async function hashesOf(source: PackSource, leaves: ReadonlySet<number>, size: number): Promise<ReadonlyMap<number, Uint8Array>> {
  const hashes = new Map<number, Uint8Array>();
  for (const tile of new Set([...leaves].map((leaf) => Math.floor(leaf / tileWidth)))) {
    const width = Math.min(tileWidth, size - tile * tileWidth);
    const bytes = await source.tile(0, tile, width);
    for (let i = 0; i < width; i++) hashes.set(tile * tileWidth + i, bytes.subarray(i * 32, i * 32 + 32));
  }
  return hashes;
}

function eventOf(bytes: Uint8Array): ReturnType<typeof parseEnvelope> | null {
  try {
    return parseEnvelope(bytes);
  } catch (error) {
    if (error instanceof MalformedEventError) return null;
    throw error;
  }
}
