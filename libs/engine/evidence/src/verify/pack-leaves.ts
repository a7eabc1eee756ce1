import { MalformedEventError, parseEnvelope } from '../parse-envelope.ts';
import { leafHash, sameHash } from '../merkle/hash.ts';
import { sha256 } from '../merkle/sha256.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import { leavesOf, type PackLeaf } from '../pack/leaves.ts';
import type { Manifest } from '../pack/manifest.ts';
import { PackError } from '../pack/pack-error.ts';
import { place } from '../pack/places.ts';
import { RangeRoot, type RangeProof } from '../pack/range-proof.ts';
import { Ends } from '../producers/ends.ts';
import { Silences } from '../producers/silences.ts';
import { PrunedLeaves } from '../pruned-leaves.ts';
import { Chains } from './chains.ts';
import { Counters } from './counters.ts';
import type { Say } from './faults.ts';
import { OpenedFields } from './opened-fields.ts';
import { endFault, placeOf, whereOf } from './where-of.ts';

/** A root that is known for a size within the pack's leaves. */
export interface KeptRoot {
  readonly size: number;
  readonly root: Uint8Array;
  readonly name: string;
  /** What it is when the root is another one: `fork` for a checkpoint of the examiner's own. */
  readonly kind: 'root' | 'fork';
}

const file = place.leaves;

/** The leaves of a pack, one by one, and what follows from all of them: SPEC.md, section 4, rules 6 to 9. */
export class PackLeaves {
  readonly notes: string[] = [];
  readonly #manifest: Manifest;
  readonly #say: Say;
  readonly #root: RangeRoot | null;
  readonly #chains: Chains;
  readonly #counters: Counters;
  readonly #ends: Ends;
  readonly #silences = new Silences();
  readonly #purges = new PrunedLeaves();
  /** Runs of withheld leaves. */
  readonly #hidden: { from: number; to: number }[] = [];
  readonly #fields: OpenedFields;
  readonly #ids = new Set<string>();
  readonly #known = new Map<number, KeptRoot[]>();
  #next: number;
  #inOrder = true;
  #events = 0;
  #withheld = 0;

  /**
   * @param producers vkeys of instance keys that the examiner knows
   * @param openings of concealed fields, as the pack has them
   */
  constructor(manifest: Manifest, proof: RangeProof | null, producers: readonly string[], openings: Uint8Array, say: Say) {
    this.#manifest = manifest;
    this.#say = say;
    this.#next = manifest.leaves.from;
    this.#root = this.#begin(proof);
    this.#chains = new Chains(file, say);
    this.#counters = new Counters((kind, what, where) => say(kind, what, { file, ...where }));
    this.#fields = new OpenedFields(openings, say);
    this.#ends = new Ends((kind, where, what) => say(endFault[kind], what, placeOf(where, file)), producers);
  }

  get sessions(): number {
    return this.#chains.sessions;
  }

  expect(root: KeptRoot): void {
    this.#known.set(root.size, [...(this.#known.get(root.size) ?? []), root]);
  }

  /** @param to the checkpoint that the range proof leads to, null if it could not be read */
  read(bytes: Uint8Array, to: Checkpoint | null): void {
    this.#compare();
    for (const leaf of leavesOf(bytes)) {
      if (leaf === null) this.#broken('a line is not in its one form');
      else this.#leaf(leaf);
    }
    this.#finish(to);
  }

  #begin(proof: RangeProof | null): RangeRoot | null {
    try {
      return proof === null ? null : new RangeRoot(proof);
    } catch (error) {
      if (!(error instanceof PackError)) throw error;
      this.#say('proof', error.message, { file: place.range });
      return null;
    }
  }

  #leaf(leaf: PackLeaf): void {
    const hash = 'event' in leaf ? leafHash(leaf.event) : leaf.hash;
    this.#place(leaf.index);
    if (this.#inOrder) {
      this.#root?.add(hash);
      this.#compare();
    }
    if ('event' in leaf) this.#event(leaf.index, leaf.event);
    else {
      this.#withheld++;
      const last = this.#hidden.at(-1);
      if (last?.to === leaf.index) last.to++;
      else this.#hidden.push({ from: leaf.index, to: leaf.index + 1 });
    }
  }

  #place(index: number): void {
    const { to } = this.#manifest.leaves;
    if (index > this.#next && index < to) {
      this.#say('missing-leaf', index === this.#next + 1 ? `leaf ${this.#next} is missing` : `leaves ${this.#next} to ${index - 1} are missing`, { file, leaf: this.#next });
      this.#inOrder = false;
    } else if (index !== this.#next || index >= to) this.#broken(index >= to ? 'it is outside of the pack’s range' : 'it is out of order, or there twice', index);
    this.#next = Math.max(this.#next, Math.min(index, to - 1) + 1);
  }

  #broken(say: string, leaf: number | null = null): void {
    this.#say('leaf', say, { file, leaf: leaf ?? this.#next });
    this.#inOrder = false;
  }

  #event(leaf: number, bytes: Uint8Array): void {
    this.#events++;
    try {
      const event = parseEnvelope(bytes);
      const where = { file, leaf, id: event.id, sid: event.sid, seq: event.seq };
      if (event.tenant !== this.#manifest.tenant) this.#say('tenant', 'it is of another tenant', where);
      if (this.#ids.has(event.id)) this.#say('duplicate', 'a second event has this id', where);
      this.#ids.add(event.id);
      this.#chains.add(event, leaf, sha256(bytes));
      this.#counters.add(event);
      const place = whereOf(event, leaf);
      this.#ends.add(event, place);
      this.#silences.add(event, place);
      this.#fields.event(leaf, event);
      if (event.type === 'retention.purged') this.#purges.told(event.d);
    } catch (error) {
      if (!(error instanceof MalformedEventError)) throw error;
      this.#say('malformed', `not an event: ${error.message}`, { file, leaf });
    }
  }

  /** Whether the tree as it is now is the one that is known for its size. */
  #compare(): void {
    const root = this.#root;
    if (root === null || this.#known.size === 0) return;
    for (const known of this.#known.get(root.next) ?? []) {
      if (sameHash(root.rootSoFar(), known.root)) this.notes.push(`${known.name} agrees with the pack’s leaves`);
      else this.#say(known.kind, `the first ${known.size} leaves have another root than this checkpoint`, { file: known.name });
    }
  }

  #finish(to: Checkpoint | null): void {
    const { leaves, counts, chains, sessions } = this.#manifest;
    if (this.#next < leaves.to) {
      this.#say('missing-leaf', `leaves end at ${this.#next}, not at ${leaves.to}`, { file, leaf: this.#next });
      this.#inOrder = false;
    }
    if (counts.leaves !== leaves.to - leaves.from || counts.events !== this.#events || counts.withheld !== this.#withheld) this.#say('counts', 'there are more or fewer leaves than the manifest counts', { file });
    if (this.#inOrder && to !== null) this.#proven(to);
    const fromStart = leaves.from === 0;
    this.#chains.finish({ whole: chains, fromStart, nothingWithheld: this.#withheld === 0, begunBefore: new Set(sessions.begun_before), openAfter: new Set(sessions.open_after), inOrder: false });
    const unseen = this.#counters.finish(fromStart, this.#withheld);
    this.notes.push(...this.#ends.finish(), ...this.#fields.finish());
    const said = this.#manifest.fields ?? { opened: 0, withheld: this.#fields.withheld };
    if (said.opened !== this.#fields.opened || said.withheld !== this.#fields.withheld) this.#say('counts', 'there are more or fewer opened and withheld fields than the manifest counts', { file: place.openings });
    if (this.#withheld === 0) this.notes.push(...this.#silences.finish((where, say) => this.#say('silent', say, placeOf(where, file)), (where, say) => this.#say('gap', say, placeOf(where, file))));
    const { pruned } = this.#purges.split(this.#hidden);
    if (pruned > 0) this.notes.push(`${pruned} of the withheld leaves were purged by policy, as a retention.purged of this pack says`);
    if (unseen > 0 && unseen <= this.#withheld) this.notes.push(`${unseen} numbers of producers’ counters have no event here; ${this.#withheld} leaves are withheld`);
  }

  #proven(to: Checkpoint): void {
    const root = this.#root?.finish() ?? null;
    if (root === null) return;
    if (!sameHash(root, to.root)) this.#say('root', 'the leaves are not those of the signed checkpoint: at least one was changed, or the proof was', { file });
    else this.notes.push(`${this.#events} events and ${this.#withheld} withheld leaves are in the tree of ${to.size} leaves`);
  }
}
