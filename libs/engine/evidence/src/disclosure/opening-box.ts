import { hash, type KeyObject } from 'node:crypto';
import type { BlobRef, SealOpenings, WrappedKey } from '@sallyport/domain-events';
import { CannotOpenError, decryptBlob, openSessionKey } from '../open-session.ts';
import type { DayKey } from '../day-key.ts';
import { newSessionKey, type SessionKey } from '../session-key.ts';

// A blob of role `opening`: the disclosures of one event, joined by `~`, encrypted as a session's texts are, in one of two boxes.
//
//     byte 0      1: it carries its own sealed key, for events outside of sessions
//     u16         length of the head, then the head: JSON {"key": as in session.opened, "off": place in that key's stream}
//     rest        ciphertext
//
//     byte 0      2: in its session's key stream, where `off` of the reference says; it ends with the session's key
//     rest        ciphertext
//
// Integrity is `ct_sha256` over all of it, inside the hashed event; and then each disclosure has its commitment.

const version = 1;
const inSession = 2;
const headAt = 3;
/** Sealing a key costs a hundred times a box: one serves so many. */
const boxesOfOne = 1024;

interface Current {
  readonly key: ReturnType<typeof newSessionKey>['key'];
  readonly wrapped: WrappedKey;
  readonly day: string | null;
  left: number;
}

/**
 * Seals openings to the evidence reader; whoever seals cannot open them again.
 * @param day the key of the day that they are sealed to as well, so that they end with it; null if there is none
 */
export function openingSealer(reader: KeyObject, day: () => DayKey | null = () => null): SealOpenings {
  let current: Current | null = null;
  return (disclosures) => {
    const today = day();
    if (current === null || current.left === 0 || current.day !== (today?.id ?? null)) current = { ...newSessionKey(reader, today), day: today?.id ?? null, left: boxesOfOne };
    current.left--;
    const sealed = current.key.seal('opening', disclosures.join('~'));
    const bytes = boxOf(Buffer.from(JSON.stringify({ key: current.wrapped, off: sealed.ref.off })), sealed.bytes);
    return { bytes, ref: { role: 'opening', ct_sha256: hash('sha256', bytes, 'hex'), off: 0, len: bytes.byteLength } };
  };
}

/** The same for a service whose environment may name no reader. */
export function sealedTo(reader: KeyObject | undefined): SealOpenings | undefined {
  return reader === undefined ? undefined : openingSealer(reader);
}

/** Seals openings of a session's own events by the session's key. */
export function sessionOpenings(key: SessionKey): SealOpenings {
  return (disclosures) => {
    const sealed = key.seal('opening', disclosures.join('~'));
    const bytes = Buffer.concat([Buffer.of(inSession), sealed.bytes]);
    return { bytes, ref: { role: 'opening', ct_sha256: hash('sha256', bytes, 'hex'), off: sealed.ref.off, len: bytes.byteLength } };
  };
}

function boxOf(head: Buffer, ciphertext: Uint8Array): Buffer {
  const box = Buffer.allocUnsafe(headAt + head.length + ciphertext.length);
  box[0] = version;
  box.writeUInt16BE(head.length, 1);
  head.copy(box, headAt);
  box.set(ciphertext, headAt + head.length);
  return box;
}

/** What it takes to open a box: the reader's key, the private halves of days' keys by their id (null: destroyed, or not known), and the session's key if the event is a session's. */
export interface OpeningKeys {
  readonly reader: KeyObject;
  readonly dayKeyOf?: (id: string) => KeyObject | null;
  readonly session?: Uint8Array | null;
}

/** The disclosures of a box. Throws CannotOpenError when it is not the one of the reference, was sealed to another reader or altered, or its key is gone. */
export function openOpenings(ref: BlobRef, bytes: Uint8Array, { reader, dayKeyOf = () => null, session = null }: OpeningKeys): readonly string[] {
  if (bytes.byteLength !== ref.len || hash('sha256', bytes, 'hex') !== ref.ct_sha256) throw new CannotOpenError('ERR_BLOB_CHANGED', `the ciphertext is not the one of ${ref.ct_sha256}`);
  const box = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (box[0] === inSession) {
    if (session === null) throw new CannotOpenError('ERR_WRAPPED_KEY', 'the key of its session is not there');
    return opened(session, ref.off, box.subarray(1));
  }
  const { key, off, ciphertext } = readBox(box);
  return opened(openSessionKey(key, reader, key.day === undefined ? null : dayKeyOf(key.day)), off, ciphertext);
}

function opened(key: Uint8Array, off: number, ciphertext: Uint8Array): readonly string[] {
  const plain = decryptBlob(key, { role: 'opening', ct_sha256: hash('sha256', ciphertext, 'hex'), off, len: ciphertext.byteLength }, ciphertext);
  return Buffer.from(plain).toString('latin1').split('~');
}

function readBox(box: Buffer): { readonly key: WrappedKey; readonly off: number; readonly ciphertext: Buffer } {
  const head = box.length < headAt ? 0 : box.readUInt16BE(1);
  if (box[0] !== version || box.length < headAt + head) throw noBox();
  let said: unknown;
  try {
    said = JSON.parse(box.toString('utf8', headAt, headAt + head));
  } catch {
    throw noBox();
  }
  if (!isHead(said)) throw noBox();
  return { key: said.key, off: said.off, ciphertext: box.subarray(headAt + head) };
}

function isHead(said: unknown): said is { key: WrappedKey; off: number } {
  if (typeof said !== 'object' || said === null || !('key' in said) || !('off' in said)) return false;
  const { key, off } = said;
  if (typeof off !== 'number' || !Number.isSafeInteger(off) || off < 0 || typeof key !== 'object' || key === null) return false;
  return ['epk', 'iv', 'wrapped'].every((name) => isBase64url(Reflect.get(key, name))) && typeof Reflect.get(key, 'kek') === 'string' && (!('day' in key) || typeof key.day === 'string');
}

/** In its one form: other unused bits in the last character would be the same bytes in another text. */
const isBase64url = (value: unknown) => typeof value === 'string' && Buffer.from(value, 'base64url').toString('base64url') === value;

const noBox = () => new CannotOpenError('ERR_WRAPPED_KEY', 'it is no box of openings');
