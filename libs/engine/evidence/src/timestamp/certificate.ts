import { sameHash as sameBytes } from '../merkle/hash.ts';
import { fromBase64 } from '../note/text.ts';
import { derOf, DerError, expect, oidOf, partsOf, tags, timeOf, type Der } from './der.ts';
import { holds } from './signature.ts';

/** What of an X.509 certificate (RFC 5280) is looked at. */
export interface Certificate {
  readonly raw: Uint8Array;
  /** Names in DER, compared byte by byte. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** The subject's common name, or its last text; for people. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly key: Der;
  /** May sign certificates. */
  readonly authority: boolean;
  /** Its key is for timestamps and nothing else, and it says so as critical (RFC 3161, 2.3). */
  readonly forTimestamps: boolean;
  readonly signed: { readonly bytes: Uint8Array; readonly signature: Uint8Array; readonly kind: string };
}

/** Throws DerError. */
export function parseCertificate(der: Uint8Array): Certificate {
  const [tbs, kind, signature] = partsOf(derOf(der), tags.sequence);
  const fields = partsOf(tbs, tags.sequence);
  const body = fields[0]?.tag === tags.zero ? fields.slice(1) : fields;
  const [, , issuer, validity, subject, key] = body;
  const [from, to] = partsOf(validity, tags.sequence);
  const extensions = extensionsOf(body.find(({ tag }) => tag === tags.three));
  if (issuer === undefined || subject === undefined || tbs === undefined) throw new DerError('not a certificate');
  return {
    raw: der, issuer: issuer.raw, subject: subject.raw, name: nameOf(subject), from: timeOf(from), to: timeOf(to), key: expect(key, tags.sequence),
    authority: isAuthority(extensions), forTimestamps: isForTimestamps(extensions),
    signed: { bytes: tbs.raw, signature: expect(signature, tags.bits).content.subarray(1), kind: oidOf(partsOf(kind, tags.sequence)[0]) },
  };
}

/** The certificates of a PEM text. Throws DerError when there is none, or one that is none. */
export function certificatesOf(pem: string): Certificate[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw new DerError('there is no certificate in PEM');
  return found.map((text) => parseCertificate(fromBase64(text.replaceAll(/-----[A-Z ]+-----|\s/g, '')) ?? new Uint8Array()));
}

interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

function extensionsOf(block: Der | undefined): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>();
  if (block === undefined) return found;
  for (const extension of partsOf(partsOf(block, tags.three)[0], tags.sequence)) {
    const parts = partsOf(extension, tags.sequence);
    found.set(oidOf(parts[0]), { critical: parts[1]?.tag === tags.boolean && parts[1].content[0] === 0xff, value: expect(parts.at(-1), tags.octets).content });
  }
  return found;
}

const keyCertSign = 0x04;

function isAuthority(extensions: ReadonlyMap<string, Extension>): boolean {
  const basic = extensions.get('2.5.29.19');
  const usage = extensions.get('2.5.29.15');
  if (basic === undefined) return false;
  const [ca] = partsOf(derOf(basic.value), tags.sequence);
  const signs = usage === undefined || ((expect(derOf(usage.value), tags.bits).content[1] ?? 0) & keyCertSign) !== 0;
  return ca?.tag === tags.boolean && ca.content[0] === 0xff && signs;
}

function isForTimestamps(extensions: ReadonlyMap<string, Extension>): boolean {
  const use = extensions.get('2.5.29.37');
  if (use === undefined || !use.critical) return false;
  const uses = partsOf(derOf(use.value), tags.sequence).map(oidOf);
  return uses.length === 1 && uses[0] === '1.3.6.1.5.5.7.3.8';
}

function nameOf(subject: Der): string {
  const texts = partsOf(subject, tags.sequence).flatMap((set) => partsOf(set, tags.set)).map((pair) => partsOf(pair, tags.sequence));
  const common = texts.find(([type]) => oidOf(type) === '2.5.4.3') ?? texts.at(-1);
  return new TextDecoder().decode(common?.[1]?.content);
}

const mostSteps = 6;

/**
 * Whether there is a way from a certificate to a trusted one: each issued and signed by the next, the next is an authority, and all were valid at that time. Names, key
 * usage, signatures and times are looked at; path lengths, name constraints, policies and revocation are not.
 */
export async function leadsTo(trusted: readonly Certificate[], from: Certificate, others: readonly Certificate[], at: number, steps = mostSteps): Promise<boolean> {
  if (steps === 0 || at < from.from || at > from.to) return false;
  if (trusted.some(({ raw }) => sameBytes(raw, from.raw))) return true;
  for (const issuer of [...trusted, ...others]) {
    if (!issuer.authority || sameBytes(issuer.raw, from.raw) || !sameBytes(issuer.subject, from.issuer)) continue;
    if ((await holds({ ...from.signed, digest: null, key: issuer.key })) && (await leadsTo(trusted, issuer, others, at, steps - 1))) return true;
  }
  return false;
}
