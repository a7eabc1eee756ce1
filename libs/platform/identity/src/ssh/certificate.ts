import { randomBytes } from 'node:crypto';
import type { SshAuthority } from './authority.ts';
import { readFields, sshKeyTypes, type SshKeyType, type SshPublicKey } from './public-key.ts';
import { SshBytesError, SshReader, string, uint32, uint64 } from './wire.ts';

/**
 * OpenSSH certificates, by the text `PROTOCOL.certkeys` of OpenSSH:
 *
 *     string  "<key type>-cert-v01@openssh.com"
 *     string  nonce                       random, against collisions of the signature's hash
 *     …       the fields of the public key
 *     uint64  serial
 *     uint32  type                        1 user, 2 host
 *     string  key id                      what a server writes into its log
 *     string  valid principals            strings; none at all means everybody, which is never written and always refused here
 *     uint64  valid after                 seconds since 1970, this one included
 *     uint64  valid before                this one not
 *     string  critical options            string name, string data, by name in order; unknown ones must be refused
 *     string  extensions                  the same; unknown ones may be ignored
 *     string  reserved                    empty
 *     string  signature key
 *     string  signature                   over all the bytes before
 */
const suffix = '-cert-v01@openssh.com';

export type CertificateKind = 'user' | 'host';

export interface CertificateContent {
  readonly kind: CertificateKind;
  readonly serial: bigint;
  readonly keyId: string;
  readonly principals: readonly string[];
  /** Seconds since 1970. */
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  /** Value of each critical option; `source-address` is a list of addresses and CIDR ranges with commas. */
  readonly criticalOptions: ReadonlyMap<string, string>;
  /** Names of extensions. All that OpenSSH has are flags without a value. */
  readonly extensions: readonly string[];
}

export interface Certificate extends CertificateContent {
  readonly keyType: SshKeyType;
  /** The plain key that is certified, as a blob. */
  readonly keyBlob: Buffer;
  readonly signatureKey: Buffer;
  readonly signature: Buffer;
  /** The bytes that are signed. */
  readonly signed: Buffer;
}

/** @returns the certificate's blob */
export async function certify(publicKey: SshPublicKey, content: CertificateContent, authority: SshAuthority): Promise<Buffer> {
  if (content.principals.length === 0) throw new RangeError('a certificate without principals would be for everybody');
  const signed = Buffer.concat([
    string(publicKey.type + suffix),
    string(randomBytes(32)),
    publicKey.fields,
    uint64(content.serial),
    uint32(content.kind === 'user' ? 1 : 2),
    string(content.keyId),
    string(Buffer.concat(content.principals.map((principal) => string(principal)))),
    uint64(content.validAfter),
    uint64(content.validBefore),
    string(Buffer.concat(inOrder([...content.criticalOptions.keys()]).flatMap((name) => [string(name), string(string(content.criticalOptions.get(name) ?? ''))]))),
    string(Buffer.concat(inOrder([...content.extensions]).flatMap((name) => [string(name), string('')]))),
    string(''),
    string(authority.publicKey.blob),
  ]);
  return Buffer.concat([signed, string(await authority.sign(signed))]);
}

/** Takes a certificate apart. Nothing in it is true yet. Throws SshBytesError, SshKeyRefusedError. */
export function readCertificate(blob: Uint8Array): Certificate {
  const reader = new SshReader(blob);
  const type = reader.text();
  const keyType = sshKeyTypes.find((one) => one + suffix === type);
  if (keyType === undefined) throw new SshBytesError('not a certificate of an accepted key type');
  reader.string();
  const from = reader.at;
  readFields(keyType, reader);
  const fields = Buffer.from(blob.subarray(from, reader.at));
  const content = readContent(reader);
  if (reader.string().length > 0) throw new SshBytesError('the reserved field is not empty');
  const signatureKey = reader.string();
  const signed = Buffer.from(blob.subarray(0, reader.at));
  const signature = reader.string();
  reader.end();
  return { ...content, keyType, keyBlob: Buffer.concat([string(keyType), fields]), signatureKey, signature, signed };
}

function readContent(reader: SshReader): CertificateContent {
  const serial = reader.uint64();
  const kind = kinds[reader.uint32()];
  if (kind === undefined) throw new SshBytesError('neither a user nor a host certificate');
  const keyId = reader.text();
  const principals = readTexts(reader.string());
  const [validAfter, validBefore] = [reader.uint64(), reader.uint64()];
  const criticalOptions = readOptions(reader.string(), (data) => (data.length === 0 ? '' : only(data)));
  const extensions = readOptions(reader.string(), () => '');
  return { kind, serial, keyId, principals, validAfter, validBefore, criticalOptions, extensions: [...extensions.keys()] };
}

const kinds: Readonly<Record<number, CertificateKind>> = { 1: 'user', 2: 'host' };

function readTexts(bytes: Buffer): string[] {
  const reader = new SshReader(bytes);
  const texts: string[] = [];
  while (!reader.ended) texts.push(reader.text());
  return texts;
}

/** Names in strictly rising order, as the format demands: none stands twice. */
function readOptions(bytes: Buffer, value: (data: Buffer) => string): ReadonlyMap<string, string> {
  const reader = new SshReader(bytes);
  const options = new Map<string, string>();
  let last: string | null = null;
  while (!reader.ended) {
    const name = reader.text();
    if (last !== null && Buffer.compare(Buffer.from(last), Buffer.from(name)) >= 0) throw new SshBytesError('options are not in order, or stand twice');
    options.set(name, value(reader.string()));
    last = name;
  }
  return options;
}

function only(data: Buffer): string {
  const reader = new SshReader(data);
  const text = reader.text();
  reader.end();
  return text;
}

const inOrder = (names: readonly string[]) => names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** The line of a `…-cert.pub` file, without line end. @param comment printable, or empty */
export function certificateLine(blob: Uint8Array, comment: string): string {
  return [new SshReader(blob).text(), Buffer.from(blob).toString('base64'), ...(comment === '' ? [] : [comment])].join(' ');
}
