import type { KeyObject } from 'node:crypto';
import { FieldReader, MalformedFieldsError } from '../wire/fields.ts';
import { readKeyFields, readPublicKey, type SshPublicKey } from './keys.ts';

/** An OpenSSH certificate (PROTOCOL.certkeys), read and not yet judged. */
export interface SshCertificate {
  /** The type of the certified key: `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-…`. */
  readonly keyType: string;
  readonly key: KeyObject;
  readonly serial: bigint;
  readonly kind: 'user' | 'host';
  readonly keyId: string;
  readonly principals: readonly string[];
  /** Seconds since 1970; valid from `after` and before `before`. */
  readonly after: bigint;
  readonly before: bigint;
  readonly critical: ReadonlyMap<string, Buffer>;
  readonly extensions: ReadonlyMap<string, Buffer>;
  readonly authority: SshPublicKey;
  /** What the authority has signed. */
  readonly signed: Buffer;
  readonly signature: Buffer;
  readonly blob: Buffer;
}

export const certificateSuffix = '-cert-v01@openssh.com';
/** A certificate with every field that we make is under 2 KiB; OpenSSH allows 256 principals. */
const maxBytes = 16 * 1024;
const maxPrincipals = 256;

/** @throws MalformedFieldsError */
export function readCertificate(blob: Uint8Array): SshCertificate {
  if (blob.byteLength > maxBytes) throw new MalformedFieldsError(`a certificate is over ${maxBytes} bytes`);
  const fields = new FieldReader(blob);
  const type = fields.text();
  if (!type.endsWith(certificateSuffix)) throw new MalformedFieldsError('this is no certificate');
  const keyType = type.slice(0, -certificateSuffix.length);
  fields.string(); // nonce
  const key = readKeyFields(keyType, fields);
  const serial = fields.uint64();
  const kind = readKind(fields.uint32());
  const keyId = fields.text();
  const principals = readPrincipals(fields.string());
  const after = fields.uint64();
  const before = fields.uint64();
  const critical = readOptions(fields.string());
  const extensions = readOptions(fields.string());
  fields.string(); // reserved
  const authority = readPublicKey(fields.string());
  const signed = Buffer.from(blob.subarray(0, fields.at));
  const signature = Buffer.from(fields.string());
  fields.end();
  return { keyType, key, serial, kind, keyId, principals, after, before, critical, extensions, authority, signed, signature, blob: Buffer.from(blob) };
}

function readKind(value: number): 'user' | 'host' {
  if (value === 1) return 'user';
  if (value === 2) return 'host';
  throw new MalformedFieldsError('a certificate is for a user or a host');
}

function readPrincipals(bytes: Buffer): readonly string[] {
  const fields = new FieldReader(bytes);
  const list: string[] = [];
  while (fields.left > 0) {
    if (list.length === maxPrincipals) throw new MalformedFieldsError('a certificate has too many principals');
    list.push(fields.text());
  }
  return list;
}

/** Names in rising order, each once; the value of an option is a string inside of a string, or nothing. */
function readOptions(bytes: Buffer): ReadonlyMap<string, Buffer> {
  const fields = new FieldReader(bytes);
  const options = new Map<string, Buffer>();
  let last = '';
  while (fields.left > 0) {
    const name = fields.text();
    if (options.size > 0 && name <= last) throw new MalformedFieldsError('the options of a certificate are not in order');
    options.set(name, fields.string());
    last = name;
  }
  return options;
}
