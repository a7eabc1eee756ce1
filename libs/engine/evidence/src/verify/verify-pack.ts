import { sameHash } from '../merkle/hash.ts';
import { ProofError } from '../merkle/proof-error.ts';
import { sha256 } from '../merkle/sha256.ts';
import { verifyConsistency } from '../merkle/verify-proofs.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import { NoteError } from '../note/note-error.ts';
import { fromUtf8, toBase64 } from '../note/text.ts';
import { parseVerifierKey } from '../note/verifier-key.ts';
import { gunzip } from '../pack/gunzip.ts';
import { parseManifest, type Manifest } from '../pack/manifest.ts';
import { PackError } from '../pack/pack-error.ts';
import { hex, packNoteText } from '../pack/pack-note.ts';
import { always, controlFiles, controlPath, isPlace, place, withOlder } from '../pack/places.ts';
import { parseHashes, parseRangeProof, type RangeProof } from '../pack/range-proof.ts';
import { readArchive } from '../pack/ustar.ts';
import { collector, reportOf, type Report, type Say } from './faults.ts';
import { keyring, type Keyring } from './keyring.ts';
import { checkWitnesses, isSignersOwn, openSigned, openSignedCheckpoint, type OpenedNote } from './open-signed.ts';
import { checkTimestamps, type TimeBracket } from './timestamps.ts';
import { PackLeaves, type KeptRoot } from './pack-leaves.ts';
import { keyringFollowing, type RotationNote } from './rotations.ts';

export interface PackChecks {
  /** vkeys that the examiner trusts, not from the pack: of logs (type 0x01) and witnesses (0x04). */
  readonly keys: readonly string[];
  /** Checkpoints that the examiner kept, with a name for messages. */
  readonly kept?: readonly KeptCheckpoint[];
  /** Statements that keys of the log follow others, besides those in the pack. */
  readonly rotations?: readonly RotationNote[];
  /** vkeys of producers' instance keys that the examiner knows, not from the pack: for a producer of such a name no other key will do. */
  readonly producers?: readonly string[];
  /** How many of the witnesses must have cosigned. 0 if left out. */
  readonly witnesses?: number;
  /** PEM texts with the certificates of timestamp authorities (RFC 3161) that the examiner trusts; with one, the newer checkpoint must have a token that leads there. */
  readonly authorities?: readonly string[];
  /** Largest archive, uncompressed, in bytes. 2 GiB if left out: it is held in memory. */
  readonly most?: number;
}

export interface KeptCheckpoint {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface PackReport extends Report {
  /** What the pack says of itself; null if it could not be read. To be believed only if the verdict is `ok`. */
  readonly manifest: Manifest | null;
  /** How many chains of sessions are shown. */
  readonly sessions: number;
  /** What timestamps prove, under the authorities that the examiner named. */
  readonly times: TimeBracket;
}

/**
 * Verifies an examiner pack by SPEC.md, section 4. Never throws for what is in the pack; throws `NoteError` for a key of `checks` that is no vkey. Goes on after a
 * finding as far as it can.
 */
export async function verifyPack(pack: Uint8Array, checks: PackChecks): Promise<PackReport> {
  const { faults, say } = collector();
  // A key of the examiner's that is none is told before anything else.
  keyring(checks.keys);
  const files = await filesOf(pack, checks.most ?? 2 ** 31, say);
  if (files === null) return { ...reportOf(faults, []), ...nothing };
  const manifest = manifestOf(files, say);
  if (manifest === null) return { ...reportOf(faults, []), ...nothing };
  const { keys, notes: followed } = keyringFollowing(checks.keys, [...rotationsIn(files), ...(checks.rotations ?? [])], say);
  const check = new PackCheck(files, manifest, keys, say);
  check.signature();
  check.files();
  check.checkpoints(checks.witnesses ?? 0);
  const { bracket, notes: times } = await checkTimestamps(files, checks.authorities ?? [], say);
  const notes = check.leaves(checks.kept ?? [], checks.producers ?? []);
  return { ...reportOf(faults, [...followed, ...check.notes, ...times, ...notes]), manifest, sessions: check.sessions, times: bracket };
}

const nothing = { manifest: null, sessions: 0, times: { from: null, to: null } } as const;

type Files = ReadonlyMap<string, Uint8Array>;

async function filesOf(pack: Uint8Array, most: number, say: Say): Promise<Files | null> {
  try {
    return new Map(readArchive(await gunzip(pack, most)).map(({ path, bytes }) => [path, bytes]));
  } catch (error) {
    if (!(error instanceof PackError)) throw error;
    say('archive', error.message);
    return null;
  }
}

function manifestOf(files: Files, say: Say): Manifest | null {
  const bytes = files.get(place.manifest);
  if (bytes === undefined) say('manifest', 'the pack has no manifest', { file: place.manifest });
  try {
    return bytes === undefined ? null : parseManifest(bytes);
  } catch (error) {
    if (!(error instanceof PackError)) throw error;
    say('manifest', error.message, { file: place.manifest });
    return null;
  }
}

/** Statements about keys may come from anywhere: it is the old key that vouches for them. */
function rotationsIn(files: Files): RotationNote[] {
  return [...files].filter(([path]) => path.startsWith(place.rotations)).map(([name, bytes]) => ({ name, bytes }));
}

class PackCheck {
  readonly notes: string[] = [];
  sessions = 0;
  readonly #files: Files;
  readonly #manifest: Manifest;
  readonly #keys: Keyring;
  readonly #say: Say;
  #to: Checkpoint | null = null;
  #from: Checkpoint | null = null;

  constructor(files: Files, manifest: Manifest, keys: Keyring, say: Say) {
    this.#files = files;
    this.#manifest = manifest;
    this.#keys = keys;
    this.#say = say;
  }

  /** Rule 3. */
  signature(): void {
    const file = place.signature;
    const signature = this.#files.get(file);
    const manifest = this.#files.get(place.manifest);
    if (signature === undefined || manifest === undefined) return this.#say('untrusted-key', 'nobody has signed the pack', { file });
    const opened = openSigned(signature, file, this.#keys, this.#say);
    if (opened === null) return;
    if (opened.note.text !== packNoteText(this.#manifest.origin, manifest)) this.#say('manifest', 'the manifest is not the one that was signed', { file: place.manifest });
    if (!isSignersOwn(this.#manifest.origin, opened.signers)) this.#say('signature', 'another log’s key signed the pack', { file });
  }

  /** Rules 4 and 10. */
  files(): void {
    const { files: noted, checkpoints, controls, policies, fields } = this.#manifest;
    for (const [path, bytes] of this.#files) {
      const own = path === place.manifest || path === place.signature;
      if (!isPlace(path)) this.#say('extra-file', 'no file of a pack stands there', { file: path });
      else if (!own && !Object.hasOwn(noted, path)) this.#say('extra-file', 'the manifest does not know this file', { file: path });
      else if (!own && noted[path] !== hex(sha256(bytes))) this.#say('file', 'it is not the file that the manifest names', { file: path });
      if (path.startsWith('keys/')) this.#key(path, bytes);
    }
    const named = [...controls.flatMap(({ id }) => controlFiles.map((file) => controlPath(id, file))), ...policies.flatMap(({ file }) => (file === null ? [] : [file]))];
    for (const path of named) if (!Object.hasOwn(noted, path)) this.#say('missing-file', 'the manifest speaks of it and does not list it', { file: path });
    const needed = new Set([...always, ...(checkpoints.from === null ? [] : withOlder), ...(fields === undefined ? [] : [place.openings]), ...Object.keys(noted)]);
    for (const path of needed) if (!this.#files.has(path)) this.#say('missing-file', 'it is not in the pack', { file: path });
  }

  /** Rules 5 and 12. */
  checkpoints(witnesses: number): void {
    const { checkpoints, leaves } = this.#manifest;
    const to = this.#checkpoint(place.checkpointTo, checkpoints.to);
    this.#to = to?.checkpoint ?? null;
    if (checkpoints.from !== null) this.#from = this.#checkpoint(place.checkpointFrom, checkpoints.from)?.checkpoint ?? null;
    if (this.#from !== null && this.#to !== null) this.#growth(this.#from, this.#to);
    if (leaves.from > leaves.to || leaves.to > checkpoints.to.size) this.#say('manifest', 'its leaves are not in the tree', { file: place.manifest });
    if (to !== null) this.#witnesses(to.opened, witnesses);
  }

  /** Rules 6 to 9 and 11. */
  leaves(kept: readonly KeptCheckpoint[], producers: readonly string[]): readonly string[] {
    const file = this.#files.get(place.leaves);
    if (file === undefined) return [];
    const leaves = new PackLeaves(this.#manifest, this.#rangeProof(), producers, this.#files.get(place.openings) ?? new Uint8Array(), this.#say);
    for (const root of this.#known(kept)) leaves.expect(root);
    leaves.read(file, this.#to);
    this.sessions = leaves.sessions;
    return leaves.notes;
  }

  #checkpoint(file: string, said: { readonly size: number; readonly root: string }) {
    const bytes = this.#files.get(file);
    const opened = bytes === undefined ? null : openSignedCheckpoint(bytes, file, this.#keys, this.#say);
    if (opened === null) return null;
    const { origin, size, root } = opened.checkpoint;
    if (origin !== this.#manifest.origin) this.#say('checkpoint', 'it is of another log, or of another epoch, than the manifest says', { file });
    if (size !== said.size || toBase64(root) !== said.root) this.#say('checkpoint', 'its size or root are not those that the manifest says', { file });
    return opened;
  }

  #growth(from: Checkpoint, to: Checkpoint): void {
    const file = place.consistency;
    const bytes = this.#files.get(file);
    if (bytes === undefined) return;
    try {
      verifyConsistency({ from: from.size, to: to.size, oldRoot: from.root, newRoot: to.root, proof: parseHashes(bytes) });
    } catch (error) {
      if (!(error instanceof ProofError || error instanceof PackError)) throw error;
      this.#say('proof', error.message, { file });
    }
  }

  #witnesses({ note }: OpenedNote, needed: number): void {
    if (this.#keys.witnesses.length === 0 && needed === 0) return;
    const count = checkWitnesses(note, place.checkpointTo, this.#keys, needed, this.#say);
    this.notes.push(`witnesses that you trust and that cosigned the checkpoint: ${count}`);
  }

  #rangeProof(): RangeProof | null {
    const file = place.range;
    const bytes = this.#files.get(file);
    const { leaves, checkpoints } = this.#manifest;
    try {
      const proof = bytes === undefined ? null : parseRangeProof(bytes);
      if (proof === null || (proof.from === leaves.from && proof.to === leaves.to && proof.size === checkpoints.to.size)) return proof;
      this.#say('proof', 'it is of other leaves, or of another tree, than the manifest says', { file });
    } catch (error) {
      if (!(error instanceof PackError)) throw error;
      this.#say('proof', error.message, { file });
    }
    return null;
  }

  /** Roots that the tree must have had at certain sizes. */
  #known(kept: readonly KeptCheckpoint[]): KeptRoot[] {
    const roots: KeptRoot[] = [];
    const from = this.#from;
    const { leaves } = this.#manifest;
    if (from !== null && from.size >= leaves.from && from.size <= leaves.to) roots.push({ size: from.size, root: from.root, name: place.checkpointFrom, kind: 'root' });
    for (const one of kept) {
      const checkpoint = openSignedCheckpoint(one.bytes, one.name, this.#keys, this.#say)?.checkpoint;
      if (checkpoint !== undefined) this.#compare(one.name, checkpoint, roots);
    }
    return roots;
  }

  #compare(name: string, { origin, size, root }: Checkpoint, roots: KeptRoot[]): void {
    const { leaves, checkpoints } = this.#manifest;
    const same = [this.#from, this.#to].find((one) => one?.size === size);
    if (origin !== this.#manifest.origin) this.notes.push(`${name} is of another log or epoch: not compared`);
    else if (size > checkpoints.to.size) this.#say('stale', `the pack ends at ${checkpoints.to.size} leaves, this checkpoint has ${size}`, { file: name });
    else if (same !== undefined && same !== null) {
      if (!sameHash(same.root, root)) this.#say('fork', `for ${size} leaves the pack has another root than this checkpoint`, { file: name });
      else this.notes.push(`${name} is in the pack`);
    } else if (size >= leaves.from && size <= leaves.to) roots.push({ size, root, name, kind: 'fork' });
    else this.notes.push(`${name} has ${size} leaves, which this pack does not reach: not compared`);
  }

  #key(file: string, bytes: Uint8Array): void {
    try {
      const text = fromUtf8(bytes) ?? '';
      parseVerifierKey(text.endsWith('\n') ? text.slice(0, -1) : '');
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      this.#say('file', error.message, { file });
    }
  }
}

