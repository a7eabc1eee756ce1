import { createHash } from 'node:crypto';
import { DerError, formatVerifierKey, HashSource, noteSigner, openRotation, parseCheckpoint, parseNote, parseToken, proveConsistency, proveRange, signingKeyOf, signNote, verifyPack, writePack, type ArchiveFile, type Fault, type PackContents, type PackReport } from '@sallyport/engine-evidence';
import { examine, packTexts, prepare, scopeText, summaryDocument, type ControlResult, type Given, type LogFindings, type Scope } from '@sallyport/engine-examiner';
import { Failure } from '../failure.ts';
import { leafRange } from './leaf-range.ts';
import type { LogCheckpoint, PackSource } from './pack-source.ts';
import { policiesOf } from './policies.ts';
import { printSummary } from './print-summary.ts';
import { readLeaves, type ReadLeaves } from './read-leaves.ts';
import { Withholding, type WithholdRule } from './withhold.ts';

/** What somebody asked for. */
export interface PackOrder {
  readonly period: { readonly from: string; readonly to: string };
  readonly scope: Scope;
  /** Null: the root of the checkpoint, which nobody could know before the log was closed. */
  readonly seed: string | null;
  readonly sample: number;
  /** Fields that are not opened. */
  readonly withhold: readonly WithholdRule[];
  readonly generator: { readonly name: string; readonly version: string };
  /** RFC 3339. */
  readonly madeAt: string;
}

export interface MadePack {
  readonly bytes: Uint8Array;
  readonly results: readonly ControlResult[];
  readonly report: PackReport;
  readonly leaves: { readonly from: number; readonly to: number; readonly shown: number };
  readonly origin: string;
  readonly size: number;
  /** vkey that the report was made with. */
  readonly key: string;
}

/**
 * Makes a pack: leaves and proofs, what the controls say of them, the printed summary, and the signature, which the other side gives only after it has recorded the export. What the verifier finds
 * stands in EP-13: a pack of a log that was tampered with is made all the same, and says so.
 */
export async function makePack(source: PackSource, order: PackOrder): Promise<MadePack> {
  const newest = await source.checkpoint(null);
  if (newest === null) throw new Failure('unavailable', 'the log has no signed checkpoint yet', 'it signs one within ten seconds of its first event; is SALLYPORT_LOG_KEY set for the evidence service?');
  const range = await leafRange(source, order.period, newest.size);
  const to = stampedOr(newest, range.to, await source.checkpoint(null, 'stamped'));
  const older = range.from === 0 ? null : ((await source.checkpoint(range.from, 'stamped')) ?? (await source.checkpoint(range.from)));
  const from = older !== null && older.origin === to.origin && older.size > 0 ? older : null;
  const withholding = new Withholding(order.withhold);
  const read = await readLeaves(source, range, order.scope, withholding);
  const draft = await contentsOf(source, order, { to, from, range, read, withholding });
  const seed = order.seed ?? rootOf(to);
  const given: Given = { facts: read.facts, period: order.period, leaves: range, scope: scopeText(order.scope), seed, sample: order.sample, log: await findingsOf(draft, { to, from, range }) };
  const examination = prepare(given);
  const results = examine(examination);
  const texts = packTexts(examination, results);
  const generator = `${order.generator.name} ${order.generator.version}`;
  const summary = await printSummary(summaryDocument(examination, results, { tenant: draft.tenant, checkpoint: { origin: to.origin, size: to.size, root: rootOf(to) }, generator, times: { from: from === null ? null : seen(from), to: seen(to) }, withheld: withholding.count }));
  const extra = [{ path: 'extra/overview.csv', bytes: Buffer.from(texts.overview) }, { path: 'extra/summary.pdf', bytes: summary }];
  const contents: PackContents = { ...draft, seed, controls: texts.controls, mappings: texts.mappings, files: [...draft.files, ...extra] };
  const exported = { origin: to.origin, scope: given.scope, from: range.from, to: range.to, count: read.leaves.filter((leaf) => 'event' in leaf).length };
  const bytes = await writePack(contents, (text) => source.sign({ ...exported, manifest: text.split('\n')[2] ?? '' }));
  return { bytes, results, report: await verifyPack(bytes, { keys: keysOf(to) }), leaves: { ...range, shown: exported.count }, origin: to.origin, size: to.size, key: to.key };
}

interface Parts {
  readonly to: LogCheckpoint;
  readonly from: LogCheckpoint | null;
  readonly range: { readonly from: number; readonly to: number };
}

/** Everything but what the controls say. */
async function contentsOf(source: PackSource, order: PackOrder, { to, from, range, read, withholding }: Parts & { readonly read: ReadLeaves; readonly withholding: Withholding }): Promise<PackContents> {
  const tree = new HashSource(to.size, (level, index, width) => source.tile(level, index, width));
  const scope = scopeText(order.scope);
  const { policies, files } = await policiesOf(source, read.facts);
  return {
    tenant: read.tenant ?? 'default',
    scope,
    period: order.period,
    filters: { period: 'leaves that the ledger received at or after its beginning and before its end', scope: scope === 'all' ? 'every leaf' : 'sessions with their logins and approvals by machine, target and environment; what the house does, and what cannot be placed, is always shown', sample: `${order.sample} decisions by the seed` },
    checkpointFrom: from?.note ?? null,
    checkpointTo: to.note,
    consistency: from === null ? [] : await proveConsistency(tree, from.size),
    range: await proveRange(tree, range.from, range.to),
    leaves: read.leaves,
    openings: read.openings,
    // A chain that was purged in part cannot be shown whole.
    chains: read.purged.size > 0 ? 'parts' : scope === 'all' ? 'all' : 'sessions',
    sessions: sessionsOf(read),
    controls: [],
    policies,
    mappings: '{}\n',
    redactions: [...withheld(read, scope), ...withholding.redactions()],
    keys: [{ name: 'log', vkey: to.key }],
    seed: order.seed,
    generator: order.generator,
    madeAt: order.madeAt,
    files: [...files, ...statements(to), ...tokens('to', to), ...(from === null ? [] : tokens('from', from))],
  };
}

/** The newest that has a timestamp, if it is of the same log and has all leaves. */
function stampedOr(newest: LogCheckpoint, leaves: number, stamped: LogCheckpoint | null): LogCheckpoint {
  return stamped !== null && stamped.origin === newest.origin && stamped.size >= leaves ? stamped : newest;
}

/** When the first authority has seen it, as its token says; null where none has, or the token cannot be read. */
function seen({ timestamps }: LogCheckpoint): { readonly time: string; readonly authority: string } | null {
  const [first] = timestamps;
  try {
    return first === undefined ? null : { authority: first.authority, time: new Date(parseToken(first.token).time).toISOString() };
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

function tokens(of: 'from' | 'to', { timestamps }: LogCheckpoint): ArchiveFile[] {
  return timestamps.map(({ authority, token }) => ({ path: `proofs/timestamps/${of}-${authority.replaceAll(/[^A-Za-z0-9.-]/g, '_').slice(0, 60)}.tst`, bytes: token }));
}

/** All keys that the log has had: older checkpoints bear older ones. */
const keysOf = ({ key, rotations = [] }: LogCheckpoint): string[] => [key, ...rotations.map((note) => formatVerifierKey(openRotation(note).old))];

const statements = ({ rotations = [] }: LogCheckpoint): ArchiveFile[] => rotations.map((note, i) => ({ path: `proofs/key-rotations/${i + 1}`, bytes: Buffer.from(note) }));

/** Sessions that are shown and began before the range, or had no end in it. */
function sessionsOf({ facts }: ReadLeaves): PackContents['sessions'] {
  const chains = Map.groupBy(facts.filter(({ sid, epoch }) => sid !== epoch), ({ sid }) => sid);
  const abandoned = new Set(facts.flatMap(({ type, d }) => (type === 'session.abandoned' && 'session' in d ? [d.session] : [])));
  const all = [...chains];
  const begunBefore = all.filter(([, chain]) => chain.every(({ seq }) => seq > 0));
  const openAfter = all.filter(([sid, chain]) => !abandoned.has(sid) && !chain.some(({ type }) => type === 'session.closed' || type === 'session.refused') && chain.some(({ type }) => !type.startsWith('auth.')));
  return { begunBefore: begunBefore.map(([sid]) => sid), openAfter: openAfter.map(([sid]) => sid) };
}

/** Runs of withheld leaves, those that were purged apart. */
function withheld({ leaves, purged }: ReadLeaves, scope: string): PackContents['redactions'] {
  const runs: { from: number; to: number; reason: string }[] = [];
  for (const leaf of leaves) {
    if ('event' in leaf) continue;
    const reason = purged.has(leaf.index) ? 'purged: its retention was over' : `outside of the scope ${scope}`;
    const last = runs.at(-1);
    if (last?.to === leaf.index && last.reason === reason) last.to++;
    else runs.push({ from: leaf.index, to: leaf.index + 1, reason });
  }
  return runs.map(({ from, to, reason }) => ({ from, to, what: 'events, hash only', reason }));
}

/** What the verifier says of the pack before it is signed; the missing signature is no finding then. */
async function findingsOf(draft: PackContents, { to, from, range }: Parts): Promise<LogFindings> {
  const nobody = noteSigner('unsigned', signingKeyOf(createHash('sha256').update('a draft is signed by nobody').digest()));
  const { faults } = await verifyPack(await writePack(draft, (text) => signNote(text, nobody)), { keys: keysOf(to) });
  const findings = faults.filter(({ where }) => where.file !== 'manifest.sig').map(({ kind, where, say }: Fault) => ({ kind, leaf: where.leaf, say }));
  const names = parseNote(to.note).signatures.map(({ name }) => name);
  const [log = ''] = to.key.split('+');
  return { origin: to.origin, size: to.size, root: rootOf(to), consistentFrom: from?.size ?? null, signers: names.filter((name) => name === log), witnesses: names.filter((name) => name !== log), leaves: range.to - range.from, findings };
}

const rootOf = ({ note }: LogCheckpoint): string => Buffer.from(parseCheckpoint(parseNote(note).text).root).toString('base64');
