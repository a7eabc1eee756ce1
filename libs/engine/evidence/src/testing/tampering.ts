import { gzipSync } from 'node:zlib';
import { uuidv7 } from '@sallyport/domain-model';
import { EventChain } from '@sallyport/domain-events';
import { leafHash } from '../merkle/hash.ts';
import { sha256 } from '../merkle/sha256.ts';
import { formatCheckpoint } from '../note/checkpoint.ts';
import { formatSignature, signNote, type NoteSigner } from '../note/signed-note.ts';
import { toBase64, utf8 } from '../note/text.ts';
import { gunzip } from '../pack/gunzip.ts';
import { gzip } from '../pack/gzip.ts';
import { bytesOfLines } from '../pack/leaves.ts';
import { formatManifest, parseManifest, type Manifest } from '../pack/manifest.ts';
import { hex, packNoteText } from '../pack/pack-note.ts';
import { formatHashes, formatRangeProof, proveRange } from '../pack/range-proof.ts';
import { readArchive, writeArchive } from '../pack/ustar.ts';
import { parseEnvelope } from '../parse-envelope.ts';
import type { KeptCheckpoint } from '../verify/verify-pack.ts';
import type { Verdict } from '../verify/faults.ts';
import { logKey, logName, logSigner, origin, otherKey, otherSigner, sampleEvents, SampleLog, strangerKey, strangerSigner, whereIs, witness, witnessKey } from './sample-log.ts';
import { openingCases } from './opening-cases.ts';
import { contents, pack, type Sample } from './sample-pack.ts';

/** One thing that somebody did to a pack, or to what it was made of, and what a verifier must call it. */
export interface Tampering {
  readonly name: string;
  readonly verdict: Verdict;
  readonly pack: Uint8Array;
  readonly keys: readonly string[];
  readonly kept: readonly KeptCheckpoint[];
  readonly witnesses: number;
}

/** The files of a pack, to be altered. */
export class OpenPack {
  readonly files: Map<string, Uint8Array>;

  private constructor(files: Map<string, Uint8Array>) {
    this.files = files;
  }

  static async of(bytes: Uint8Array): Promise<OpenPack> {
    return new OpenPack(new Map(readArchive(await gunzip(bytes, 2 ** 30)).map((file) => [file.path, file.bytes.slice()])));
  }

  static from(files: readonly (readonly [string, Uint8Array])[]): OpenPack {
    return new OpenPack(new Map(files));
  }

  text(path: string): string {
    return Buffer.from(this.files.get(path) ?? []).toString();
  }

  put(path: string, text: string): this {
    this.files.set(path, utf8(text));
    return this;
  }

  edit(path: string, from: string | RegExp, to: string | ((found: string) => string)): this {
    const text = this.text(path);
    const edited = typeof to === 'string' ? text.replace(from, to) : text.replace(from, (found) => to(found));
    if (edited === text) throw new Error(`${path} has nothing to edit`);
    return this.put(path, edited);
  }

  drop(path: string): this {
    this.files.delete(path);
    return this;
  }

  lines(edit: (lines: string[]) => string[]): this {
    const lines = [...bytesOfLines(this.files.get('leaves.jsonl') ?? new Uint8Array())].map((line) => Buffer.from(line ?? []).toString());
    return this.put('leaves.jsonl', edit(lines).map((line) => `${line}\n`).join(''));
  }

  manifest(edit: (manifest: Manifest) => Manifest): this {
    return this.put('manifest.json', formatManifest(edit(parseManifest(this.files.get('manifest.json') ?? new Uint8Array()))));
  }

  /** What somebody does who has the log's key (or another): all hashes are noted anew, and the manifest is signed. */
  resign(signer: NoteSigner = logSigner, as = origin): this {
    const files = [...this.files].filter(([path]) => path !== 'manifest.json' && path !== 'manifest.sig');
    this.manifest((manifest) => ({ ...manifest, files: Object.fromEntries(files.map(([path, bytes]) => [path, hex(sha256(bytes))])) }));
    return this.sign(signer, as);
  }

  /** Signs the manifest as it is. */
  sign(signer: NoteSigner = logSigner, as = origin): this {
    return this.put('manifest.sig', signNote(packNoteText(as, this.files.get('manifest.json') ?? new Uint8Array()), signer));
  }

  archive(): Uint8Array {
    return writeArchive([...this.files].map(([path, bytes]) => ({ path, bytes })));
  }

  bytes(): Uint8Array {
    return gzip(this.archive());
  }
}

/** All that is tried, on a pack of everything and on a pack of a part. */
export async function tamperings(sample: Sample): Promise<Tampering[]> {
  const { log, sid } = sample;
  const [whole, part] = [await pack(sample.whole), await pack(sample.part)];
  const all: Tampering[] = [];
  const add = (name: string, verdict: Verdict, bytes: Uint8Array, rest: Partial<Tampering> = {}) => void all.push({ name, verdict, pack: bytes, keys: [logKey, witnessKey], kept: [], witnesses: 0, ...rest });
  const open = (bytes = whole) => OpenPack.of(bytes);
  const kept = (bytes: string) => [{ name: 'kept', bytes: utf8(bytes) }];
  const at = whereIs(log.events, sid.long, 2);
  const changed = Buffer.from(Buffer.from(log.events[at] ?? []).toString().replace('"decision":"allow"', '"decision":"deny"'));
  const eventLine = (i: number, event: Uint8Array) => `{"i":${i},"event":"${toBase64(event)}"}`;
  const hashLine = (i: number, hash: Uint8Array) => `{"i":${i},"hash":"${toBase64(hash)}"}`;
  /** The same range and rest over other events, by whoever has the log's key. */
  const forged = (events: readonly Uint8Array[], rest: Partial<Parameters<typeof contents>[3]> = {}) => packOf(new SampleLog(events), { chains: 'all', sessions: { begunBefore: [], openAfter: [sid.running] }, ...rest });
  const invented = sampleEvents();
  const inventedPack = await forged(invented.events, { sessions: { begunBefore: [], openAfter: [invented.sid.running] } });

  // --- nothing wrong
  add('everything, as it was written', 'ok', whole);
  add('a part, as it was written', 'ok', part);
  add('with enough witnesses', 'ok', whole, { witnesses: 1 });
  add('a kept checkpoint within the range agrees', 'ok', part, { kept: kept(log.checkpoint(7)) });
  add('a kept checkpoint of before the range is not compared', 'ok', part, { kept: kept(log.checkpoint(2)) });
  add('the kept checkpoint of the pack itself', 'ok', whole, { kept: kept(log.checkpoint(log.size)) });
  add('a second key is trusted too', 'ok', whole, { keys: [strangerKey, logKey] });

  // --- the file
  add('bytes after the end', 'tampered', Buffer.concat([whole, Buffer.of(0)]));
  add('cut off', 'tampered', whole.subarray(0, whole.length - 100));
  add('one byte of the compressed data', 'tampered', Uint8Array.from(whole, (byte, i) => (i === 400 ? byte ^ 1 : byte)));
  add('compressed by another program, with a name and a time', 'tampered', new Uint8Array(gzipSync((await open()).archive())));
  add('not a pack at all', 'tampered', utf8('hello\n'));
  add('the mode of an entry', 'tampered', gzip(patched((await open()).archive(), 100, '0000755')));
  add('entries out of order', 'tampered', gzip(reversed((await open()).archive())));
  add('a file that the manifest does not know', 'tampered', (await open()).put('extra/note.txt', 'x').bytes());
  add('a file where none may stand, listed and signed', 'tampered', (await open()).put('note.txt', 'x').resign().bytes());
  add('an altered CSV', 'tampered', (await open()).edit('controls/EP-09/result.csv', 'machine:a,3', 'machine:a,0').bytes());
  add('an altered policy', 'tampered', (await open()).edit('policy/1.cedar', 'permit', 'forbid').bytes());
  add('an altered VERIFY.md', 'tampered', (await open()).edit('VERIFY.md', 'from a contract', 'from this pack').bytes());
  add('a CSV that is gone', 'incomplete', (await open()).drop('controls/EP-09/exceptions.csv').bytes());
  add('a CSV that is gone, by the signer', 'incomplete', (await open()).drop('controls/EP-09/exceptions.csv').resign().bytes());
  add('no redactions, by the signer', 'incomplete', (await open()).drop('redactions.csv').resign().bytes());
  add('a key that is none', 'tampered', (await open()).put('keys/log.vkey', 'log+00000000+AAAA\n').resign().bytes());

  // --- manifest and signature
  add('an altered manifest', 'tampered', (await open()).edit('manifest.json', '"seed": "42"', '"seed": "43"').bytes());
  add('a manifest that is gone', 'tampered', (await open()).drop('manifest.json').bytes());
  add('a manifest of another version', 'tampered', (await open()).edit('manifest.json', 'pack/v1', 'pack/v9').bytes());
  add('a manifest without a member', 'tampered', (await open()).edit('manifest.json', '"tenant"', '"tenants"').sign().bytes());
  add('a signature that is gone', 'untrusted', (await open()).drop('manifest.sig').bytes());
  add('a forged signature', 'tampered', (await open()).edit('manifest.sig', /.{8}\n$/, 'AAAAAAA=\n').bytes());
  add('the signature of another pack', 'tampered', (await open()).put('manifest.sig', (await open(part)).text('manifest.sig')).bytes());
  add('signed by another key under the log’s name', 'untrusted', (await open()).resign(otherSigner).bytes());
  add('signed by a stranger', 'untrusted', (await open()).resign(strangerSigner).bytes());
  add('signed by another log whose key is trusted', 'tampered', (await open()).resign(strangerSigner).bytes(), { keys: [logKey, strangerKey] });
  add('the examiner trusts another key', 'untrusted', whole, { keys: [otherKey] });
  add('the examiner trusts no key', 'untrusted', whole, { keys: [] });
  add('altered, and the key is not trusted either', 'tampered', (await open()).edit('policy/1.cedar', 'permit', 'forbid').bytes(), { keys: [otherKey] });
  add('fewer witnesses than asked for', 'untrusted', whole, { witnesses: 2 });
  add('no witness line', 'untrusted', (await open()).put('proofs/checkpoint-to', log.checkpoint(log.size)).resign().bytes(), { witnesses: 1 });
  add('a witness line that does not hold', 'tampered', (await open()).put('proofs/checkpoint-to', `${log.checkpoint(log.size)}${wrongWitness(log)}`).resign().bytes(), { witnesses: 1 });

  // --- checkpoints and proofs
  add('a stale checkpoint in its place', 'tampered', (await open()).put('proofs/checkpoint-to', log.checkpoint(log.size - 1)).resign().bytes());
  add('another beginning', 'tampered', (await open(part)).put('proofs/checkpoint-from', log.checkpoint(3)).resign().bytes());
  add('another beginning, with its proof', 'tampered', (await open(part)).put('proofs/checkpoint-from', log.checkpoint(3)).put('proofs/consistency', formatHashes(await log.growth(3, log.size))).resign().bytes());
  add('a checkpoint signed by another key', 'untrusted', (await open()).put('proofs/checkpoint-to', log.checkpoint(log.size, otherSigner)).resign().bytes());
  add('a checkpoint with a forged signature', 'tampered', (await open()).edit('proofs/checkpoint-to', /^(.*)\n(\d+)\n/, '$1\n9$2\n').resign().bytes());
  add('another origin', 'tampered', (await open()).put('proofs/checkpoint-to', log.checkpoint(log.size, logSigner, `${logName}/2`)).resign().bytes());
  add('an origin that is not the signer’s, everywhere', 'tampered', (await open()).put('proofs/checkpoint-to', log.checkpoint(log.size, logSigner, 'elsewhere.test/1')).manifest((m) => ({ ...m, origin: 'elsewhere.test/1' })).resign(logSigner, 'elsewhere.test/1').bytes());
  add('an altered consistency proof', 'tampered', (await open(part)).edit('proofs/consistency', /^./, (c: string) => (c === 'A' ? 'B' : 'A')).resign().bytes());
  add('no consistency proof', 'incomplete', (await open(part)).drop('proofs/consistency').resign().bytes());
  add('an altered range proof', 'tampered', (await open(part)).edit('proofs/range', /(right|left) ./, (s: string) => `${s.slice(0, -1)}${s.endsWith('A') ? 'B' : 'A'}`).resign().bytes());
  add('a range proof of another range', 'tampered', (await open(part)).put('proofs/range', formatRangeProof(await proveRange(log.source(), 3, log.size - 3))).resign().bytes());
  add('a range proof with too many hashes', 'tampered', (await open(part)).edit('proofs/range', /$/, `right ${toBase64(leafHash(changed))}\n`).resign().bytes());
  add('no range proof', 'incomplete', (await open()).drop('proofs/range').resign().bytes());
  add('a wholly invented log, for somebody who kept nothing and asks no witness: nothing can be seen', 'ok', inventedPack);
  add('a wholly invented log: a kept checkpoint disagrees', 'tampered', inventedPack, { kept: kept(log.checkpoint(7)) });
  add('a wholly invented log: the kept last checkpoint disagrees', 'tampered', inventedPack, { kept: kept(log.checkpoint(log.size)) });
  add('a pack from before what the examiner knows', 'incomplete', await pack(await contents(log, { from: 0, to: 6, size: 6, older: null }, null, { chains: 'parts', sessions: { begunBefore: [], openAfter: [] } })), { kept: kept(log.checkpoint(9)) });
  add('a kept checkpoint that nobody trusted has signed', 'untrusted', whole, { kept: kept(log.checkpoint(7, otherSigner)) });

  // --- leaves, by somebody without the key
  add('an edited event', 'tampered', (await open()).lines((lines) => lines.with(at, eventLine(at, changed))).bytes());
  add('two leaves swapped', 'tampered', (await open()).lines((lines) => lines.with(3, lines[4] ?? '').with(4, lines[3] ?? '')).bytes());
  add('a dropped leaf', 'tampered', (await open()).lines((lines) => lines.toSpliced(5, 1)).bytes());

  // --- leaves, by somebody with the log's key but without the power over the signed tree
  add('an edited event, signed', 'tampered', (await open()).lines((lines) => lines.with(at, eventLine(at, changed))).resign().bytes());
  add('an edited event in a part, signed', 'tampered', (await open(part)).lines((lines) => lines.with(at - 4, eventLine(at, changed))).resign().bytes());
  add('the contents of two leaves swapped, signed', 'tampered', (await open()).lines((lines) => lines.with(3, eventLine(3, log.events[4] ?? new Uint8Array())).with(4, eventLine(4, log.events[3] ?? new Uint8Array()))).resign().bytes());
  add('two leaves swapped with their numbers, signed', 'tampered', (await open()).lines((lines) => lines.with(3, lines[4] ?? '').with(4, lines[3] ?? '')).resign().bytes());
  add('a leaf twice, signed', 'tampered', (await open()).lines((lines) => lines.toSpliced(5, 0, lines[5] ?? '')).resign().bytes());
  add('a dropped leaf, signed', 'incomplete', await counted((await open()).lines((lines) => lines.toSpliced(5, 1)), { events: -1 }));
  add('a dropped last leaf, signed', 'incomplete', await counted((await open()).lines((lines) => lines.slice(0, -1)), { events: -1 }));
  add('a dropped leaf with the others moved up, signed', 'tampered', await counted((await open()).lines((lines) => lines.toSpliced(5, 1).map((line, i) => line.replace(/"i":\d+/, `"i":${i}`))).manifest((m) => ({ ...m, leaves: { from: 0, to: log.size - 1 } })), { events: -1, leaves: -1 }));
  add('withheld with the right hash, not counted', 'tampered', (await open()).lines((lines) => lines.with(at, hashLine(at, leafHash(log.events[at] ?? new Uint8Array())))).resign().bytes());
  add('withheld with another hash', 'tampered', await counted((await open()).lines((lines) => lines.with(1, hashLine(1, leafHash(changed)))), { events: -1, withheld: 1 }));
  add('withheld in a session that is said to be whole', 'incomplete', await counted((await open()).lines((lines) => lines.with(at, hashLine(at, leafHash(log.events[at] ?? new Uint8Array())))), { events: -1, withheld: 1 }));
  add('a truncated range', 'tampered', (await open()).lines((lines) => lines.slice(0, 8)).manifest((m) => ({ ...m, leaves: { from: 0, to: 8 }, counts: { leaves: 8, events: 8, withheld: 0 } })).resign().bytes());
  add('a truncated range with its proof: sessions without an end', 'incomplete', await pack(await contents(log, { from: 0, to: 8, size: log.size, older: null }, null, { chains: 'all', sessions: { begunBefore: [], openAfter: [] } })));
  add('a leaf outside of the range', 'tampered', (await open()).lines((lines) => [...lines, hashLine(log.size, leafHash(changed))]).resign().bytes());
  add('a line with spaces', 'tampered', (await open()).lines((lines) => lines.with(2, (lines[2] ?? '').replace('{', '{ '))).resign().bytes());
  add('base64 with spare bits', 'tampered', (await open(part)).lines((lines) => lines.map((line) => line.replace(/"hash":"(.{42})(.)="/, (_, start: string, last: string) => `"hash":"${start}${next(last)}="`))).resign().bytes());
  add('no newline at the end', 'tampered', (await open()).edit('leaves.jsonl', /\n$/, '').resign().bytes());

  // --- the log itself, by somebody who had the key from the beginning
  const without = (seq: number, session = sid.long) => log.events.toSpliced(whereIs(log.events, session, seq), 1);
  const longest = log.events.map((bytes) => parseEnvelope(bytes)).filter((event) => event.sid === sid.long).length - 1;
  add('an event of a session was never logged', 'incomplete', await forged(without(3)));
  add('a session’s end was never logged', 'incomplete', await forged(without(longest)));
  add('a session’s beginning was never logged', 'incomplete', await forged(without(0)));
  add('a session is called open that has no end', 'incomplete', await forged(without(longest), { sessions: { begunBefore: [], openAfter: [sid.running, sid.long] } }));
  add('a whole session was never logged: a hole in its producer’s counter', 'incomplete', await forged(log.events.filter((bytes) => parseEnvelope(bytes).sid !== sid.early)));
  add('an abandoned session was cut', 'incomplete', await forged(without(2, sid.lost)));
  add('an event was changed before it was logged', 'tampered', await forged(log.events.with(at, changed)));
  add('a chain in which two events have changed places', 'tampered', await forged(renumbered(log.events, sid.long)));
  add('an event is there twice', 'tampered', await forged([...log.events, log.events[at] ?? changed]));
  add('an event after the end of its session', 'tampered', await forged([...log.events, after(log.events, sid.long)]));
  add('bytes that are no event', 'tampered', await forged(log.events.with(1, utf8('{"v":1}'))));
  add('an event with white space', 'tampered', await forged(log.events.with(1, Buffer.from(Buffer.from(log.events[1] ?? []).toString().replace('"blobs":[', '"blobs":[ ')))));
  add('an event that is not UTF-8', 'tampered', await forged(log.events.with(1, Buffer.concat([log.events[1] ?? changed, Buffer.of(0xff)]))));
  add('an event of another tenant', 'tampered', await forged([...log.events.slice(0, -1), Buffer.from(Buffer.from(log.events.at(-1) ?? []).toString().replace('"tenant":"default"', '"tenant":"another"'))]));
  all.push(...(await openingCases(log.events, sid)));
  add('an end that names another place', 'tampered', await forged(log.events.with(whereIs(log.events, sid.early, 3), Buffer.from(Buffer.from(log.events[whereIs(log.events, sid.early, 3)] ?? []).toString().replace('"final_seq":3', '"final_seq":2')))));
  return all;
}

async function packOf(log: SampleLog, rest: Parameters<typeof contents>[3]): Promise<Uint8Array> {
  return pack(await contents(log, { from: 0, to: log.size, size: log.size, older: null }, null, rest));
}

async function counted(open: OpenPack, by: Partial<Manifest['counts']>): Promise<Uint8Array> {
  return open.manifest((m) => ({ ...m, counts: { leaves: m.counts.leaves + (by.leaves ?? 0), events: m.counts.events + (by.events ?? 0), withheld: m.counts.withheld + (by.withheld ?? 0) } })).resign().bytes();
}

/** Writes into the first header of an archive, and puts its sum right. */
function patched(archive: Uint8Array, at: number, text: string): Uint8Array {
  const bytes = archive.slice();
  bytes.set(utf8(text), at);
  bytes.set(utf8('        '), 148);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.set(utf8(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return bytes;
}

/** The same entries from the last to the first. */
function reversed(archive: Uint8Array): Uint8Array {
  const entries: Uint8Array[] = [];
  for (let at = 0; at < archive.length - 1024; ) {
    const length = Number.parseInt(Buffer.from(archive.subarray(at + 124, at + 135)).toString(), 8);
    const end = at + 512 + Math.ceil(length / 512) * 512;
    entries.push(archive.subarray(at, end));
    at = end;
  }
  return Buffer.concat([...entries.reverse(), archive.subarray(-1024)]);
}

/** A line of a witness that cosigned another tree. */
function wrongWitness(log: SampleLog): string {
  return formatSignature(witness.cosign(formatCheckpoint({ origin, size: 1, root: log.root(1) }), 1_795_000_000));
}

/** Numbers 2 and 3 of a chain have each other's number. */
function renumbered(events: readonly Uint8Array[], sid: string): Uint8Array[] {
  const give = (bytes: Uint8Array, seq: number, other: number) => Buffer.from(Buffer.from(bytes).toString().replace(`"seq":${seq},`, `"seq":${other},`));
  return events.map((bytes) => {
    const event = parseEnvelope(bytes);
    return event.sid !== sid || event.seq < 2 || event.seq > 3 ? bytes : give(bytes, event.seq, 5 - event.seq);
  });
}

/** A well-formed event that goes on where a session ended, by its own producer. */
function after(events: readonly Uint8Array[], sid: string): Uint8Array {
  const parsed = events.map((bytes) => ({ bytes, event: parseEnvelope(bytes) }));
  const last = parsed.filter(({ event }) => event.sid === sid).at(-1);
  if (last === undefined) throw new Error('no such session');
  const { prod, seq, tenant } = last.event;
  const pseq = Math.max(...parsed.filter(({ event }) => event.prod.epoch === prod.epoch).map(({ event }) => event.prod.pseq)) + 1;
  const chain = new EventChain({ tenant, sid, producer: prod }, { who: null, on: null }, { seq: seq + 1, prev: hex(sha256(last.bytes)) });
  return chain.write('mask.failed_closed', { command: 'c', why: 'w' }, { id: uuidv7(), pseq, wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 });
}

/** The next character of the base64 alphabet: for the last one of a hash, spare bits. */
function next(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return alphabet[alphabet.indexOf(character) + 1] ?? 'B';
}
