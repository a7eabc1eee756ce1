import { commitmentsMember, commitmentsOf } from '@sallyport/domain-events';
import { sha256 } from '../merkle/sha256.ts';
import { parseCheckpoint, type Checkpoint } from '../note/checkpoint.ts';
import { parseNote } from '../note/signed-note.ts';
import { toBase64, utf8 } from '../note/text.ts';
import { csv } from './csv.ts';
import { MalformedEventError, parseEnvelope } from '../parse-envelope.ts';
import { gzip } from './gzip.ts';
import { LeafFile } from './leaf-file.ts';
import type { PackLeaf } from './leaves.ts';
import { formatManifest, packVersion, type DisclosedChains, type Manifest, type PackPolicy } from './manifest.ts';
import { PackError } from './pack-error.ts';
import { hex, packNoteText } from './pack-note.ts';
import { formatOpenings, type PackOpening } from './openings.ts';
import { controlPath, isPlace, place } from './places.ts';
import { formatHashes, formatRangeProof, type RangeProof } from './range-proof.ts';
import { writeArchive, type ArchiveFile } from './ustar.ts';
import { verifyText } from './verify-text.ts';

export interface PackControl {
  /** `EP-01` … */
  readonly id: string;
  /** CSV with a header line. */
  readonly result: string;
  readonly exceptions: string;
  /** How many rows they have, without the header line. */
  readonly rows: { readonly results: number; readonly exceptions: number };
  /** The query that gave the result, as it was run. */
  readonly query: string;
  readonly narrative: string;
}

export interface Redaction {
  /** Leaves [from, to). */
  readonly from: number;
  readonly to: number;
  readonly what: string;
  readonly reason: string;
}

/** All that goes into a pack. Nothing is looked up, no clock is asked: the same contents give the same bytes. */
export interface PackContents {
  readonly tenant: string;
  readonly scope: string;
  readonly period: { readonly from: string; readonly to: string };
  readonly filters: Readonly<Record<string, string>>;
  /** Signed notes of one origin. */
  readonly checkpointFrom: string | null;
  readonly checkpointTo: string;
  /** From the older to the newer: `proveConsistency`. Empty when there is no older one. */
  readonly consistency: readonly Uint8Array[];
  /** Of the pack's leaves in `checkpointTo`: `proveRange`. */
  readonly range: RangeProof;
  /** Every leaf of the range, in order. */
  readonly leaves: Iterable<PackLeaf> | AsyncIterable<PackLeaf>;
  /** What opens concealed fields of the events that are shown; the rest is withheld. */
  readonly openings?: readonly PackOpening[];
  readonly chains: DisclosedChains;
  /** Disclosed sessions that had begun before the range, and that had no end in it. */
  readonly sessions: { readonly begunBefore: readonly string[]; readonly openAfter: readonly string[] };
  readonly controls: readonly PackControl[];
  readonly policies: readonly PackPolicy[];
  readonly mappings: string;
  readonly redactions: readonly Redaction[];
  /** vkeys of log and witnesses, for information. */
  readonly keys: readonly { readonly name: string; readonly vkey: string }[];
  readonly seed: string | null;
  readonly generator: { readonly name: string; readonly version: string };
  readonly madeAt: string;
  /** Further files: policy texts under `policy/`, others under `extra/`, `proofs/`. */
  readonly files: readonly ArchiveFile[];
}

/** Gives the signed note of a text, by the log's key: `(text) => signNote(text, signer)`, or a key service. */
export type SignPack = (text: string) => string | Promise<string>;

/**
 * The pack, ready to be handed over. It is held in memory as a whole, so it has to fit (twice). Throws `PackError` where contents contradict each other, and what the
 * proofs' formats throw; whether the proofs hold is not checked: `verifyPack` does that, and a generator should.
 */
export async function writePack(contents: PackContents, sign: SignPack): Promise<Uint8Array> {
  const { leaves, counts, concealed } = await leafFile(contents);
  const openings = contents.openings ?? [];
  const to = checkpointOf(contents.checkpointTo);
  const from = contents.checkpointFrom === null ? null : checkpointOf(contents.checkpointFrom);
  if (from !== null && from.origin !== to.origin) throw new PackError('ERR_PACK_PROOF', 'the two checkpoints have different origins');
  const said = { origin: to.origin, checkpoints: { from: from === null ? null : headOf(from), to: headOf(to) }, leaves: { from: contents.range.from, to: contents.range.to }, counts, fields: { opened: openings.length, withheld: concealed - openings.length } };
  const files = [{ path: place.leaves, bytes: leaves }, { path: place.openings, bytes: utf8(formatOpenings(openings)) }, ...filesOf(contents), { path: place.verify, bytes: utf8(verifyText(said)) }];
  for (const { path } of files) if (!isPlace(path)) throw new PackError('ERR_PACK_PATH', `no file of a pack stands at ${path}`);
  const manifest = utf8(formatManifest(manifestOf(contents, said, files)));
  const signature = utf8(await sign(packNoteText(to.origin, manifest)));
  return gzip(writeArchive([...files, { path: place.manifest, bytes: manifest }, { path: place.signature, bytes: signature }]));
}

type Said = Required<Pick<Manifest, 'origin' | 'checkpoints' | 'leaves' | 'counts' | 'fields'>>;

async function leafFile({ leaves, range }: PackContents): Promise<{ leaves: Uint8Array; counts: Manifest['counts']; concealed: number }> {
  const file = new LeafFile(range.from);
  let events = 0;
  let concealed = 0;
  for await (const leaf of leaves) {
    file.add(leaf);
    if (!('event' in leaf)) continue;
    events++;
    concealed += concealedIn(leaf.event);
  }
  if (file.next !== range.to) throw new PackError('ERR_PACK_LEAVES', `leaves end at ${file.next}, the range at ${range.to}`);
  const total = range.to - range.from;
  return { leaves: file.bytes(), counts: { leaves: total, events, withheld: total - events }, concealed };
}

/** How many fields an event commits to. */
function concealedIn(bytes: Uint8Array): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!buffer.includes(`"${commitmentsMember}":{`)) return 0;
  try {
    return Object.keys(commitmentsOf(parseEnvelope(bytes))).length;
  } catch (error) {
    if (error instanceof MalformedEventError) return 0;
    throw error;
  }
}

function filesOf(of: PackContents): ArchiveFile[] {
  const text = (path: string, what: string): ArchiveFile => ({ path, bytes: utf8(what) });
  const older = of.checkpointFrom === null ? [] : [text(place.checkpointFrom, of.checkpointFrom), text(place.consistency, formatHashes(of.consistency))];
  return [
    text(place.checkpointTo, of.checkpointTo),
    ...older,
    text(place.range, formatRangeProof(of.range)),
    text(place.mappings, of.mappings),
    text(place.redactions, csv(['from', 'to', 'what', 'reason'], of.redactions.map(({ from, to, what, reason }) => [from, to, what, reason]))),
    ...of.keys.map(({ name, vkey }) => text(`keys/${name}.vkey`, `${vkey}\n`)),
    ...of.controls.flatMap(({ id, result, exceptions, query, narrative }) => [
      text(controlPath(id, 'result.csv'), result),
      text(controlPath(id, 'exceptions.csv'), exceptions),
      text(controlPath(id, 'query.sql'), query),
      text(controlPath(id, 'narrative.md'), narrative),
    ]),
    ...of.files,
  ];
}

function manifestOf(of: PackContents, { origin, checkpoints, leaves, counts, fields }: Said, files: readonly ArchiveFile[]): Manifest {
  return {
    version: packVersion,
    tenant: of.tenant,
    origin,
    scope: of.scope,
    period: of.period,
    filters: of.filters,
    checkpoints,
    leaves,
    counts,
    fields,
    chains: of.chains,
    sessions: { begun_before: of.sessions.begunBefore.toSorted(), open_after: of.sessions.openAfter.toSorted() },
    controls: of.controls.map(({ id, rows }) => ({ id, ...rows })),
    policies: of.policies,
    seed: of.seed,
    generator: of.generator,
    made_at: of.madeAt,
    files: Object.fromEntries(files.map(({ path, bytes }) => [path, hex(sha256(bytes))]).toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))),
  };
}

function checkpointOf(note: string): Checkpoint {
  return parseCheckpoint(parseNote(note).text);
}

function headOf({ size, root }: Checkpoint): { size: number; root: string } {
  return { size, root: toBase64(root) };
}
