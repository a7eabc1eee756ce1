import { EventChain } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import { formatRotation, formatSignedRotation, type KeyRotation } from '../note/key-rotation.ts';
import { formatNote, noteSigner, signNote, type NoteSigner } from '../note/signed-note.ts';
import { utf8 } from '../note/text.ts';
import { formatVerifierKey } from '../note/verifier-key.ts';
import { formatHashes } from '../pack/range-proof.ts';
import { writePack, type PackContents } from '../pack/write-pack.ts';
import type { Verdict } from '../verify/faults.ts';
import { logKey, logName, logSigner, sampleEvents, SampleLog, seeded, strangerSigner } from './sample-log.ts';
import { contents } from './sample-pack.ts';

/** A log whose key was followed by another, and an examiner who knows one of the keys. */
export interface RotationCase {
  readonly name: string;
  readonly verdict: Verdict;
  readonly command: 'pack' | 'proof' | 'consistency';
  /** pack: the pack. proof: the proof and the event. consistency: two checkpoints and the proof. */
  readonly files: readonly Uint8Array[];
  readonly keys: readonly string[];
  readonly rotations: readonly Uint8Array[];
}

const signers = { b: noteSigner(logName, seeded('b')), c: noteSigner(logName, seeded('c')) };
const keys = { b: formatVerifierKey(signers.b.key), c: formatVerifierKey(signers.c.key) };

const between = (old: NoteSigner, next: NoteSigner): KeyRotation => ({ old: old.key, next: next.key });

/** A statement that one key follows another, by these signers. */
function statement(old: NoteSigner, next: NoteSigner, ...by: readonly NoteSigner[]): Uint8Array {
  return utf8(signNote(formatRotation(between(old, next)), ...by));
}

export const rotated = (old: NoteSigner, next: NoteSigner): string => {
  const text = formatRotation(between(old, next));
  return formatSignedRotation(between(old, next), [old.sign(text), next.sign(text)]);
};

export async function rotationCases(): Promise<RotationCase[]> {
  const all: RotationCase[] = [];
  const { events, sid } = sampleEvents();
  const log = new SampleLog(events);
  const toB = utf8(rotated(logSigner, signers.b));
  const bToC = utf8(rotated(signers.b, signers.c));
  const made = async (by: readonly [NoteSigner, ...NoteSigner[]], statements: readonly (readonly [string, Uint8Array])[], of = log) => {
    const whole = await contents(of, { from: 0, to: of.size, size: of.size, older: null }, null, { chains: 'all', sessions: { begunBefore: [], openAfter: [sid.running] } });
    return packBy({ ...whole, checkpointTo: signedBy(of, by), files: [...whole.files, ...statements.map(([name, bytes]) => ({ path: `proofs/key-rotations/${name}`, bytes }))] }, by);
  };
  const add = (name: string, verdict: Verdict, command: RotationCase['command'], files: readonly Uint8Array[], more: Partial<RotationCase> = {}) => void all.push({ name, verdict, command, files, keys: [logKey], rotations: [], ...more });

  add('the new key, by a statement of both', 'ok', 'pack', [await made([signers.b], [['1', toB]])]);
  add('the same, by a statement that the examiner has', 'ok', 'pack', [await made([signers.b], [])], { rotations: [toB] });
  add('the new key without a statement', 'untrusted', 'pack', [await made([signers.b], [])]);
  add('a statement that the old key has not signed', 'untrusted', 'pack', [await made([signers.b], [['1', statement(logSigner, signers.b, signers.b)]])]);
  add('a statement that the new key has not signed', 'untrusted', 'pack', [await made([signers.b], [['1', statement(logSigner, signers.b, logSigner)]])]);
  add('a statement about another new key', 'untrusted', 'pack', [await made([signers.b], [['1', utf8(rotated(logSigner, signers.c))]])]);
  add('a statement of a key that nobody trusts', 'untrusted', 'pack', [await made([signers.b], [['1', utf8(rotated(signers.c, signers.b))]])]);
  add('a statement with a forged signature', 'tampered', 'pack', [await made([signers.b], [['1', forgedStatement(signers.b)]])]);
  add('a statement that one log follows another', 'tampered', 'pack', [await made([signers.b], [['1', utf8(signNote(`sallyport.dev/key-rotation/v1\n${logKey}\n${formatVerifierKey(strangerSigner.key)}\n`, logSigner, strangerSigner))]])]);
  add('something else in its place', 'tampered', 'pack', [await made([signers.b], [['1', toB], ['2', utf8('hello\n')]])]);
  add('two keys on', 'ok', 'pack', [await made([signers.c], [['1', toB], ['2', bToC]])]);
  add('two keys on, told in the other order', 'ok', 'pack', [await made([signers.c], [['1', bToC], ['2', toB]])]);
  add('two keys on, the first step is not there', 'untrusted', 'pack', [await made([signers.c], [['2', bToC]])]);
  add('both keys for a time, by the old one', 'ok', 'pack', [await made([logSigner, signers.b], [])]);
  add('both keys for a time, by the new one', 'ok', 'pack', [await made([logSigner, signers.b], [])], { keys: [keys.b] });
  add('a statement about an examiner’s own key: it says nothing of the older', 'untrusted', 'pack', [await made([logSigner], [['1', toB]])], { keys: [keys.b] });

  // --- in the log
  const telling = (note: string, old = logKey, next = keys.b) => new SampleLog([...events, told({ log: logName, old, new: next, note })]);
  add('the log says so', 'ok', 'pack', [await made([signers.b], [['1', toB]], telling(Buffer.from(toB).toString()))]);
  add('the log says so, and the old key has not signed it', 'tampered', 'pack', [await made([logSigner], [], telling(Buffer.from(statement(logSigner, signers.b, signers.b)).toString()))]);
  add('the log says so of other keys than were signed', 'tampered', 'pack', [await made([logSigner], [], telling(Buffer.from(toB).toString(), logKey, keys.c))]);

  // --- less than a pack
  const [event = new Uint8Array()] = log.events.slice(5);
  const proof = utf8((await log.proof(5)).replace(log.checkpoint(log.size), log.checkpoint(log.size, signers.b)));
  add('a proof', 'ok', 'proof', [proof, event], { rotations: [toB] });
  add('a proof, without the statement', 'untrusted', 'proof', [proof, event]);
  const growth = utf8(formatHashes(await log.growth(7, 13)));
  add('growth over the change', 'ok', 'consistency', [utf8(log.checkpoint(7)), utf8(log.checkpoint(13, signers.b)), growth], { rotations: [toB] });
  add('growth over the change, by a statement that the old key has not signed', 'untrusted', 'consistency', [utf8(log.checkpoint(7)), utf8(log.checkpoint(13, signers.b)), growth], { rotations: [statement(logSigner, signers.b, signers.b)] });
  return all;
}

function signedBy(log: SampleLog, by: readonly NoteSigner[]): string {
  const [text = ''] = log.checkpoint(log.size).split('\n\n');
  return formatNote({ text: `${text}\n`, signatures: by.map((signer) => signer.sign(`${text}\n`)) });
}

function packBy(of: PackContents, by: readonly NoteSigner[]): Promise<Uint8Array> {
  return writePack(of, (text) => signNote(text, ...by));
}

/** The old key's signature is of something else. */
function forgedStatement(next: NoteSigner): Uint8Array {
  const text = formatRotation(between(logSigner, next));
  return utf8(formatNote({ text, signatures: [{ ...logSigner.sign(text), signature: logSigner.sign('another\n').signature }, next.sign(text)] }));
}

function told(d: { log: string; old: string; new: string; note: string }): Uint8Array {
  const producer = { id: 'evidence', epoch: uuidv7() };
  return new EventChain({ tenant: 'default', sid: producer.epoch, producer }, { who: null, on: null }).write('key.rotated', d, { id: uuidv7(), pseq: 1, wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 });
}
